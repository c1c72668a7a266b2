/**
 * Proxies as users write them: `http://user:password@host:port`.
 *
 * @module
 */
import { formatAddress, parseDialAddress } from "../address.ts";
import { badInput, type TeleError } from "../error.ts";

/** What a proxy is told so that it lets its user pass. A secret: it is shown nowhere. */
export interface ProxyLogin {
  /** Who. */
  readonly user: string;
  /** May be empty. */
  readonly password: string;
}

/** A proxy that leads connections to where it is told. */
export interface Proxy {
  /** What it speaks: HTTP's CONNECT, that inside TLS, or SOCKS version 5. */
  readonly kind: "http" | "https" | "socks5";
  /** A name or an IP address, IPv6 without its brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** If it wants to know who comes. */
  readonly login?: ProxyLogin;
}

/** Schemes that are understood. `socks5h` is curl's word for a proxy that resolves names, as it is always done here. */
const KINDS: Readonly<Record<string, Proxy["kind"]>> = {
  http: "http",
  https: "https",
  socks5: "socks5",
  socks5h: "socks5",
};

/** The port of a proxy that is written without one. */
const DEFAULT_PORTS: Readonly<Record<Proxy["kind"], number>> = { http: 80, https: 443, socks5: 1080 };

/** Most bytes of a name or a password in SOCKS (RFC 1929, 2): their length is one byte. */
const MOST_SOCKS_BYTES = 255;

/**
 * Reads the URL of a proxy. Without a scheme it is an HTTP proxy, as for other programs; name and password are
 * percent-encoded.
 *
 * @throws {TeleError} `bad-input`, with a sentence that quotes nothing of `text`, which may hold a password.
 *
 * @example
 * ```ts
 * import { parseProxy } from "./proxy.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const login = { user: "alice", password: "p@ss" };
 * assertEquals(parseProxy("http://alice:p%40ss@proxy.example.com:3128"), {
 *   kind: "http",
 *   host: "proxy.example.com",
 *   port: 3128,
 *   login,
 * });
 * ```
 */
export function parseProxy(text: string): Proxy {
  const [, scheme = "http", login, place = "", path = ""] =
    /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:(.*)@)?([^@/?#]*)([/?#].*)?$/is.exec(text.trim()) ?? [];
  const kind = Object.hasOwn(KINDS, scheme.toLowerCase()) ? KINDS[scheme.toLowerCase()] : undefined;
  if (kind === undefined) throw wrong("its scheme is none of these");
  if (path !== "" && path !== "/") throw wrong("nothing stands behind its port");
  const address = { kind, ...placeOf(place, DEFAULT_PORTS[kind]) };
  return login === undefined ? address : { ...address, login: readLogin(login, kind) };
}

/**
 * Names a proxy in logs and sentences, without its secrets.
 *
 * @example
 * ```ts
 * import { formatProxy, parseProxy } from "./proxy.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatProxy(parseProxy("socks5://alice:secret@[2001:db8::1]")), "socks5://[2001:db8::1]:1080");
 * ```
 */
export function formatProxy({ kind, host, port }: Proxy): string {
  return `${kind}://${formatAddress({ kind: "tcp", host, port })}`;
}

function placeOf(place: string, defaultPort: number): { host: string; port: number } {
  const hasPort = /^(\[.*\]|[^:[\]]*):\d+$/.test(place);
  let address;
  try {
    address = parseDialAddress(hasPort ? place : `${place}:${defaultPort}`);
  } catch {
    // Its sentence quotes what was typed, and where a host is missing that is the password.
    throw wrong("what stands there for HOST:PORT is none; an IPv6 address needs square brackets");
  }
  if (address.kind !== "tcp" || address.host === undefined) throw wrong("its host is missing");
  return { host: address.host, port: address.port };
}

function readLogin(text: string, kind: Proxy["kind"]): ProxyLogin {
  const [, name = "", secret = ""] = /^([^:]*):?(.*)$/s.exec(text) ?? [];
  let login: ProxyLogin;
  try {
    login = { user: decodeURIComponent(name), password: decodeURIComponent(secret) };
  } catch {
    throw wrong('a "%" in the user name or password is written as %25');
  }
  if (login.user === "") throw wrong('in front of "@" stands a user name');
  if (kind === "socks5") {
    const isTooLong = Object.values(login).some((part) => new TextEncoder().encode(part).length > MOST_SOCKS_BYTES);
    if (isTooLong) throw wrong(`SOCKS has no room for a user name or password of more than ${MOST_SOCKS_BYTES} bytes`);
  } else if (login.user.includes(":")) {
    throw wrong("a user name for HTTP has no colon (RFC 7617)");
  }
  return login;
}

function wrong(sentence: string): TeleError {
  return badInput(
    "a proxy is http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT, with USER:PASSWORD@ in front of HOST where " +
      `it asks for them; here ${sentence}`,
  );
}
