/**
 * What is said to a proxy before it leads on, whichever protocol it speaks.
 *
 * @module
 */
import { TeleError } from "../error.ts";
import { foreignProtocolOf } from "../foreign_protocol.ts";
import { tlsRecordKind } from "../tls_record.ts";
import type { Proxy } from "./proxy.ts";

/** Where a proxy is to lead: a name that it resolves, or an IP address, IPv6 without its brackets. */
export interface ProxyTarget {
  /** A name or an IP address. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/**
 * What follows from bytes that came: more must come, something is to be sent, or the way is open. The `rest` came
 * behind the proxy's last word: it is the other side's.
 */
export type Step =
  | { readonly kind: "more" }
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "open"; readonly rest: Uint8Array };

/**
 * One client's part of the talk with a proxy: a pure core.
 *
 * Its errors are `TeleError` whose sentence goes on behind the proxy's name: `refused` where somebody must change
 * something, else `carrier-lost`, and `protocol` for what a captive portal may say.
 */
export interface Negotiation {
  /** The first bytes to send. */
  readonly hello: Uint8Array;
  /** Takes bytes that came, in whatever pieces. Holds a bounded number of them. */
  take(bytes: Uint8Array): Step;
}

const STRANGE = "does not answer as a proxy does: check its host, port and scheme";

/** What answers began as a proxy does, and went on as none would. */
export function strangeAnswer(): TeleError {
  return new TeleError("refused", STRANGE);
}

/** What answers is no proxy of that kind, as its first bytes tell. */
export function notThatProxy(first: Uint8Array, asked: Proxy["kind"]): TeleError {
  const text = String.fromCharCode(...first.subarray(0, 16));
  const refused = (sentence: string) => new TeleError("refused", sentence);
  if (tlsRecordKind(first) !== undefined) return refused("answers with TLS: write https:// in front of it");
  if (asked === "socks5" && text.startsWith("HTTP/")) return refused("is none for SOCKS: write http:// in front of it");
  if (asked === "socks5" && text.startsWith("\0")) {
    return refused("knows only SOCKS version 4, which has no room for names: use a proxy for SOCKS version 5");
  }
  if (asked !== "socks5" && text.startsWith("\x05")) return refused("speaks SOCKS: write socks5:// in front of it");
  const who = foreignProtocolOf(first);
  return refused(
    who === undefined ? STRANGE : `is none: ${who} server answers there; check its host and port`,
  );
}

/** The proxy, or what was taken for it, ended the connection before the way was open. */
export function proxyLeft(hasAnswered: boolean): TeleError {
  const sentence = hasAnswered
    ? "closed the connection in the middle of its answer"
    : "closed the connection without an answer: check its host, port and scheme, and whether it lets this machine use it";
  return new TeleError("carrier-lost", sentence);
}
