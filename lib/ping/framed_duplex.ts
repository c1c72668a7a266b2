/**
 * Ping framing over a connection.
 *
 * @module
 */
import type { Duplex } from "../net/duplex.ts";
import { TeleError } from "../net/error.ts";
import { DEFAULT_MAX_MESSAGE_BYTES, FRAME_HEADER_BYTES, FrameDecoder, writeFrameHeader } from "./codec.ts";
import { DEFAULT_FRAME_BYTES } from "./streams.ts";

const PING = new Uint8Array(FRAME_HEADER_BYTES);

/**
 * The plain bytes of a duplex that carries them in frames, with pings between them. Source: RFD 80, "ping framing".
 *
 * @example
 * ```ts
 * import { FramedDuplex } from "./framed_duplex.ts";
 * import { duplexPair } from "../net/pipe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, far] = duplexPair();
 * const framed = new FramedDuplex(near);
 * const into = new Uint8Array(6);
 * const reading = far.read(into);
 * await framed.write(new Uint8Array([65, 66]));
 * assertEquals([await reading, ...into], [6, 0, 0, 0, 2, 65, 66]);
 * ```
 */
export class FramedDuplex implements Duplex {
  readonly peer: string;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly readsAfterFailedWrite: boolean | undefined;
  readonly #transport: Duplex;
  readonly #frameBytes: number;
  readonly #decoder: FrameDecoder;
  /** Where the read under way puts payloads, over the frames they came in, and how many bytes it has put there. */
  #into: Uint8Array = PING;
  #filled = 0;
  /** The failure behind the bytes of the last read. */
  #failure: unknown;
  #frame: Uint8Array = PING;
  #isWriting = false;
  #pinging: Promise<void> | undefined;
  #hasEnded = false;

  /**
   * Frames over `transport`, which belongs to it from now on.
   *
   * @param maxMessageBytes Largest message taken, and no larger ones are sent: a peer that was told the same limit must
   * be able to take them.
   */
  constructor(transport: Duplex, maxMessageBytes: number = DEFAULT_MAX_MESSAGE_BYTES) {
    this.peer = transport.peer;
    this.localAddress = transport.localAddress;
    this.localPort = transport.localPort;
    this.readsAfterFailedWrite = transport.readsAfterFailedWrite;
    this.#transport = transport;
    this.#frameBytes = Math.min(DEFAULT_FRAME_BYTES, maxMessageBytes);
    this.#decoder = new FrameDecoder(maxMessageBytes, {
      frameStart: () => {},
      frameData: (bytes) => this.#gather(bytes),
      frameEnd: () => {},
    });
  }

  /**
   * As {@linkcode Duplex.read}.
   *
   * @throws {TeleError} `protocol` if a message is too large, or the end comes inside one.
   */
  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const count = await this.#transport.read(into);
      if (count === null) return this.#end();
      this.#into = into;
      this.#filled = 0;
      try {
        this.#decoder.push(into.subarray(0, count));
      } catch (error) {
        this.#failure = error;
      }
      if (this.#filled > 0) return this.#filled;
    }
  }

  #gather(bytes: Uint8Array): void {
    this.#into.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  #end(): null {
    if (this.#decoder.atBoundary) return null;
    throw new TeleError("protocol", "the input ended inside a frame");
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#pinging;
    this.#isWriting = true;
    try {
      for (let at = 0; at < bytes.length; at += this.#frameBytes) {
        await this.#transport.write(this.#framed(bytes.subarray(at, at + this.#frameBytes)));
      }
    } finally {
      this.#isWriting = false;
    }
  }

  /** Header and payload in one piece of memory, which is free again when its write has settled. */
  #framed(payload: Uint8Array): Uint8Array {
    const length = FRAME_HEADER_BYTES + payload.length;
    if (this.#frame.length < length) this.#frame = new Uint8Array(length);
    writeFrameHeader(this.#frame, 0, payload.length);
    this.#frame.set(payload, FRAME_HEADER_BYTES);
    return this.#frame.subarray(0, length);
  }

  /**
   * Sends a zero-length frame, unless something else is being sent, which tells as much, or this direction has ended.
   */
  ping(): void {
    if (this.#isWriting || this.#pinging !== undefined || this.#hasEnded) return;
    // If it fails, reading does too.
    this.#pinging = this.#transport.write(PING).catch(() => {}).then(() => void (this.#pinging = undefined));
  }

  async closeWrite(): Promise<void> {
    await this.#pinging;
    this.#hasEnded = true;
    await this.#transport.closeWrite();
  }

  abort(reason?: unknown): void {
    this.#transport.abort(reason);
  }

  close(): void {
    this.#transport.close();
  }
}
