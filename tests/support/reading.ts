/**
 * Reading from connections to a length or to the end.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";

const KIB = 1024;

/** What can be read from: a `Duplex`, or a connection of Deno's. */
export interface Source {
  read(into: Uint8Array): Promise<number | null>;
}

/** How one direction of a connection ended, and what came before that. */
export interface Received {
  bytes: Uint8Array;
  /** `"end"` for a clean end of file, otherwise the message of the error. */
  end: string;
}

/** Reads to the end, through a buffer of `bufferBytes`. */
export async function readAll(source: Source, bufferBytes = 64 * KIB): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  await readParts(source, bufferBytes, parts);
  return concat(parts);
}

/** Reads to the end, whatever kind of end it is. */
export async function collect(source: Source, bufferBytes = 64 * KIB): Promise<Received> {
  const parts: Uint8Array[] = [];
  let end = "end";
  try {
    await readParts(source, bufferBytes, parts);
  } catch (error) {
    end = (error as Error).message;
  }
  return { bytes: concat(parts), end };
}

async function readParts(source: Source, bufferBytes: number, parts: Uint8Array[]): Promise<void> {
  const into = new Uint8Array(bufferBytes);
  for (let count = await source.read(into); count !== null; count = await source.read(into)) {
    if (count < 1 || count > bufferBytes) throw new Error(`a read into ${bufferBytes} bytes gave ${count}`);
    parts.push(into.slice(0, count));
  }
}

/** Reads exactly `bytes` bytes; throws if the end comes before. */
export async function readExactly(source: Source, bytes: number): Promise<Uint8Array> {
  const whole = new Uint8Array(bytes);
  for (let filled = 0; filled < bytes;) {
    const count = await source.read(whole.subarray(filled));
    if (count === null) throw new Error(`the connection ended after ${filled} of ${bytes} bytes`);
    filled += count;
  }
  return whole;
}

/** Reads `bytes` bytes as text, or less with `(end)` behind it where the end comes before. */
export async function readText(source: Source, bytes: number): Promise<string> {
  const into = new Uint8Array(bytes);
  for (let filled = 0; filled < bytes;) {
    const count = await source.read(into.subarray(filled));
    if (count === null) return new TextDecoder().decode(into.subarray(0, filled)) + "(end)";
    filled += count;
  }
  return new TextDecoder().decode(into);
}

/** Reads a Web Stream to its end. */
export async function readStream(readable: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return concat(await Array.fromAsync(readable));
}
