/**
 * What lies beneath the streams of `node:net` and `node:tls`, as in Node.js: the runtime's handles and how they answer.
 *
 * @module
 */
import process from "node:process";

/** A write or a shutdown that was asked of a handle. */
export interface Request {
  /** Called when it is done, unless that was at once: with 0, or a negative error number. */
  oncomplete(status: number): void;
}

/** The requests, and where handles tell what a call has done. */
export interface StreamBinding {
  /** Makes a request to write. */
  readonly WriteWrap: new () => Request;
  /** Makes a request to end this direction. */
  readonly ShutdownWrap: new () => Request;
  /** What the last call of any handle has done, by the indices below. */
  readonly streamBaseState: Int32Array;
  /** Index of the bytes read, or of a negative error number. */
  readonly kReadBytesOrError: number;
  /** Index of whether the write has to wait. */
  readonly kLastWriteWasAsync: number;
}

/** The end of what the peer sends, in place of a count of bytes; the same on every system. */
export const END_OF_FILE: number = -4095;

/**
 * A part of the runtime by its name in Node.js.
 *
 * @throws If the runtime has none of that name.
 */
export function runtimeBinding(name: string): unknown {
  return (process as unknown as { binding(name: string): unknown }).binding(name);
}

/** The one for streams. Whether it is whole is for the caller to see. */
export function streamBinding(): StreamBinding {
  return runtimeBinding("stream_wrap") as StreamBinding;
}
