/**
 * ALPN names (RFC 7301): which ones a TLS port announces, and what the choice of one means. Source: RFD 80, "ALPN";
 * `PROTOCOL.md` for the name of sessions.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";
import { SESSION_ALPN } from "../../session/sealing.ts";

/** HTTP/1.1's name (RFC 7301, 6), by which WebSockets come. */
export const WEB_ALPN = "http/1.1";

/** The end of a protocol's name where it is spoken in ping frames (RFD 80). */
const PING_SUFFIX = "-ping";

/** Longest ALPN name, in bytes (RFC 7301, 3.1). */
const MAX_ALPN_BYTES = 255;

/** Longest name of a protocol, in bytes: its `-ping` form must be an ALPN name too. */
const MAX_PROTOCOL_BYTES = MAX_ALPN_BYTES - PING_SUFFIX.length;

/** The sessions and protocols that a TLS port serves. */
export interface Served<Route extends { readonly protocol: string }> {
  /** Whether it serves sessions. */
  readonly sessions: boolean;
  /** The protocols that it serves in RFD 80 mode. */
  readonly routes: readonly Route[];
}

/** What a chosen ALPN name means to a server. */
export type Choice<Route> =
  | { readonly kind: "session" }
  | { readonly kind: "web" }
  | { readonly kind: "route"; readonly route: Route; readonly pings: boolean };

/**
 * Reads the name of a protocol.
 *
 * @throws TeleError `bad-input`, with a sentence that tells what is wrong with it.
 *
 * @example
 * ```ts
 * import { parseProtocolName } from "./alpn.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseProtocolName("teleport-mysql"), "teleport-mysql");
 * assertThrows(() => parseProtocolName("teleport-mysql-ping"), Error, "tele adds it");
 * ```
 */
export function parseProtocolName(text: string): string {
  if (text === "") throw badInput("the name is empty");
  if (!/^[!-~]+$/.test(text) || /[=,]/.test(text)) {
    throw badInput(
      `${JSON.stringify(text)} holds a character that a name cannot have: a space, "=", "," or one beyond ASCII`,
    );
  }
  if (text.length > MAX_PROTOCOL_BYTES) {
    throw badInput(`a name of ${text.length} bytes is too long, since with "${PING_SUFFIX}" it must fit an ALPN name`);
  }
  if (text.endsWith(PING_SUFFIX)) {
    throw badInput(`leave out "${PING_SUFFIX}" at the end of ${JSON.stringify(text)}: tele adds it`);
  }
  if (text === SESSION_ALPN) throw badInput(`${SESSION_ALPN} is the name of tele's own sessions: choose another`);
  return text;
}

/**
 * The name under which a protocol is spoken in ping frames.
 *
 * @example
 * ```ts
 * import { pingNameOf } from "./alpn.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pingNameOf("teleport-mysql"), "teleport-mysql-ping");
 * ```
 */
export function pingNameOf(protocol: string): string {
  return `${protocol}${PING_SUFFIX}`;
}

/**
 * The names that a client offers for a protocol: first the form with pings, which a server that knows both chooses,
 * then the plain one, for a server from before RFD 80.
 *
 * @example
 * ```ts
 * import { offered } from "./alpn.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(offered("teleport-mysql"), ["teleport-mysql-ping", "teleport-mysql"]);
 * ```
 */
export function offered(protocol: string): string[] {
  return [pingNameOf(protocol), protocol];
}

/**
 * The names that a server announces, best first: sessions, then each protocol with pings and without, then HTTP/1.1
 * for sessions by WebSocket.
 *
 * @example
 * ```ts
 * import { announced } from "./alpn.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(announced({ sessions: true, routes: [{ protocol: "mysql" }] }), [
 *   "tele/2",
 *   "mysql-ping",
 *   "mysql",
 *   "http/1.1",
 * ]);
 * ```
 */
export function announced(served: Served<{ readonly protocol: string }>): string[] {
  const names = served.routes.flatMap(({ protocol }) => offered(protocol));
  return served.sessions ? [...new Set([SESSION_ALPN, ...names, WEB_ALPN])] : names;
}

/**
 * What the chosen name means to a server; `undefined` if the server did not announce it.
 *
 * @param name `undefined` or `null`, depending on the runtime, if the peer offered no name at all.
 *
 * @example
 * ```ts
 * import { choiceOf } from "./alpn.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const route = { protocol: "mysql" };
 * assertEquals(choiceOf("mysql-ping", { sessions: false, routes: [route] }), { kind: "route", route, pings: true });
 * assertEquals(choiceOf("tele/2", { sessions: false, routes: [route] }), undefined);
 * ```
 */
export function choiceOf<Route extends { readonly protocol: string }>(
  name: string | null | undefined,
  served: Served<Route>,
): Choice<Route> | undefined {
  if (name === SESSION_ALPN && served.sessions) return { kind: "session" };
  for (const route of served.routes) {
    if (name === route.protocol) return { kind: "route", route, pings: false };
    if (name === pingNameOf(route.protocol)) return { kind: "route", route, pings: true };
  }
  if (name === WEB_ALPN && served.sessions) return { kind: "web" };
  return undefined;
}
