/**
 * A worker whose parent has ended without it: it serves who is there, and ends behind the last one.
 *
 * @module
 */
import type { Log } from "../../net/log.ts";
import { parentEnded } from "./life_line.ts";
import { removeIfLast } from "./private_folder.ts";
import type { Seat } from "./seat.ts";

/** What {@linkcode watchParent} needs. */
export interface ParentWatch {
  /** The pipe from the parent: standard input. */
  readonly input: { read(into: Uint8Array): Promise<number | null> };
  /** Which worker this is. */
  readonly seat: Pick<Seat, "folder">;
  /** What is asked to drain, and to leave its ports to others before it. */
  readonly draining: { readonly isAsked: boolean; ask(): void; leavePorts(): void };
  /** Told of it. */
  readonly log: Log;
}

/** Hears the parent, and drains when that has ended: a worker that nobody starts again, upgrades or ends must not stay for ever. */
export function watchParent({ input, seat, draining, log }: ParentWatch): { clean(): Promise<void> } {
  let isOrphan = false;
  parentEnded(input, () => draining.leavePorts()).then(() => {
    isOrphan = true;
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
