/**
 * A WebSocket as a duplex, behind its HTTP upgrade.
 *
 * Why no library: see "Decisions about the runtime" in `lib/ARCHITECTURE.md`.
 *
 * @module
 */
import type { Duplex } from "../duplex.ts";
import { TeleError } from "../error.ts";
import { FrameDecoder, type WebSocketClose } from "./frame_decoder.ts";
import { FrameEncoder, MOST_PAYLOAD_BYTES } from "./frame_encoder.ts";
import { Opcode, type WebSocketSide } from "./frame_header.ts";

const NOTHING = new Uint8Array(0);

/** Code 1000, a normal end, and 1002, a broken rule (RFC 6455, 7.4.1). */
const NORMAL_END = new Uint8Array([0x03, 0xe8]);
const BROKEN_RULE = new Uint8Array([0x03, 0xea]);

/**
 * A {@linkcode Duplex} over a WebSocket (RFC 6455; PROTOCOL.md, "WebSocket").
 *
 * Reads take the frames apart in the reader's own memory. Writes are copied into a frame of at most 64 KiB, and the
 * next one waits until the transport has taken it. `closeWrite` sends an empty message, and reading goes on; behind the
 * end of both sides comes a close frame. An end of the transport, or a close frame, without that empty message is an
 * error: a cut is not an end. Pings are answered while somebody reads.
 *
 * @example
 * ```ts
 * import { duplexPair } from "../pipe.ts";
 * import { WebSocketDuplex } from "./websocket_duplex.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, far] = duplexPair();
 * const [client, server] = [new WebSocketDuplex(near, "client"), new WebSocketDuplex(far, "server")];
 * const into = new Uint8Array(64);
 * const writing = client.write(new Uint8Array([1, 2, 3]));
 * assertEquals([await server.read(into), into.subarray(0, 3)], [3, new Uint8Array([1, 2, 3])]);
 * await writing;
 * client.close();
 * ```
 */
export class WebSocketDuplex implements Duplex {
  readonly medium = "WebSocket";
  readonly #transport: Duplex;
  readonly #decoder: FrameDecoder;
  readonly #encoder: FrameEncoder;
  /** What came behind the upgrade, and was not read yet. */
  #early: Uint8Array;
  /** Settles when the frame under way is with the transport, or lost. */
  #sending: Promise<void> = Promise.resolve();
  #isAnswering = false;
  #hasEnded = false;
  #hasClosed = false;

  /**
   * Takes `transport` over behind its upgrade.
   *
   * @param side Which end this is.
   * @param early Bytes that came behind the other side's part of the upgrade.
   */
  constructor(transport: Duplex, side: WebSocketSide, early: Uint8Array = NOTHING) {
    this.#transport = transport;
    this.#decoder = new FrameDecoder(side === "client" ? "server" : "client");
    this.#encoder = new FrameEncoder(side);
    this.#early = early;
  }

  get peer(): string {
    return this.#transport.peer;
  }

  get peerName(): string | undefined {
    return this.#transport.peerName;
  }

  get leaf(): Uint8Array | undefined {
    return this.#transport.leaf;
  }

  get localAddress(): string | undefined {
    return this.#transport.localAddress;
  }

  get localPort(): number | undefined {
    return this.#transport.localPort;
  }

  get isPassed(): boolean | undefined {
    return this.#transport.isPassed;
  }

  get readsAfterFailedWrite(): boolean | undefined {
    return this.#transport.readsAfterFailedWrite;
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const { hasEnded, close } = this.#decoder;
      if (hasEnded) return null;
      if (close !== undefined) throw new TeleError("carrier-lost", explain(close));
      const count = await this.#readEncoded(into);
      if (count === null) throw new TeleError("carrier-lost", "the WebSocket was cut: it ended without an end");
      const filled = this.#decode(into.subarray(0, count));
      if (filled > 0) return filled;
    }
  }

  #readEncoded(into: Uint8Array): Promise<number | null> | number {
    if (this.#early.length === 0) return this.#transport.read(into);
    const part = this.#early.subarray(0, into.length);
    into.set(part);
    this.#early = this.#early.subarray(part.length);
    return part.length;
  }

  #decode(bytes: Uint8Array): number {
    try {
      return this.#decoder.decode(bytes);
    } catch (error) {
      this.#answer(() => this.#sendClose(BROKEN_RULE));
      throw error;
    } finally {
      const { close, hasEnded } = this.#decoder;
      if (close !== undefined || (hasEnded && this.#hasEnded)) this.#answer(() => this.#sendClose(NORMAL_END));
      else this.#answerPing();
    }
  }

  /** One answer waits at most: whoever sends pings and reads no pongs costs nothing (invariant 5). */
  #answerPing(): void {
    if (this.#isAnswering) return;
    const ping = this.#decoder.takePing();
    if (ping === undefined) return;
    this.#isAnswering = true;
    this.#answer(async () => {
      this.#isAnswering = false;
      // Behind a close nothing is sent (RFC 6455, 5.5.1).
      if (!this.#hasClosed) await this.#sendFrame(Opcode.pong, this.#decoder.takePing() ?? ping);
    });
  }

  /** What nobody waits for: where it fails, reads and writes fail too. */
  #answer(send: () => Promise<void>): void {
    this.#inTurn(send).catch(() => {});
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      for (let start = 0; start < bytes.length; start += MOST_PAYLOAD_BYTES) {
        if (this.#hasClosed) throw new TeleError("carrier-lost", "the WebSocket is closed");
        await this.#sendFrame(Opcode.binary, bytes.subarray(start, start + MOST_PAYLOAD_BYTES));
      }
    });
  }

  closeWrite(): Promise<void> {
    return this.#inTurn(async () => {
      this.#hasEnded = true;
      if (this.#hasClosed) return;
      await this.#sendFrame(Opcode.binary, NOTHING);
      // A courtesy: the end was told.
      if (this.#decoder.hasEnded) await this.#sendClose(NORMAL_END).catch(() => {});
    });
  }

  async #sendClose(code: Uint8Array): Promise<void> {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    await this.#sendFrame(Opcode.close, code);
    await this.#transport.closeWrite();
  }

  #sendFrame(opcode: Opcode, payload: Uint8Array): Promise<void> {
    return this.#transport.write(this.#encoder.encode(opcode, payload));
  }

  /** The transport takes one write at a time, and the encoder has memory for one. */
  #inTurn(send: () => Promise<void>): Promise<void> {
    const sent = this.#sending.then(send);
    this.#sending = sent.catch(() => {});
    return sent;
  }

  abort(reason?: unknown): void {
    this.#early = NOTHING;
    this.#transport.abort(reason);
  }

  close(): void {
    this.#early = NOTHING;
    this.#transport.close();
  }
}

/** A sentence about a close that came from a middle box, or from a peer that speaks no tele. */
function explain({ code, reason }: WebSocketClose): string {
  const words = reason === "" ? "" : ` ${JSON.stringify(reason)}`;
  return `the WebSocket was closed on the way or at the other end (${code ?? "no code"}${words})`;
}
