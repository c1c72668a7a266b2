/**
 * What others speak, where a tele process was expected: told by the first bytes that come.
 *
 * @module
 */

import { TeleError } from "./error.ts";

/** The one protocol whose servers may stand in front of the right one, as a portal does. */
const WEB = "a web (HTTP)";

/** Most bytes that are looked at. */
const LOOKED_AT = 64;

/** The first bytes of servers, and of clients, as Latin-1; what precedes "server" or "client" in a sentence. */
const SIGNS: readonly (readonly [RegExp, string])[] = [
  // RFC 4253, section 4.2.
  [/^SSH-/, "an SSH"],
  // RFC 9112: a status line, a request line; a page of a server that knows no status line.
  [
    /^HTTP\/\d|^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PRI) |^\s*<(!doctype|html|\?xml)/i,
    WEB,
  ],
  // RFC 5321 and RFC 959 greet alike.
  [/^(220|421|5\d\d)[ -]|^(EHLO|HELO) /i, "a mail or FTP"],
  [/^\* (OK|BYE|PREAUTH) /, "an IMAP"],
  [/^\+OK /, "a POP3"],
  [/^-(ERR|NOAUTH|DENIED|LOADING|MISCONF)\b|^\*\d+\r\n\$\d+\r\n/, "a Redis"],
  // The frontend/backend protocol 3.0: an ErrorResponse; a StartupMessage, or a request for TLS in its place.
  // deno-lint-ignore no-control-regex
  [/^E\0\0..[SVC]|^\0\0..(\0\x03\0[\0-\x02]|\x04\xd2\x16[\x2e-\x30])/s, "a PostgreSQL"],
  // A handshake packet of version 10, which tells a version; an error in its place.
  // deno-lint-ignore no-control-regex
  [/^[\x10-\xff]\0\0\0(\x0a\d+\.|\xff[^]{2}\D)/, "a MySQL or MariaDB"],
  [/^INFO \{/, "a NATS"],
  [/^RFB \d{3}\./, "a VNC"],
  [/^@RSYNCD:/, "an rsync"],
  [/^AMQP[^ -~]/, "an AMQP"],
  // RFC 854: IAC, then WILL, WONT, DO or DONT.
  [/^\xff[\xfb-\xfe]/, "a Telnet"],
];

/**
 * Who speaks, if these first bytes of a connection tell it, with its article: "an SSH", to go in front of "server" or
 * "client". No frame of tele begins like any of them.
 *
 * @example
 * ```ts
 * import { foreignProtocolOf } from "./foreign_protocol.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * assertEquals(foreignProtocolOf(bytes("SSH-2.0-OpenSSH_9.9\r\n")), "an SSH");
 * assertEquals(foreignProtocolOf(bytes("\0\0\0\x48\x01tele")), undefined);
 * ```
 */
export function foreignProtocolOf(bytes: Uint8Array): string | undefined {
  const text = textOf(bytes);
  return SIGNS.find(([sign]) => sign.test(text))?.[1];
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, LOOKED_AT));
}

/**
 * The error of a client that reached a server of another protocol; `undefined` if `first` is of none that is known.
 *
 * The code is `refused`, since somebody must change an address before it can work; but `protocol` for a web server,
 * which may be the portal of a hotel and answer only until its user has logged in there.
 */
export function foreignServer(address: string, first: Uint8Array): TeleError | undefined {
  const who = foreignProtocolOf(first);
  if (who === undefined) return undefined;
  const sentence = `${who} server answers there, not a tele server: give the host and port at which that listens`;
  return new TeleError(who === WEB ? "protocol" : "refused", `${address}: ${sentence}`);
}

/** A balancer's or proxy's word on its client, in front of the client's bytes (HAProxy's PROXY protocol, 1 and 2). */
const PROXY_HEADER = /^PROXY (TCP4|TCP6|UNKNOWN)|^\r\n\r\n\0\r\nQUIT\n/;

/**
 * The error of a server that was reached by a client of another protocol; `undefined` if `first` is of none that is
 * known.
 */
export function foreignClient(first: Uint8Array): TeleError | undefined {
  if (PROXY_HEADER.test(textOf(first))) {
    const sentence =
      "a PROXY header comes first, which tele does not take: switch it off in the balancer or proxy in " +
      "front (send-proxy, proxy_protocol)";
    return new TeleError("protocol", sentence);
  }
  const who = foreignProtocolOf(first);
  if (who === undefined) return undefined;
  return new TeleError("protocol", `${who} client speaks here: users' programs connect to the tele client's port`);
}
