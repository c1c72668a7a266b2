/**
 * A TCP connection between two machines in memory, as light as a hundred thousand of them need.
 *
 * The networks of `tests/support` disturb one connection in every way, and watch all memory that is lent. This one only
 * takes its time, and swallows what goes to a machine that is lost.
 *
 * @module
 */
import type { Clock } from "../../lib/net/clock.ts";
import type { Duplex } from "../../lib/net/duplex.ts";

/** What went over the wires of one kind. */
export interface Traffic {
  /** Connections that were opened. */
  wires: number;
  /** Writes with bytes. */
  messages: number;
  bytes: number;
}

/** Where ends of wires are. */
export class Machine {
  /** Nothing comes from there, and nothing gets there. */
  isLost = false;
  readonly #ends: Set<WireEnd> = new Set();

  /** Ends that are not closed. */
  get open(): number {
    return this.#ends.size;
  }

  /** The process there is gone: its kernel resets what it held. */
  reset(): void {
    for (const end of [...this.#ends]) end.abort();
  }

  /** Nobody who is there waits for anything any more. */
  forget(): void {
    for (const end of this.#ends) end.forget();
    this.#ends.clear();
  }

  /** @internal */
  add(end: WireEnd): void {
    this.#ends.add(end);
  }

  /** @internal */
  remove(end: WireEnd): void {
    this.#ends.delete(end);
  }
}

/** What a wire is made of. */
export interface WireOptions {
  readonly clock: Clock;
  /** From one end to the other, in milliseconds. */
  readonly delayMs: number;
  readonly traffic: Traffic;
  readonly near: Machine;
  readonly far: Machine;
  /** What the far end knows the near one as. */
  readonly peer: string;
}

/** Connects two machines: returns the near end and the far one. */
export function wire(options: WireOptions): [near: WireEnd, far: WireEnd] {
  const near = new WireEnd(options, options.near, "10.255.255.254:40300");
  const far = new WireEnd(options, options.far, options.peer);
  near.other = far;
  far.other = near;
  options.traffic.wires++;
  return [near, far];
}

interface Reader {
  readonly into: Uint8Array;
  readonly onRead: (count: number | null) => void;
  readonly onFailed: (error: unknown) => void;
}

/** One end. What it is given to write it copies at once, as a kernel does that has room. */
export class WireEnd implements Duplex {
  readonly peer: string;
  other!: WireEnd;
  readonly #options: WireOptions;
  readonly #machine: Machine;
  #arrived: Uint8Array[] = [];
  #reader: Reader | undefined;
  /** What reading comes to behind the bytes that have arrived: the end, or an error. */
  #end: "none" | "fin" | Error = "none";
  #isClosed = false;
  #hasEnded = false;

  /** @internal */
  constructor(options: WireOptions, machine: Machine, peer: string) {
    this.#options = options;
    this.#machine = machine;
    this.peer = peer;
    machine.add(this);
  }

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => this.readWith(into, resolve, reject));
  }

  readWith(into: Uint8Array, onRead: Reader["onRead"], onFailed: Reader["onFailed"]): void {
    if (this.#isClosed) return onFailed(closedHere());
    this.#reader = { into, onRead, onFailed };
    this.#deliver();
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.writeNow(bytes);
  }

  writeNow(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isClosed) return Promise.reject(closedHere());
    if (this.#end instanceof Error) return Promise.reject(this.#end);
    const { traffic } = this.#options;
    traffic.messages++;
    traffic.bytes += bytes.length;
    const copy = bytes.slice();
    this.#send((to) => to.#takeBytes(copy));
    return undefined;
  }

  closeWrite(): Promise<void> {
    if (!this.#hasEnded) this.#send((to) => to.#takeEnd("fin"));
    this.#hasEnded = true;
    return Promise.resolve();
  }

  abort(): void {
    if (this.#isClosed) return;
    this.#send((to) => to.#takeEnd(new Deno.errors.ConnectionReset("connection reset")));
    this.#close();
  }

  close(): void {
    if (this.#isClosed) return;
    // With bytes unread it is a reset (RFC 2525, 2.17).
    if (this.#arrived.length > 0) return this.abort();
    void this.closeWrite();
    this.#close();
  }

  /** What stands in between ends it, and the other end is not told. */
  giveUp(): void {
    if (!this.#isClosed) this.#takeEnd(new Deno.errors.ConnectionReset("connection reset"));
  }

  /** @internal */
  forget(): void {
    this.#isClosed = true;
    this.#reader = undefined;
    this.#arrived = [];
  }

  #close(): void {
    this.#isClosed = true;
    this.#machine.remove(this);
    this.#arrived = [];
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.onFailed(closedHere());
  }

  #send(arrive: (to: WireEnd) => void): void {
    const { clock, delayMs } = this.#options;
    const to = this.other;
    if (this.#machine.isLost) return;
    clock.setTimer(() => to.#machine.isLost || arrive(to), delayMs);
  }

  #takeBytes(bytes: Uint8Array): void {
    // Who closed answers with a reset.
    if (this.#isClosed) return this.#send((to) => to.#takeEnd(new Deno.errors.ConnectionReset("connection reset")));
    this.#arrived.push(bytes);
    this.#deliver();
  }

  #takeEnd(end: "fin" | Error): void {
    if (this.#isClosed || this.#end instanceof Error) return;
    this.#end = end;
    if (end !== "fin") this.#arrived = [];
    this.#deliver();
  }

  #deliver(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const first = this.#arrived[0];
    if (first === undefined && this.#end === "none") return;
    this.#reader = undefined;
    if (first !== undefined) {
      const count = Math.min(first.length, reader.into.length);
      reader.into.set(first.subarray(0, count));
      if (count === first.length) this.#arrived.shift();
      else this.#arrived[0] = first.subarray(count);
      reader.onRead(count);
    } else if (this.#end === "fin") {
      reader.onRead(null);
    } else {
      reader.onFailed(this.#end);
    }
  }
}

function closedHere(): Error {
  return new Deno.errors.Interrupted("closed here");
}
