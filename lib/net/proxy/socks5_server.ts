/**
 * SOCKS version 5, from the side of its server: CONNECT, without authentication.
 *
 * Source: RFC 1928.
 *
 * @module
 */
import { ByteWriter, readU16 } from "../bytes.ts";
import { canonicalIPv6 } from "../ip_address.ts";
import type { ProxyTarget } from "./negotiation.ts";

const VERSION = 5;
const NO_LOGIN = 0;
const NONE_WILL_DO = 0xff;
const CONNECT = 1;

/** Kinds of addresses. */
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** What a client of SOCKS is told (RFC 1928, 6). */
export const SocksReply = {
  /** The connection is there. */
  succeeded: 0,
  /** It is not, for a reason that has no number. */
  failed: 1,
  /** It is not allowed. */
  notAllowed: 2,
  /** The host cannot be reached, or its name not be resolved. */
  hostUnreachable: 4,
  /** The connection was refused. */
  refused: 5,
  /** Nobody answered. */
  expired: 6,
  /** Only CONNECT is understood. */
  commandUnknown: 7,
  /** There are addresses of another kind. */
  addressUnknown: 8,
} as const;

/** One of {@linkcode SocksReply}. */
export type SocksReply = typeof SocksReply[keyof typeof SocksReply];

/**
 * A reply. What this side connects from is of no use to anybody: it is told as 0.0.0.0:0.
 *
 * @example
 * ```ts
 * import { SocksReply, socksReply } from "./socks5_server.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(socksReply(SocksReply.refused), new Uint8Array([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]));
 * ```
 */
export function socksReply(reply: SocksReply): Uint8Array<ArrayBuffer> {
  return new Uint8Array([VERSION, reply, 0, IPV4, 0, 0, 0, 0, 0, 0]);
}

/**
 * What follows from bytes that came: more must come, something is to be sent first, the client wants to get to `target`,
 * or it is refused with `bytes` as the last word.
 */
export type SocksStep =
  | { readonly kind: "more" }
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "connect"; readonly target: ProxyTarget; readonly rest: Uint8Array }
  | { readonly kind: "refuse"; readonly bytes: Uint8Array; readonly reason: string };

/**
 * One client's request: a pure core, which holds less than a KiB.
 *
 * @example
 * ```ts
 * import { Socks5Request } from "./socks5_server.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const request = new Socks5Request();
 * assertEquals(request.take(new Uint8Array([5, 1, 0])).kind, "send");
 * const step = request.take(new Uint8Array([5, 1, 0, 1, 192, 0, 2, 1, 0, 80]));
 * assertEquals(step.kind === "connect" && step.target, { host: "192.0.2.1", port: 80 });
 * ```
 */
export class Socks5Request {
  #came: Uint8Array = new Uint8Array(0);
  #isGreeted = false;

  /** Takes bytes that came, in whatever pieces. */
  take(bytes: Uint8Array): SocksStep {
    this.#came = new ByteWriter().bytes(this.#came).bytes(bytes).done();
    const [version] = this.#came;
    if (version !== undefined && version !== VERSION) {
      const reason = "it does not speak SOCKS version 5";
      return { kind: "refuse", bytes: new Uint8Array(0), reason };
    }
    return this.#isGreeted ? this.#takeRequest() : this.#takeGreeting();
  }

  #takeGreeting(): SocksStep {
    const [, count] = this.#came;
    if (count === undefined || this.#came.length < 2 + count) return { kind: "more" };
    const methods = this.#came.slice(2, 2 + count);
    this.#came = this.#came.slice(2 + count);
    if (!methods.includes(NO_LOGIN)) {
      const reason = "it wants to tell who it is, which is not asked here: have it use no authentication";
      return { kind: "refuse", bytes: new Uint8Array([VERSION, NONE_WILL_DO]), reason };
    }
    this.#isGreeted = true;
    return { kind: "send", bytes: new Uint8Array([VERSION, NO_LOGIN]) };
  }

  #takeRequest(): SocksStep {
    const [, command, , kind, length] = this.#came;
    if (kind === undefined || length === undefined) return { kind: "more" };
    if (command !== CONNECT) {
      return refused(SocksReply.commandUnknown, `it asks for command ${command}, and only CONNECT is known here`);
    }
    const hostAt = kind === NAME ? 5 : 4;
    const hostBytes = kind === IPV4 ? 4 : kind === IPV6 ? 16 : kind === NAME ? length : 0;
    if (hostBytes === 0) return refused(SocksReply.addressUnknown, `it has an address of kind ${kind}`);
    const end = hostAt + hostBytes + 2;
    if (this.#came.length < end) return { kind: "more" };
    const host = hostOf(kind, this.#came.subarray(hostAt, hostAt + hostBytes));
    return {
      kind: "connect",
      target: { host, port: readU16(this.#came, end - 2) },
      rest: this.#came.slice(end),
    };
  }
}

function refused(reply: SocksReply, reason: string): SocksStep {
  return { kind: "refuse", bytes: socksReply(reply), reason };
}

function hostOf(kind: number, bytes: Uint8Array): string {
  if (kind === NAME) return String.fromCharCode(...bytes);
  if (kind === IPV4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => readU16(bytes, 2 * at).toString(16));
  return canonicalIPv6(groups.join(":"))!;
}
