/**
 * ALPN names (RFC 7301): what a TLS port announces, and what it means that one of them was chosen. Source: RFD 80, "ALPN";
 * `PROTOCOL.md` for the session's own name.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";

/** The session protocol's own ALPN name. */
export const SESSION_ALPN = "tele/1";

/** What RFD 80 puts behind the name of a protocol that is spoken in ping frames. */
const PING_SUFFIX = "-ping";

/** Longest ALPN name in bytes (RFC 7301, 3.1). */
const MAX_ALPN_BYTES = 255;

/** Longest name of a protocol in bytes: its `-ping` form must be an ALPN name too. */
const MAX_PROTOCOL_BYTES = MAX_ALPN_BYTES - PING_SUFFIX.length;

/** What a TLS port serves. */
export interface Served<Route extends { readonly protocol: string }> {
  /** Whether it serves sessions. */
  readonly sessions: boolean;
  /** The protocols it serves in RFD 80 mode. */
  readonly routes: readonly Route[];
}

/** What a chosen ALPN name means to a server. */
export type Choice<Route> =
  | { readonly kind: "session" }
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
 * What a client offers for a protocol: the form with pings first, so that a server that knows both chooses it, and the
 * plain one for a server from before RFD 80.
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
 * What a server announces, best first: sessions, then each protocol with pings before itself.
 *
 * @example
 * ```ts
 * import { announced } from "./alpn.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(announced({ sessions: true, routes: [{ protocol: "mysql" }] }), ["tele/1", "mysql-ping", "mysql"]);
 * ```
 */
export function announced(served: Served<{ readonly protocol: string }>): string[] {
  const names = served.routes.flatMap(({ protocol }) => offered(protocol));
  return served.sessions ? [SESSION_ALPN, ...names] : names;
}

/**
 * What the name that ALPN chose means to a server, `undefined` if it is none that it announced.
 *
 * @param name `undefined` or `null` if the peer offered no name at all, as runtimes tell it.
 *
 * @example
 * ```ts
 * import { choiceOf } from "./alpn.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const route = { protocol: "mysql" };
 * assertEquals(choiceOf("mysql-ping", { sessions: false, routes: [route] }), { kind: "route", route, pings: true });
 * assertEquals(choiceOf("tele/1", { sessions: false, routes: [route] }), undefined);
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
  return undefined;
}
