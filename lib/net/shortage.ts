/**
 * Connecting when this machine has, for now, nothing left to connect with.
 *
 * @module
 */
import type { Clock, Timer } from "./clock.ts";
import { DESCRIPTOR_PAUSE_MS, hasSpareDescriptors, isOutOfDescriptors } from "./descriptors.ts";

/**
 * What one more connection lacks: this process a file descriptor, its machine a local port, or who listens on a unix
 * socket a place for those that it has not accepted yet.
 */
export type Shortage = "descriptors" | "ports" | "backlog";

/** Pause between two who waited, once there is enough, in milliseconds: the first must have taken what it needs. */
const NEXT_MS = 2;

/**
 * What a connection could not be made for want of, if that was it.
 *
 * @example
 * ```ts
 * import { shortageOf } from "./shortage.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(shortageOf(Object.assign(new Error("connect EMFILE"), { code: "EMFILE" })), "descriptors");
 * assertEquals(shortageOf(new Error("connection refused")), undefined);
 * ```
 */
export function shortageOf(error: unknown): Shortage | undefined {
  if (isOutOfDescriptors(error)) return "descriptors";
  if (isOutOfPorts(error)) return "ports";
  // Of a unix socket in Linux. Where a program of the user's would wait in `connect`, this runtime must not.
  if (error instanceof Deno.errors.WouldBlock) return "backlog";
  const cause = (error as { cause?: unknown } | undefined)?.cause;
  return cause === undefined ? undefined : shortageOf(cause);
}

/**
 * Connections that have just ended hold their ports for a minute (TIME_WAIT), 28,000 of them to one address in Linux.
 */
function isOutOfPorts(error: unknown): boolean {
  const { code, address } = (error ?? {}) as { code?: string; address?: string };
  if (code !== "EADDRNOTAVAIL" && !(error instanceof Deno.errors.AddrNotAvailable)) return false;
  // The same is said where there is no IPv6, which does not pass.
  return !address?.includes(":") || hasIPv6();
}

function hasIPv6(): boolean {
  try {
    return Deno.networkInterfaces().some(({ family }) => family === "IPv6");
  } catch {
    return true;
  }
}

/**
 * Outlasts shortages: connects again while this machine lacks what a connection needs, so that the user sees a slow
 * connection instead of an error.
 *
 * Those who have to wait stand in a line, and one look at what there is serves the whole line.
 *
 * @example
 * ```ts
 * import { systemClock } from "./clock.ts";
 * import { Shortages } from "./shortage.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const shortages = new Shortages(systemClock, (shortage) => console.error(`no ${shortage} left`));
 * assertEquals(await shortages.outlast("example.com:22", () => Promise.resolve(1), new AbortController().signal), 1);
 * ```
 */
export class Shortages {
  readonly #clock: Clock;
  readonly #onShortage: (shortage: Shortage) => void;
  /** Descriptors are short for everyone, the others for those who go to the same address. */
  readonly #lines: Map<string, Line> = new Map();

  /** `onShortage` is called for each that has to wait, once. */
  constructor(clock: Clock, onShortage: (shortage: Shortage) => void) {
    this.#clock = clock;
    this.#onShortage = onShortage;
  }

  /**
   * Does what `connect` does, as often as it takes.
   *
   * @param to Where it leads.
   * @throws What `connect` rejects with, unless that is a shortage; when `signal` aborts, its reason.
   */
  async outlast<Connection>(to: string, connect: () => Promise<Connection>, signal: AbortSignal): Promise<Connection> {
    for (let waits = false;; waits = true) {
      signal.throwIfAborted();
      try {
        return await connect();
      } catch (error) {
        const shortage = shortageOf(error);
        if (shortage === undefined) throw error;
        if (!waits) this.#onShortage(shortage);
        await this.#line(shortage === "descriptors" ? "" : to).wait(signal, waits);
      }
    }
  }

  #line(name: string): Line {
    let line = this.#lines.get(name);
    if (line === undefined) {
      line = new Line(this.#clock, () => this.#lines.delete(name));
      this.#lines.set(name, line);
    }
    return line;
  }
}

/** Those who wait for the same thing. */
class Line {
  readonly #clock: Clock;
  readonly #onEmpty: () => void;
  readonly #waiting: Set<() => void> = new Set();
  #timer: Timer | undefined;

  constructor(clock: Clock, onEmpty: () => void) {
    this.#clock = clock;
    this.#onEmpty = onEmpty;
  }

  /** Settles when it is time to try once more, or `signal` aborts. `again`: it was, in vain. */
  wait(signal: AbortSignal, again: boolean): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    if (again || this.#timer === undefined) this.#lookIn(DESCRIPTOR_PAUSE_MS);
    return new Promise((resolve) => {
      const leave = () => {
        signal.removeEventListener("abort", leave);
        this.#waiting.delete(leave);
        if (this.#waiting.size === 0) this.#end();
        resolve();
      };
      this.#waiting.add(leave);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #lookIn(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => this.#look(), delayMs);
  }

  #look(): void {
    const isSpare = hasSpareDescriptors();
    this.#lookIn(isSpare ? NEXT_MS : DESCRIPTOR_PAUSE_MS);
    if (!isSpare) return;
    const [first] = this.#waiting;
    first?.();
  }

  #end(): void {
    this.#timer?.cancel();
    this.#onEmpty();
  }
}
