/**
 * From a carrier's bytes to the frames of a session.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { TeleError } from "../../net/error.ts";
import { FrameDecoder } from "../../ping/codec.ts";
import { FrameType, MAX_CONTROL_FRAME_BYTES, MAX_SESSION_FRAME_BYTES } from "../session_constants.ts";

/** What a {@linkcode SessionFrameReader} finds, in order. */
export interface SessionFrameSink {
  /** Counted bytes, as they come: a frame of data need not be whole to count. */
  data(bytes: Uint8Array): void;
  /** The whole payload of a frame of any other type; its first byte is the type. Valid during the call only. */
  control(payload: Uint8Array): void;
}

/**
 * Tells data from control frames; data passes through as it comes, control frames are gathered.
 *
 * Source: `PROTOCOL.md`, "Session frames".
 *
 * @example
 * ```ts
 * import { SessionFrameReader } from "./frame_reader.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: unknown[] = [];
 * const reader = new SessionFrameReader({
 *   data: (bytes) => seen.push([...bytes]),
 *   control: (payload) => seen.push({ control: [...payload] }),
 * });
 * reader.push(new Uint8Array([0, 0, 0, 3, 0x10, 7])); // a frame of data, cut
 * reader.push(new Uint8Array([8, 0, 0, 0, 2, 0x14, 9])); // its rest, and a hint
 * assertEquals(seen, [[7], [8], { control: [0x14, 9] }]);
 * ```
 */
export class SessionFrameReader {
  readonly #sink: SessionFrameSink;
  readonly #decoder: FrameDecoder;
  /** Type of the frame under way; `undefined` before its first byte. */
  #type: number | undefined;
  #length = 0;
  /** A control frame that came in one piece, as nearly all do: it need not be gathered. */
  #whole: Uint8Array | undefined;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;

  /** A reader at a frame boundary. */
  constructor(sink: SessionFrameSink) {
    this.#sink = sink;
    this.#decoder = new FrameDecoder(MAX_SESSION_FRAME_BYTES, {
      frameStart: (length) => {
        this.#type = undefined;
        this.#length = length;
      },
      frameData: (bytes) => this.#take(bytes),
      frameEnd: () => this.#end(),
    });
  }

  /**
   * Takes the next bytes of the carrier.
   *
   * @throws {TeleError} `protocol` if a frame or a control frame is too large.
   */
  push(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
  }

  #take(bytes: Uint8Array): void {
    const isFirst = this.#type === undefined;
    this.#type ??= bytes[0];
    if (this.#type === FrameType.data) return this.#data(isFirst ? bytes.subarray(1) : bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes > MAX_CONTROL_FRAME_BYTES) throw new TeleError("protocol", "a control frame is too large");
    if (bytes.length === this.#length) this.#whole = bytes;
    else this.#gathered.push(bytes.slice());
  }

  #data(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#sink.data(bytes);
  }

  #end(): void {
    if (this.#type === FrameType.data) return;
    const payload = this.#whole ?? concat(this.#gathered);
    this.#whole = undefined;
    if (this.#gathered.length > 0) this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#sink.control(payload);
  }
}
