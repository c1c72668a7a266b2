/**
 * Frames that the peer wants no more: those of streams that it has reset. Source: `PROTOCOL.md`, "What is sent again".
 *
 * @module
 */
import type { Remains } from "./carrier/frame_log.ts";
import { frameBytesAt, type FrameOwner, type Piece } from "./carrier/piece_queue.ts";
import type { LogBudget } from "./log_budget.ts";

/** Whether nobody waits for a frame of this owner. */
export function isUnwanted(owner: FrameOwner | undefined): boolean {
  return owner !== undefined && owner.isUnwanted;
}

/** A frame that nobody waits for is let go of, though the peer has not taken it. */
export function letGoOf(owner: FrameOwner | undefined): void {
  owner?.frameTaken();
  owner?.frameUnqueued();
}

/**
 * Lets go of the unwanted frames among those that a carrier left behind, and that wait for the peer's receipt.
 *
 * Invariant 5: a peer that resets what it downloads, and goes, leaves nothing that waits for it.
 *
 * @example
 * ```ts
 * import { dropUnwanted } from "./unwanted_frames.ts";
 * import { LogBudget } from "./log_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const remains = { pieces: [], heldBytes: 0, acknowledged: 10, handed: 10 };
 * dropUnwanted(remains, new LogBudget({ limitBytes: 1024 }));
 * assertEquals(remains.pieces, []);
 * ```
 */
export function dropUnwanted(remains: Remains, budget: LogBudget): void {
  remains.pieces = remains.pieces.flatMap((piece) => {
    if (!piece.owners.some(isUnwanted)) return [piece];
    if (piece.copies === undefined) return wantedPartsOf(piece, remains, budget);
    // Other logs have the same memory: all of it goes, or nothing.
    if (!piece.owners.every(isUnwanted)) return [piece];
    dropCopy(piece, budget);
    return [];
  });
}

/** What is left of a piece that no other log has, where each part keeps its place among the carrier's bytes. */
function wantedPartsOf(piece: Piece, remains: Remains, budget: LogBudget): Piece[] {
  const { memory, segment } = piece;
  const parts: Piece[] = [];
  let index = 0, droppedBytes = 0, droppedFrames = 0;
  for (let start = piece.start; start < piece.end;) {
    const bytes = frameBytesAt(memory, start);
    const owner = piece.owners[index++];
    if (isUnwanted(owner)) {
      droppedBytes += bytes;
      droppedFrames++;
      letGoOf(owner);
    } else if (parts.at(-1)?.end === start) {
      parts.at(-1)!.end += bytes;
      parts.at(-1)!.owners.push(owner);
    } else {
      segment?.retain();
      const offset = piece.offset + start - piece.start;
      parts.push({ ...piece, start, end: start + bytes, offset, owners: [owner], headroom: 0 });
    }
    start += bytes;
  }
  segment?.release();
  remains.heldBytes -= droppedBytes;
  budget.change(-droppedBytes, parts.length - 1, -droppedFrames);
  return parts;
}

function dropCopy(piece: Piece, budget: LogBudget): void {
  const { owners, copies } = piece;
  budget.change(0, -1);
  const isLast = copies!.gone(piece, 0);
  if (isLast) piece.segment?.release();
  for (const owner of owners) {
    if (isLast) owner?.frameTaken();
    owner?.frameUnqueued();
  }
}
