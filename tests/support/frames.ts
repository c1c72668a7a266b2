/**
 * Counted frames by hand, as a test sends them in place of a mux.
 *
 * @module
 */
import {
  openFrameBytes,
  type StartCredits,
  writeDataHeader,
  writeDrain,
  writeOpen,
  writeReset,
  writeWindow,
  writeWindowsHeader,
} from "../../lib/session/frames.ts";
import {
  COUNTED_HEADER_BYTES,
  DATA_HEADER_BYTES,
  DRAIN_FRAME_BYTES,
  RESET_FRAME_BYTES,
  WINDOW_BYTES,
} from "../../lib/session/session_constants.ts";

/** An open of stream `id`, for the service of this name or the one without, of a user with these addresses. */
export function openFrame(id: number, credits: StartCredits, name?: string, user?: Uint8Array): Uint8Array {
  const frame = new Uint8Array(openFrameBytes({ name, user }));
  writeOpen(frame, 0, id, credits, { name, user });
  return frame;
}

/** Data of stream `id`, from `offset` on. */
export function dataFrame(id: number, offset: number, bytes: Uint8Array): Uint8Array {
  return framed(id, offset, bytes, false);
}

/** Data of stream `id`, and its end behind it. */
export function endFrame(id: number, offset: number, bytes: Uint8Array = new Uint8Array(0)): Uint8Array {
  return framed(id, offset, bytes, true);
}

function framed(id: number, offset: number, bytes: Uint8Array, isEnd: boolean): Uint8Array {
  const frame = new Uint8Array(DATA_HEADER_BYTES + bytes.length);
  writeDataHeader(frame, 0, { id, offset, length: bytes.length, isEnd });
  frame.set(bytes, DATA_HEADER_BYTES);
  return frame;
}

/** A reset of stream `id` behind `offset` bytes of data. */
export function resetFrame(id: number, offset: number, code: number, words: string): Uint8Array {
  const message = new TextEncoder().encode(words);
  const frame = new Uint8Array(RESET_FRAME_BYTES + message.length);
  writeReset(frame, 0, { id, offset, code, message });
  return frame;
}

/** A drain: the highest number that the sender has opened. */
export function drainFrame(last: number): Uint8Array {
  const frame = new Uint8Array(DRAIN_FRAME_BYTES);
  writeDrain(frame, 0, last);
  return frame;
}

/** Window values: stream and offset of each. */
export function windowsFrame(...values: [id: number, limit: number][]): Uint8Array {
  const frame = new Uint8Array(COUNTED_HEADER_BYTES + values.length * WINDOW_BYTES);
  writeWindowsHeader(frame, 0, values.length);
  values.forEach(([id, limit], at) => writeWindow(frame, COUNTED_HEADER_BYTES + at * WINDOW_BYTES, id, limit));
  return frame;
}
