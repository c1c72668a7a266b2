/**
 * Why one end lets go: what a refusal or goodbye says, as bytes and as an error. Source: `PROTOCOL.md`, "Handshake" and
 * "Goodbye".
 *
 * @module
 */
import { ByteReader, ByteWriter } from "../net/bytes.ts";
import { TeleError } from "../net/error.ts";
import { EndCode, FrameType, MAX_ENDING_TEXT_BYTES } from "./session_constants.ts";

/** A refusal or goodbye. */
export interface Ending {
  /** One of `EndCode`, or a number of a later version. */
  code: number;
  /** A sentence for the other side's log; at most {@linkcode MAX_ENDING_TEXT_BYTES} bytes of it are sent. */
  message: string;
}

/** The payload of a refuse or goodbye frame; a sentence that is too long is cut. */
export function encodeEnding(type: "refuse" | "goodbye", ending: Ending): Uint8Array<ArrayBuffer> {
  // Not `subarray`: it would cut in the middle of a letter.
  const message = new Uint8Array(MAX_ENDING_TEXT_BYTES);
  const { written } = new TextEncoder().encodeInto(ending.message, message);
  return new ByteWriter().u8(FrameType[type]).u16(ending.code).bytes(message.subarray(0, written)).done();
}

/** Reads a refuse or goodbye payload. */
export function decodeEnding(payload: Uint8Array): Ending {
  const reader = new ByteReader(payload, "ending");
  reader.u8();
  const code = reader.u16();
  const text = reader.rest();
  if (text.length > MAX_ENDING_TEXT_BYTES) {
    throw new TeleError("protocol", `a sentence of ${text.length} bytes, the limit is ${MAX_ENDING_TEXT_BYTES}`);
  }
  return { code, message: new TextDecoder("utf-8", { ignoreBOM: true }).decode(text) };
}

/** A refusal that a peer sent, or is to be sent, as an error that keeps its code. */
export class RefusalError extends TeleError {
  /** What the peer said, or is told: one of `EndCode` or a number of a later version, and a sentence. */
  readonly ending: Ending;

  /**
   * An error of the refusal or goodbye `ending`.
   *
   * @param ownMessage The sentence for this side, where that is another than the peer's.
   */
  constructor(ending: Ending, ownMessage?: string) {
    super("refused", ownMessage ?? (ending.message || `refused with code ${ending.code}`));
    this.name = "RefusalError";
    this.ending = ending;
  }

  /** One of `EndCode`, or a number of a later version. */
  get endCode(): number {
    return this.ending.code;
  }
}

/** What a peer is told that is refused because of `error`. */
export function endingOf(error: TeleError): Ending {
  if (error instanceof RefusalError) return error.ending;
  return { code: error.code === "refused" ? EndCode.version : EndCode.protocol, message: error.message };
}
