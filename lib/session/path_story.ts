/**
 * Log lines about paths that go down and come back while others carry on.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Log } from "../net/log.ts";

/** A path that goes down sooner than this behind its return comes and goes, in milliseconds. */
const FLEETING_MS = 60_000;
/** How often in a row that is told. */
const TOLD_ONE_BY_ONE = 5;

/** What was told of one path. */
interface Told {
  /** Whether that it is down was told, or would have been. */
  isDown: boolean;
  /** When it came, by the clock. */
  upSinceMs: number;
  /** How often in a row it went soon. */
  fleeting: number;
}

/**
 * Tells of each of several paths when it is lost, and when it is back: a line each. One that comes and goes is told at
 * level debug from some time on, until it has lasted a minute. Of a single path, and while all are lost, the
 * {@linkcode Outage} tells.
 */
export class PathStory {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #names: readonly string[];
  readonly #told: readonly Told[];

  /** Nothing was told; `names` are those of the paths. */
  constructor(clock: Clock, log: Log, names: readonly string[]) {
    this.#clock = clock;
    this.#log = log;
    this.#names = names;
    this.#told = names.map(() => ({ isDown: false, upSinceMs: -Infinity, fleeting: 0 }));
  }

  /** A path has a carrier. */
  up(path: number): void {
    const told = this.#told[path];
    if (!told.isDown) return;
    told.isDown = false;
    told.upSinceMs = this.#clock.now();
    this.#tell("info", path, "is up");
  }

  /** A path has no carrier any more, or none yet, and others have. */
  down(path: number, reason: string): void {
    const told = this.#told[path];
    if (this.#names.length === 1 || told.isDown) return;
    told.isDown = true;
    const isFleeting = this.#clock.now() - told.upSinceMs < FLEETING_MS;
    told.fleeting = isFleeting ? told.fleeting + 1 : 0;
    const isLast = told.fleeting === TOLD_ONE_BY_ONE;
    const rest = isLast ? "; it comes and goes, which is told again when it has lasted a minute" : "; trying again";
    this.#tell("warn", path, `is down: ${reason}; the session goes on without it${rest}`);
  }

  /** All are lost: what comes of each is told anew. */
  outage(): void {
    for (const told of this.#told) told.isDown = false;
  }

  #tell(level: "info" | "warn", path: number, words: string): void {
    const isTold = this.#told[path].fleeting <= TOLD_ONE_BY_ONE;
    const name = this.#names[path];
    this.#log(isTold ? level : "debug", `the path ${name} ${words}`, { path: name });
  }
}
