/**
 * Faults of receipts, and of what is sent again: `lib/session`.
 *
 * @module
 */
import { fault, fuzzed, type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const SENDING_AGAIN: readonly Mutation[] = [
  fault(
    "an impossible receipt taken",
    "session/settlement.ts",
    "    if (taken < one.least || taken > one.most) throw",
    "    if (taken < 0) throw",
  ),
  tested(
    "all that was sent taken for arrived where no receipt says so",
    "session/settlement.ts",
    "covered(named, one.least, one)",
    "covered(named, one.most, one)",
  ),
  fault(
    "what a receipt covers sent again",
    "session/remainders.ts",
    "this.#resend.addExpected(remains, taken)",
    "this.#resend.addExpected(remains, Math.max(remains.acknowledged, taken - 100))",
  ),
  fault(
    "what was under way is not sent again",
    "session/remainders.ts",
    "this.#resend.addExpected(remains, taken)",
    "this.#resend.addExpected(remains, remains.handed)",
  ),
  fault(
    "no receipt told by a frame",
    "session/remainders.ts",
    "if (share === undefined || share.quiet) this.#tellReceipts(log);",
    "void this.#tellReceipts;",
  ),
  fault(
    "a receipt that a frame tells one too high",
    "session/remainders.ts",
    "writeReceipt(log.arena, at, receipt);",
    "writeReceipt(log.arena, at, { ...receipt, taken: receipt.taken + 1 });",
  ),
  fault(
    "what a carrier has sent that is left beside others never sent again",
    "session/remainders.ts",
    "remains !== undefined) bytes += this.#resend.addExpected(remains, taken);",
    "remains !== undefined) this.#resend.discard(remains);",
  ),
  tested(
    "the open sent again behind what follows it",
    "session/resend_queue.ts",
    "(this.#lanes.add(frame) ? quiet : bulk).push(frame);",
    "(this.#lanes.add(frame) && frame.type !== FrameType.open ? quiet : bulk).push(frame);",
  ),
  fault(
    "what was sent again and lost goes behind what waits",
    "session/resend_queue.ts",
    "this.#quiet = inOrder([...quiet, ...this.#quiet]);",
    "this.#quiet = [...this.#quiet, ...quiet];",
  ),
  fault(
    "a stream not told that it may go on behind what was sent again",
    "session/resend_queue.ts",
    "    owner?.frameMoved();\n    owner?.frameUnqueued();\n",
    "    owner?.frameMoved();\n",
  ),
  fault(
    "control frames written over what an older carrier's write has",
    "session/resend_queue.ts",
    "log.adopt(memory, start, end, { segment, owner, headroom: 0 });",
    "log.adopt(memory, start, end, { segment, owner, headroom: 64 });",
  ),
  fault(
    "a frame changed after it was handed out",
    "session/resend_queue.ts",
    "      while (frame.start < end) bytes += this.#copyRest(log, frame, Math.min(end - frame.start, MOST_CUT_BYTES));\n",
    "      const at = start - DATA_HEADER_BYTES;\n      const isEnd = frame.type === FrameType.end;\n      writeDataHeader(memory, at, { id: frame.id, offset: frame.offset, length: end - start, isEnd });\n      log.adopt(memory, at, end, { segment, owner, headroom: 0 });\n      bytes = end - at;\n",
  ),
  fault(
    "what is sent again cut no smaller where only small pieces pass",
    "session/resend_queue.ts",
    "bytesOf(frame) <= left) {",
    "bytesOf(frame) <= Math.max(left, COPY_BYTES)) {",
  ),
  fault(
    "what a carrier left behind not given back with its session",
    "session/resend_queue.ts",
    "    this.#uncount(remains);\n    for (const piece of remains.pieces) {\n      if (piece.copies === undefined ||",
    "    for (const piece of remains.pieces) {\n      if (piece.copies === undefined ||",
  ),
  fault(
    "a segment never given back that was sent again",
    "session/resend_queue.ts",
    "      else piece.segment?.release();\n",
    "",
  ),
  fault(
    "a segment freed while its frames wait to be sent again",
    "session/resend_queue.ts",
    "        frame.segment?.retain();\n",
    "",
  ),
  fault(
    "a segment freed under a write when the session ends",
    "session/resend_queue.ts",
    "piece.copies.gone(piece, 0)) piece.segment?.release();",
    "piece.copies.gone(piece, 0)) {\n        while (piece.segment !== undefined && !piece.segment.isExclusive) piece.segment.release();\n        piece.segment?.release();\n      }",
  ),
  fault(
    "what follows an open that is sent again goes on any carrier",
    "session/resend_queue.ts",
    "return openLog === undefined || type === FrameType.open ? isShared : openLog === log;",
    "return (openLog === undefined || type === FrameType.open || openLog !== log) && isShared || isShared;",
  ),
  fuzzed(
    "moved",
    "a header that arrived whole is no wasted bytes",
    "session/waiting_frame.ts",
    "covered > DATA_HEADER_BYTES && isData",
    "covered >= DATA_HEADER_BYTES && isData",
  ),
  tested(
    "frames that the peer has reset kept for as long as their session",
    "session/remainders.ts",
    "    this.#resend.dropUnwanted(settlement.remains);\n",
    "",
  ),
  tested(
    "of what waits to be sent again nothing let go of that the peer has reset",
    "session/resend_queue.ts",
    "    if (!isUnwanted(owner)) return false;\n",
    "    if (frame.id !== 0 || !isUnwanted(owner)) return false;\n",
  ),
  tested(
    "a stream that the peer has reset takes its neighbours with it",
    "session/unwanted_frames.ts",
    "    if (isUnwanted(owner)) {\n",
    "    if (piece.owners.some(isUnwanted)) {\n",
  ),
  tested(
    "the frames between two that were let go of lose their place",
    "session/unwanted_frames.ts",
    "const offset = piece.offset + start - piece.start;",
    "const offset = piece.offset;",
  ),
  tested(
    "memory of frames that were let go of never given back",
    "session/unwanted_frames.ts",
    "  segment?.release();\n",
    "",
  ),
  fault(
    "a stream that resets by itself takes back what it has sent",
    "mux/stream.ts",
    "    const end = this.#breakOff?.peerReset;\n    if (end !== undefined) return this.#end(end);\n",
    "    const end = this.#breakOff?.peerReset;\n    if (end !== undefined) return this.#end(end);\n    this.#frames.resetByPeer();\n",
  ),
  fault(
    "a frame that was cut taken for taken",
    "session/waiting_frame.ts",
    "if (covered >= end - frame.start) {",
    "if (covered > 0) {",
  ),
  fault(
    "a frame that was cut sent again without its offset moved",
    "session/waiting_frame.ts",
    "+ covered - DATA_HEADER_BYTES;",
    ";",
  ),
  fault(
    "a byte left out of a frame that was cut",
    "session/waiting_frame.ts",
    "frame.start += covered;",
    "frame.start += covered + 1;",
  ),
  fault(
    "what a receipt covers not told to its stream",
    "session/waiting_frame.ts",
    "    if (covered >= end - frame.start) {\n      owner?.frameTaken();\n",
    "    if (covered >= end - frame.start) {\n",
  ),
];
