/**
 * Drains a process: finds out that it is a tele, tells it, and waits for its end.
 *
 * @module
 */
import { type Clock, sleep } from "../../net/clock.ts";
import { badInput, type TeleError } from "../../net/error.ts";
import { shortenShown } from "../../net/shown_text.ts";
import { formatDuration } from "../values/duration.ts";
import type { ProcessFacts } from "./process_facts.ts";
import { roleOf } from "./tele_words.ts";

/** Interval between two looks at the process, in milliseconds. */
const LOOK_EVERY_MS = 1_000;

/** Interval between two questions how many connections are left, in milliseconds. */
const COUNT_EVERY_MS = 5_000;

/** After so long something is said in any case, in milliseconds. */
const SAY_EVERY_MS = 60_000;

/** Most characters that are shown of the command line of something else. */
const MOST_SHOWN = 80;

/** The process that containers begin with. The system keeps signals from it that it does not listen to. */
const FIRST_PID = 1;

/** The process, as the system shows it, and who is told of it. */
export interface DrainNeeds {
  /** Its number. */
  readonly pid: number;
  /** The name of this program's file. */
  readonly ownName: string;
  /** Time. */
  readonly clock: Clock;
  /** Whether there is such a process, and whether this user may send it signals. */
  readonly presence: () => "there" | "none" | "of another user";
  /** What the system tells of it; `undefined` where nothing here can see that. */
  readonly look: () => Promise<ProcessFacts | undefined>;
  /** Sends it SIGQUIT. */
  readonly quit: () => void;
  /** How many connections it has; `undefined` if nobody tells, or `signal` has aborted. */
  readonly connections: (signal: AbortSignal) => Promise<number | undefined>;
  /** Says something to the user. */
  readonly say: (line: string) => Promise<unknown>;
}

/**
 * Drains it.
 *
 * @returns Settles when it has ended.
 * @throws {TeleError} `bad-input` if it cannot be drained, with what to do; then no signal was sent.
 *
 * @example
 * ```ts
 * import { drain } from "./drain.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const words = ["tele", "--server", "--in=:22"];
 * let isAsked = false;
 * await drain({
 *   pid: 4711,
 *   ownName: "tele",
 *   clock: systemClock,
 *   presence: () => isAsked ? "none" : "there",
 *   look: () => Promise.resolve({ isOver: false, began: "5309", hearsQuit: true, words }),
 *   quit: () => isAsked = true,
 *   connections: () => Promise.resolve(0),
 *   say: () => Promise.resolve(),
 * });
 * assertEquals(isAsked, true);
 * ```
 */
export async function drain(needs: DrainNeeds): Promise<void> {
  const { pid, clock, quit, say } = needs;
  const facts = await identified(needs);
  quit();
  const startMs = clock.now();
  await say(`process ${pid} takes nothing new; this waits until it has ended`);
  const over = new AbortController();
  const telling = tell(needs, startMs, over.signal);
  while (!await hasEnded(needs, facts)) await sleep(clock, LOOK_EVERY_MS);
  over.abort();
  await telling;
  await say(`process ${pid} has ended, after ${formatDuration(clock.now() - startMs)}`);
}

/** What the system tells of it, once that is a tele. */
async function identified({ pid, ownName, presence, look }: DrainNeeds): Promise<ProcessFacts | undefined> {
  const there = presence();
  if (there === "none") throw noProcess(pid);
  if (there === "of another user") {
    throw badInput(`process ${pid} is another user's: drain it as that user, or as root`);
  }
  const facts = await look();
  if (facts === undefined) {
    // In an image without programs. Whatever the first process is, this does not kill it.
    if (pid === FIRST_PID) return undefined;
    throw badInput(
      `nothing here tells what process ${pid} is, and SIGQUIT kills what is no tele: if it is one, ` +
        `send it yourself, as by: kill -QUIT ${pid}`,
    );
  }
  if (facts.isOver) throw noProcess(pid);
  if (roleOf(facts.words, ownName) === undefined) {
    const shown = shortenShown(facts.words.join(" "), MOST_SHOWN);
    throw badInput(
      `process ${pid} is no tele server or client${shown === "" ? "" : ` but ${shown}`}: ` +
        "say which one is by --pid=N",
    );
  }
  if (facts.hearsQuit === false) {
    throw badInput(
      `process ${pid} does not listen to SIGQUIT, which would kill it: it has just been started, so try again, ` +
        "or it is of a version that cannot drain, so end it by SIGTERM",
    );
  }
  return facts;
}

function noProcess(pid: number): TeleError {
  return badInput(`there is no process ${pid}: say by --pid=N which one is to drain`);
}

/** Another process may have its number by now. */
async function hasEnded({ presence, look }: DrainNeeds, before: ProcessFacts | undefined): Promise<boolean> {
  if (presence() === "none") return true;
  if (before === undefined) return false;
  const now = await look();
  return now !== undefined && (now.isOver || now.began !== before.began);
}

/** Says how many connections are left, when that changes, and else once a minute. */
async function tell({ pid, clock, connections, say }: DrainNeeds, startMs: number, over: AbortSignal): Promise<void> {
  let said: number | undefined;
  let saidAtMs = startMs;
  while (!over.aborted) {
    const left = await connections(over);
    if (over.aborted) return;
    const isDue = clock.now() - saidAtMs >= SAY_EVERY_MS;
    if (isDue || (left !== undefined && left !== said)) {
      const what = left === undefined ? `process ${pid} has not ended yet` : `connections left: ${left}`;
      const sinceMs = clock.now() - startMs;
      await say(sinceMs < COUNT_EVERY_MS ? what : `${what}, after ${formatDuration(sinceMs)}`);
      [said, saidAtMs] = [left, clock.now()];
    }
    await sleep(clock, COUNT_EVERY_MS, over);
  }
}
