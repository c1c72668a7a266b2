/**
 * Notices what no socket reports: that the machine slept, or that its addresses changed.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { isLoopback, unmapped } from "../../net/ip_address.ts";

/** Interval between two looks, in milliseconds. With a longer one while idle, the next look would come too late. */
const STEP_MS = 1_000;
/** A look that is late by this much, by either clock, means that the process did not run; in milliseconds. */
const SLEPT_MS = 3_000;

/** Options of {@linkcode Environment}. */
export interface EnvironmentOptions {
  /** The monotonic clock and the wall clock. */
  clock: Clock;
  /** All addresses of this machine; throws without permission to ask for them. */
  addresses: () => string[];
  /** The machine or the process slept for `awayMs` milliseconds. */
  onWake: (awayMs: number) => void;
  /** The addresses changed. */
  onAddresses: (isLocal: (address: string) => boolean) => void;
}

/**
 * Looks at clocks and addresses once a second.
 *
 * @example
 * ```ts
 * import { Environment } from "./environment.ts";
 * import { systemClock } from "../../net/clock.ts";
 *
 * const environment = new Environment({
 *   clock: systemClock,
 *   addresses: () => ["127.0.0.1"],
 *   onWake: () => console.error("woke up"),
 *   onAddresses: () => console.error("moved"),
 * });
 * environment.stop();
 * ```
 */
export class Environment {
  readonly #options: EnvironmentOptions;
  #timer: Timer | undefined;
  #lastMs: number;
  #lastWallMs: number;
  #addresses: Set<string> | undefined;

  /** Starts looking. */
  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#lastMs = options.clock.now();
    this.#lastWallMs = options.clock.wallNow();
    this.#addresses = this.#readAddresses();
    this.#schedule();
  }

  /** Stops looking. */
  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimer(() => this.#look(), STEP_MS);
  }

  #look(): void {
    const now = this.#options.clock.now();
    const wallNow = this.#options.clock.wallNow();
    // While the machine sleeps only the wall clock goes on; while the process is stopped both do.
    const lateMs = Math.max(now - this.#lastMs, wallNow - this.#lastWallMs) - STEP_MS;
    this.#lastMs = now;
    this.#lastWallMs = wallNow;
    this.#lookAtAddresses();
    if (lateMs >= SLEPT_MS) this.#options.onWake(lateMs);
    this.#schedule();
  }

  #lookAtAddresses(): void {
    const before = this.#addresses;
    const after = this.#addresses = this.#readAddresses();
    if (before === undefined || after === undefined) return;
    if (before.size === after.size && [...after].every((address) => before.has(address))) return;
    this.#options.onAddresses((address) => after.has(compared(address)) || isLoopback(address));
  }

  #readAddresses(): Set<string> | undefined {
    try {
      return new Set(this.#options.addresses().map(compared));
    } catch {
      // No permission (`--allow-sys`): reconnecting works without it, only later.
      return undefined;
    }
  }
}

/** Sockets add a zone to link-local addresses (RFC 4007, 11) and map IPv4 into IPv6; interfaces do neither. */
function compared(address: string): string {
  return unmapped(address.toLowerCase().replace(/%.*$/, ""));
}
