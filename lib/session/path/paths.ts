/**
 * The paths of a session: what each may have under way.
 *
 * @module
 */
import type { Flight } from "./flight.ts";
import { PathBound, type PathBoundOptions } from "./path_bound.ts";

/** The quiet carrier of a path, which has no backlog of its own while others of that path have bulk. */
export interface ProbingCarrier {
  /** Its path. */
  readonly path: string;
  /** What it has under way. */
  readonly room: { readonly flight: Flight };
  /** Sends a probe that wants a reply. */
  ask(): void;
}

/**
 * Keeps a bound for each path on which carriers of a session are.
 *
 * Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example Carriers of one path share its bound, those of another have their own
 * ```ts
 * import { Paths } from "./paths.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const paths = new Paths();
 * const [one, other, elsewhere] = ["wifi", "wifi", "cable"].map((path) => paths.join(path));
 * one.onSend(0, 20_000);
 * assertEquals([other.room(), elsewhere.room()].map((room) => room < 20_000), [true, false]);
 * ```
 */
export class Paths {
  readonly #bounds: Map<string, PathBound> = new Map();

  /** A carrier begins on this path, with nothing under way; `options` are for the first one on it. */
  join(path: string, options?: PathBoundOptions): Flight {
    let bound = this.#bounds.get(path);
    if (bound === undefined) {
      // Of those that nobody is on any more nothing is remembered.
      for (const [name, { isUnused }] of this.#bounds) if (isUnused) this.#bounds.delete(name);
      this.#bounds.set(path, bound = new PathBound(options));
    }
    return bound.join();
  }

  /**
   * Asks on each path what queue its bulk makes, if that is due.
   *
   * @param quiets The quiet carrier of each path.
   */
  probe(quiets: Iterable<ProbingCarrier>, nowMs: number): void {
    for (const carrier of quiets) {
      const bound = this.#bounds.get(carrier.path);
      if (!bound?.isShared) continue;
      bound.setQuiet(carrier.room.flight);
      if (!bound.isProbeDue(nowMs)) continue;
      bound.onProbe(nowMs);
      carrier.ask();
    }
  }
}
