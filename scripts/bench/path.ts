/**
 * A path of IP packets between two network namespaces: the running `wan.c`.
 *
 * @module
 */
import type { Scenario } from "../../tests/support/scenario.ts";
import { until } from "../../tests/support/wait.ts";
import { Program } from "./program.ts";

/** What a path is like; the same both ways unless said. */
export interface PathOptions {
  roundTripMs: number;
  megabitsPerSecond: number;
  queueKib: number;
  /** Packets that it loses at random. @default {0} */
  lossPercent?: number;
  /** It holds what comes, and lets it pass in bursts. @default {nothing is held} */
  gathers?: { everyMs: number; direction: "both ways" | "towards the near end" };
}

/** Names of two network namespaces. */
export interface Ends {
  near: string;
  far: string;
}

/** The MTU of Ethernet. */
const MTU = 1_500;

const TELL_MS = 5_000;

/** A path that stands. */
export class Path {
  /** The address of its far end. */
  readonly farAddress: string;
  readonly #program: Program;

  private constructor(farAddress: string, program: Program) {
    this.farAddress = farAddress;
    this.#program = program;
  }

  /** Lays path `number` of these two, with the compiled `wan`. It ends with the scenario. */
  static async lay(s: Scenario, wan: string, { near, far }: Ends, number: number, options: PathOptions): Promise<Path> {
    const { roundTripMs, megabitsPerSecond, queueKib, lossPercent, gathers } = options;
    const numbers = [roundTripMs / 2, megabitsPerSecond, queueKib, MTU, number].map(String);
    const program = await Program.start(s, { command: [wan, near, far, ...numbers], says: "ready", listens: true });
    if (lossPercent !== undefined) await program.tell(`loss ${lossPercent}`);
    if (gathers !== undefined) {
      const which = gathers.direction === "both ways" ? "" : " ba";
      await program.tell(`gather ${gathers.everyMs}${which}`);
    }
    return new Path(`10.99.${number}.2`, program);
  }

  /** From now on it loses everything, both ways, and tells nobody. */
  async die(): Promise<void> {
    await this.#program.tell("down");
  }

  /** From now on packets pass again. */
  async revive(): Promise<void> {
    await this.#program.tell("up");
  }

  /** Packets that came through so far, both ways together. */
  async passed(): Promise<number> {
    const before = this.#program.said.length;
    const counts = () => /ab sent (\d+) .*ba sent (\d+) .*\n/.exec(this.#program.said.slice(before));
    await this.#program.tell("stat");
    await until(() => counts() !== null, TELL_MS, "the counts of a path");
    return Number(counts()![1]) + Number(counts()![2]);
  }
}
