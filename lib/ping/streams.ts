/**
 * RFD 80 ping framing as Web Streams.
 *
 * @module
 */
import { badInput, TeleError } from "../net/error.ts";
import { DEFAULT_MAX_MESSAGE_BYTES, FRAME_HEADER_BYTES, framed, FrameDecoder, writeFrameHeader } from "./codec.ts";

/** Largest payload that {@linkcode PingEncoderStream} puts into one frame unless told otherwise, in bytes. */
export const DEFAULT_FRAME_BYTES = 256 * 1024;

/** Frames that may wait to be taken before further pings are left out. */
const MOST_WAITING = 64;

/** Options of {@linkcode PingEncoderStream}. */
export interface PingEncoderOptions {
  /**
   * Largest payload of one frame, in bytes; longer chunks are split.
   *
   * @default {262144}
   */
  frameBytes?: number;
}

/**
 * Puts every chunk into a frame. Empty chunks send nothing, since an empty frame would be a ping; call
 * {@linkcode PingEncoderStream.ping} to send one of those between two frames.
 *
 * Source: RFD 80, "ping framing"; `PROTOCOL.md`, "Frames".
 *
 * @example
 * ```ts
 * import { PingEncoderStream } from "./streams.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const framed = ReadableStream.from([new Uint8Array([65, 66]), new Uint8Array()]).pipeThrough(new PingEncoderStream());
 * assertEquals(await Array.fromAsync(framed), [new Uint8Array([0, 0, 0, 2, 65, 66])]);
 * ```
 */
export class PingEncoderStream extends TransformStream<Uint8Array, Uint8Array> {
  #controller: TransformStreamDefaultController<Uint8Array>;

  /**
   * An encoder at a frame boundary.
   *
   * @throws {TeleError} `bad-input` if `frameBytes` is not a whole number from 1 to 2^32 - 1.
   */
  constructor(options: PingEncoderOptions = {}) {
    const frameBytes = options.frameBytes ?? DEFAULT_FRAME_BYTES;
    if (!(frameBytes >= 1)) {
      throw badInput(`frameBytes takes a whole number from 1, not ${frameBytes}`);
    }
    writeFrameHeader(new Uint8Array(FRAME_HEADER_BYTES), 0, frameBytes);
    let own!: TransformStreamDefaultController<Uint8Array>;
    super({
      start: (controller) => void (own = controller),
      transform: (chunk, controller) => {
        for (let at = 0; at < chunk.length; at += frameBytes) {
          controller.enqueue(framed(chunk.subarray(at, at + frameBytes)));
        }
      },
    });
    this.#controller = own;
  }

  /**
   * Sends a zero-length frame, behind what was written. Does nothing once the stream has ended, nor while many frames
   * wait to be taken: pings for a reader that has stopped would pile up for as long as it stands still.
   */
  ping(): void {
    try {
      if (this.#controller.desiredSize! < -MOST_WAITING) return;
      this.#controller.enqueue(new Uint8Array(FRAME_HEADER_BYTES));
    } catch {
      // The stream was closed or failed: there is nothing left to keep alive.
    }
  }
}

/** Options of {@linkcode PingDecoderStream}. */
export interface PingDecoderOptions {
  /**
   * Largest message taken, in bytes; a larger one errors the stream before any of it is handed on.
   *
   * @default {268435456}
   */
  maxMessageBytes?: number;
  /** Called for every ping that arrives. */
  onPing?: () => void;
}

/**
 * Takes frames apart: hands on payload bytes as they come, in constant memory, and swallows pings.
 *
 * Message boundaries are not kept: RFD 80 frames carry a byte stream. The stream errors with a {@linkcode TeleError}
 * `protocol` when a message is too large or when the input ends inside one.
 *
 * Source: RFD 80, "ping framing"; `PROTOCOL.md`, "Frames".
 *
 * @example
 * ```ts
 * import { PingDecoderStream } from "./streams.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const wire = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 2, 65, 66, 0, 0, 0, 0]);
 * const plain = ReadableStream.from([wire]).pipeThrough(new PingDecoderStream());
 * assertEquals(await Array.fromAsync(plain), [new Uint8Array([65, 66])]);
 * ```
 */
export class PingDecoderStream extends TransformStream<Uint8Array, Uint8Array> {
  /**
   * A decoder at a frame boundary.
   *
   * @throws {TeleError} `bad-input` if `maxMessageBytes` is not a positive number.
   */
  constructor(options: PingDecoderOptions = {}) {
    const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
    if (!(maxMessageBytes >= 1)) {
      throw badInput(`maxMessageBytes takes a number from 1, not ${maxMessageBytes}`);
    }
    let decoder!: FrameDecoder;
    super({
      start: (controller) => {
        decoder = new FrameDecoder(maxMessageBytes, {
          frameStart: () => {},
          frameData: (bytes) => controller.enqueue(bytes),
          frameEnd: () => {},
          ping: () => options.onPing?.(),
        });
      },
      transform: (chunk) => decoder.push(chunk),
      flush: () => {
        if (!decoder.atBoundary) throw new TeleError("protocol", "the input ended inside a frame");
      },
    });
  }
}
