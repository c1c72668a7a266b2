/**
 * The other side's frames, taken apart where they lie.
 *
 * @module
 */
import { readU16 } from "../bytes.ts";
import { TeleError } from "../error.ts";
import {
  type FrameHeader,
  headerBytes,
  MOST_CONTROL_BYTES,
  MOST_HEADER_BYTES,
  Opcode,
  readHeader,
  type WebSocketSide,
} from "./frame_header.ts";
import { mask, MASK_BYTES } from "./mask.ts";

/** Why the other side closed the WebSocket, as its close frame tells it. */
export interface WebSocketClose {
  /** A number of RFC 6455, 7.4; `undefined` if it told none. */
  readonly code: number | undefined;
  /** Its words; may be empty. */
  readonly reason: string;
}

/**
 * Turns the bytes of a connection into those of its messages, in the same memory: a reader needs no second buffer.
 *
 * Messages are binary, and where one ends means nothing, but for an empty one, which is the end of what its sender
 * sends (PROTOCOL.md, "WebSocket"). A close frame is none: a middle box may send one.
 *
 * @example
 * ```ts
 * import { FrameDecoder } from "./frame_decoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder = new FrameDecoder("server");
 * const bytes = new Uint8Array([0x82, 1, 7, 0x82, 2, 8, 9]);
 * assertEquals([decoder.decode(bytes), bytes.subarray(0, 3)], [3, new Uint8Array([7, 8, 9])]);
 * ```
 */
export class FrameDecoder {
  readonly #from: WebSocketSide;
  /** The first bytes of a header that has not come whole. */
  readonly #start = new Uint8Array(MOST_HEADER_BYTES);
  #startBytes = 0;
  readonly #key = new Uint8Array(MASK_BYTES);
  /** The frame whose payload comes, and how much of it has come. */
  #frame: FrameHeader | undefined;
  #takenBytes = 0;
  readonly #control = new Uint8Array(MOST_CONTROL_BYTES);
  /** Payload of the message so far; `undefined` between two messages. */
  #messageBytes: number | undefined;
  #hasEnded = false;
  #close: WebSocketClose | undefined;
  readonly #ping = new Uint8Array(MOST_CONTROL_BYTES);
  /** Length of the newest ping that nobody has taken. */
  #pingBytes: number | undefined;

  /** Takes the frames of that side apart. */
  constructor(from: WebSocketSide) {
    this.#from = from;
  }

  /** Whether the other side has told the end of what it sends. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Set once the other side has closed the WebSocket. What comes behind that is not looked at. */
  get close(): WebSocketClose | undefined {
    return this.#close;
  }

  /** The payload of the newest ping that nobody has taken: only that one needs an answer (RFC 6455, 5.5.3). */
  takePing(): Uint8Array | undefined {
    const bytes = this.#pingBytes;
    this.#pingBytes = undefined;
    return bytes === undefined ? undefined : this.#ping.slice(0, bytes);
  }

  /**
   * Moves the payload of messages to the front of `bytes`, and returns its length; the rest of `bytes` is spoilt.
   *
   * @throws {TeleError} `protocol` if the other side breaks a rule of RFC 6455, or sends text.
   */
  decode(bytes: Uint8Array): number {
    let filled = 0;
    for (let at = 0; at < bytes.length && this.#close === undefined;) {
      if (this.#frame === undefined) {
        at += this.#takeHeader(bytes, at);
        continue;
      }
      const part = bytes.subarray(at, at + this.#frame.payloadBytes - this.#takenBytes);
      at += part.length;
      if (this.#frame.isMasked) mask(part, this.#key, this.#takenBytes);
      if (this.#frame.opcode >= Opcode.close) this.#control.set(part, this.#takenBytes);
      else {
        if (filled < at - part.length) bytes.copyWithin(filled, at - part.length, at);
        filled += part.length;
      }
      this.#takenBytes += part.length;
      this.#endFrameIfWhole();
    }
    return filled;
  }

  /** Takes bytes of a header from `at` on; returns how many. No memory is made: a peer may send nothing but headers. */
  #takeHeader(bytes: Uint8Array, at: number): number {
    const before = this.#startBytes;
    let length = headerBytes(this.#start, before);
    while (this.#startBytes < length) {
      const next = at + this.#startBytes - before;
      if (next >= bytes.length) return bytes.length - at;
      this.#start[this.#startBytes++] = bytes[next]!;
      length = headerBytes(this.#start, this.#startBytes);
    }
    this.#startBytes = 0;
    for (let index = 0; index < MASK_BYTES; index++) this.#key[index] = this.#start[length - MASK_BYTES + index]!;
    this.#beginFrame(readHeader(this.#start, this.#from));
    return length - before;
  }

  #beginFrame(frame: FrameHeader): void {
    const { opcode } = frame;
    if (opcode < Opcode.close) {
      if (opcode === Opcode.text) throw new TeleError("protocol", "a text came by WebSocket; tele sends bytes alone");
      if ((opcode === Opcode.continuation) !== (this.#messageBytes !== undefined)) {
        throw new TeleError("protocol", "a piece of a WebSocket message is not where it belongs");
      }
      if (this.#hasEnded) throw new TeleError("protocol", "a WebSocket message came behind the end");
      this.#messageBytes = (this.#messageBytes ?? 0) + frame.payloadBytes;
    }
    this.#frame = frame;
    this.#takenBytes = 0;
    this.#endFrameIfWhole();
  }

  #endFrameIfWhole(): void {
    const { opcode, isFinal, payloadBytes } = this.#frame!;
    if (this.#takenBytes < payloadBytes) return;
    this.#frame = undefined;
    if (opcode === Opcode.ping) {
      this.#ping.set(this.#control);
      this.#pingBytes = payloadBytes;
    }
    if (opcode === Opcode.close) this.#close = readClose(this.#control.subarray(0, payloadBytes));
    if (opcode >= Opcode.close || !isFinal) return;
    this.#hasEnded = this.#messageBytes === 0;
    this.#messageBytes = undefined;
  }
}

function readClose(payload: Uint8Array): WebSocketClose {
  if (payload.length === 0) return { code: undefined, reason: "" };
  if (payload.length === 1) throw new TeleError("protocol", "a WebSocket was closed with half a code");
  try {
    return { code: readU16(payload, 0), reason: new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2)) };
  } catch (cause) {
    throw new TeleError("protocol", "a WebSocket was closed with a reason that is no text", { cause });
  }
}
