/**
 * The user's server: it sends back what it gets.
 *
 * @module
 */
import type { Duplex } from "../../lib/net/duplex.ts";

/** One connection to it, with no more memory than one needs that says a byte at a time. */
export class EchoService implements Duplex {
  readonly peer = "10.1.0.1:5432";
  #bytes: Uint8Array[] = [];
  #hasEnded = false;
  #reader: { into: Uint8Array; resolve: (count: number | null) => void; reject: (error: Error) => void } | undefined;

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.#reader = { into, resolve, reject };
      this.#deliver();
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#bytes.push(bytes.slice());
    this.#deliver();
    return Promise.resolve();
  }

  closeWrite(): Promise<void> {
    this.#hasEnded = true;
    this.#deliver();
    return Promise.resolve();
  }

  abort(): void {
    this.close();
  }

  close(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(new Error("closed"));
  }

  #deliver(): void {
    const reader = this.#reader, [first] = this.#bytes;
    if (reader === undefined || (first === undefined && !this.#hasEnded)) return;
    this.#reader = undefined;
    if (first === undefined) return reader.resolve(null);
    const count = Math.min(first.length, reader.into.length);
    reader.into.set(first.subarray(0, count));
    if (count === first.length) this.#bytes.shift();
    else this.#bytes[0] = first.subarray(count);
    reader.resolve(count);
  }
}
