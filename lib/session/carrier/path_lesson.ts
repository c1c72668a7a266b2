/**
 * What carriers of one path taught about large packets there.
 *
 * @module
 */
import { hostOfPeer } from "../../net/address.ts";
import type { Duplex } from "../../net/duplex.ts";
import { type Caution, NO_CAUTION } from "./pace.ts";

/** From where to where a connection goes: the same for all of one path. */
export function pathOf({ localAddress, peer }: Pick<Duplex, "localAddress" | "peer">): string {
  return `${localAddress} ${hostOfPeer(peer)}`;
}

/**
 * Keeps the caution that {@linkcode Pace} begins with, for the next carrier on the same path. On another path nothing is
 * known: the machine may have moved to a network where all is well. A pure core.
 *
 * Source: `PROTOCOL.md`, "Small pieces".
 *
 * @example
 * ```ts
 * import { PathLesson } from "./path_lesson.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lesson = new PathLesson();
 * const caution = { level: 1, heldUntilMs: 0 };
 * const [home, train] = ["192.0.2.7", "198.51.100.3"].map((localAddress) => ({ peer: "server:40300", localAddress }));
 * assertEquals(lesson.cautionOn(home).level, 0);
 * lesson.learned(caution, false);
 * assertEquals([home, train, home].map((path) => lesson.cautionOn(path).level), [1, 0, 0]);
 * ```
 */
export class PathLesson {
  #caution = NO_CAUTION;
  #path = "";

  /** The caution for a carrier on `duplex`. */
  cautionOn(duplex: Pick<Duplex, "localAddress" | "peer">): Caution {
    const path = pathOf(duplex);
    if (path !== this.#path) this.#caution = NO_CAUTION;
    this.#path = path;
    return this.#caution;
  }

  /**
   * A carrier there is gone, and leaves this caution: another one may have left more.
   *
   * @param isProven Whether it has shown that large pieces pass.
   */
  learned(caution: Caution, isProven: boolean): void {
    const { level, heldUntilMs } = this.#caution;
    const isMore = caution.level > level || (caution.level === level && caution.heldUntilMs > heldUntilMs);
    if (isProven || isMore) this.#caution = caution;
  }
}

/** The lessons of a client's paths, each by its number: what one of them swallows the others may let pass. */
export class PathLessons {
  readonly #lessons: Map<number, PathLesson> = new Map();

  /** Of the path of this number. */
  of(path: number): PathLesson {
    let lesson = this.#lessons.get(path);
    if (lesson === undefined) this.#lessons.set(path, lesson = new PathLesson());
    return lesson;
  }
}
