/**
 * A worker whose parent has ended without it: it serves who is there, and ends behind the last one.
 *
 * @module
 */
import { reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import type { DrainingProcess } from "../roles/draining_process.ts";
import { parentEnded } from "./life_line.ts";
import { removeIfLast } from "./private_folder.ts";
import type { Seat } from "./seat.ts";

/** What {@linkcode watchParent} needs. */
export interface ParentWatch {
  /** The pipe from the parent: standard input. */
  readonly input: { read(into: Uint8Array): Promise<number | null> };
  /** Which worker this is. */
  readonly seat: Pick<Seat, "folder">;
  /** What is asked to drain, and to leave its ports to others meanwhile. */
  readonly draining: Pick<DrainingProcess, "isAsked" | "ask" | "hasLeftPorts" | "leavePorts" | "returnToPorts">;
  /** Told of it. */
  readonly log: Log;
}

/** Hears the parent, and drains when that has ended: a worker that nobody starts again, upgrades or ends must not stay for ever. */
export function watchParent({ input, seat, draining, log }: ParentWatch): { clean(): Promise<void> } {
  let isOrphan = false;
  const listenAgain = (why: string) => {
    // Those that followed may have no connections: they end before it.
    if (draining.hasLeftPorts) returnToPorts(draining, log, why);
  };
  parentEnded(input, {
    onLeavePorts: () => draining.leavePorts(),
    onReturnToPorts: () => listenAgain("all workers drain"),
  }).then(() => {
    isOrphan = true;
    listenAgain("the parent has ended");
    if (draining.isAsked) return;
    log(
      "warn",
      "the parent has ended without its workers: this one takes nobody new, and ends with its last connection",
    );
    draining.ask();
  });
  return {
    /** At the end: what the parent would have removed goes with the last worker. */
    async clean() {
      if (isOrphan && seat.folder !== undefined) await removeIfLast(seat.folder);
    },
  };
}

function returnToPorts(draining: ParentWatch["draining"], log: Log, why: string): void {
  draining.returnToPorts().then(
    () => log("info", `${why}: this worker listens again, for who comes back to its connections`),
    (error) => log("warn", `${why}, and this worker cannot listen again: ${reasonOf(error)}`),
  );
}
