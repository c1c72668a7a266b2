/**
 * A user who asked for a destination by SOCKS, and waits to be told what became of it.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";
import { ForwardedDuplex } from "../../net/forwarded_duplex.ts";
import { closeBehindLastWord } from "../../net/last_word.ts";
import { SocksReply, socksReply } from "../../net/proxy/socks5_server.ts";
import { ResetCode } from "../../mux/mux_constants.ts";
import type { StreamEnd } from "../../mux/stream_host.ts";
import { CONNECTED } from "./destinations.ts";

/** How long a user who is refused may take to read why, in milliseconds. */
const LAST_WORD_MS = 1_000;

/** What a user is told where the server did not get through. */
const REPLIES: Readonly<Record<number, SocksReply>> = {
  [ResetCode.refused]: SocksReply.refused,
  [ResetCode.denied]: SocksReply.notAllowed,
  [ResetCode.unreachable]: SocksReply.hostUnreachable,
  [ResetCode.silent]: SocksReply.expired,
};

/**
 * A user's connection behind its request: the server's first byte becomes the reply, and so does a reset in its place.
 *
 * Source: RFC 1928, 6; `PROTOCOL.md`, "Destinations".
 */
export class SocksUser extends ForwardedDuplex {
  /** See {@linkcode Duplex.readWith}. */
  readonly readWith: Duplex["readWith"];
  /** See {@linkcode Duplex.fillsAtOnce}. */
  readonly fillsAtOnce: boolean | undefined;
  readonly #inner: Duplex;
  readonly #clock: Clock;
  #isAnswered = false;

  /** Takes `inner` over, whose request was read. */
  constructor(inner: Duplex, clock: Clock) {
    super(inner);
    this.#inner = inner;
    this.#clock = clock;
    this.fillsAtOnce = inner.fillsAtOnce;
    if (inner.readWith !== undefined) this.readWith = (...args) => inner.readWith!(...args);
  }

  /** See {@linkcode Duplex.write}. */
  override async write(bytes: Uint8Array): Promise<void> {
    if (this.#isAnswered) return await super.write(bytes);
    if (bytes[0] !== CONNECTED[0]) throw new TeleError("protocol", "the tele server does not say that it is connected");
    this.#isAnswered = true;
    await super.write(socksReply(SocksReply.succeeded));
    if (bytes.length > CONNECTED.length) await super.write(bytes.subarray(CONNECTED.length));
  }

  /** See {@linkcode Duplex.writeNow}. */
  writeNow(bytes: Uint8Array): Promise<void> | undefined {
    if (!this.#isAnswered || this.#inner.writeNow === undefined) return this.write(bytes);
    return this.#inner.writeNow(bytes);
  }

  /** Where nothing was told yet, the user is told why, and not reset: what is under way to it would be lost with that. */
  override abort(reason?: unknown): void {
    if (this.#isAnswered) return super.abort(reason);
    this.#isAnswered = true;
    super.write(socksReply(replyOf(reason)))
      .then(() => closeBehindLastWord(this.#inner, this.#clock, LAST_WORD_MS))
      .catch(() => super.abort(reason));
  }
}

/** What a user is told for the reason with which its stream ended. */
function replyOf(reason: unknown): SocksReply {
  const end = reason instanceof TeleError ? reason.cause as Partial<StreamEnd> | undefined : undefined;
  return end?.kind === "reset" ? REPLIES[end.code ?? 0] ?? SocksReply.failed : SocksReply.failed;
}
