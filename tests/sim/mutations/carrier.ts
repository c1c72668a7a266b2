/**
 * Faults of how a carrier reads and writes, and of its log: `lib/session/carrier`.
 *
 * @module
 */
import { fault, fuzzed, type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const CARRIER: readonly Mutation[] = [
  {
    ...fault(
      "what is under way on a carrier that leaves waits for as long as its peer is heard",
      "session/carrier/carrier.ts",
      "    this.#depart();\n    this.#writes.finish(() => this.#sender.leave()",
      "    this.#depart();\n    this.#watch.stop();\n    this.#writes.finish(() => this.#sender.leave()",
    ),
    test: "tests/unit/session/session_carriers_test.ts",
  },
  {
    ...fault(
      "a doubt of a carrier that leaves counts as one of those that stay",
      "session/session_carriers.ts",
      "if (this.attached.areDoubted && !attached.isLeaving) this",
      "if (this.attached.areDoubted || attached.isLeaving) this",
    ),
    test: "tests/unit/session/session_carriers_test.ts",
  },
  fault(
    "a carrier not closed when its session goes on without it",
    "session/carrier/carrier.ts",
    "    this.#duplex.close();\n    this.#done.resolve();",
    "    this.#done.resolve();",
  ),
  fault(
    "the hold of a write ended when its carrier stops",
    "session/carrier/carrier.ts",
    "    this.#duplex.close();\n    this.#done.resolve();",
    "    this.#duplex.close();\n    this.#sender.failed();\n    this.#done.resolve();",
  ),
  fault(
    "a wake-up from an acknowledgement lost",
    "session/carrier/carrier.ts",
    "    if (this.#sender.awaitsRoom) this.wake();\n",
    "",
  ),
  fault(
    "the hold of a write ended by an acknowledgement",
    "session/carrier/carrier.ts",
    "    this.#departure.progressed();\n    if (this.#receiver.isClosed) return;\n",
    "    this.#departure.progressed();\n    if (this.#receiver.isClosed) return;\n    this.#sender.failed();\n",
  ),
  fault(
    "the log freed too early",
    "session/carrier/frame_log.ts",
    "    this.#acknowledged = offset;\n",
    "    this.#acknowledged = offset;\n    offset = this.#handed;\n",
  ),
  fault(
    "an impossible count taken",
    "session/carrier/frame_log.ts",
    "if (!(offset >= this.#acknowledged && offset <= this.#handed)) {",
    "if (offset < 0) {",
  ),
  fault(
    "control frames written over the frames in front of the rest of a piece",
    "session/carrier/frame_log.ts",
    "this.#handed > next.offset ? 0 : next.headroom;",
    "false ? 0 : next.headroom;",
  ),
  fault(
    "a frame cut between two writes",
    "session/carrier/frame_log.ts",
    "endOfFrames(piece, from, maxBytes);",
    "from + maxBytes;",
  ),
  fault(
    "a small piece cut no smaller than others",
    "session/carrier/frame_log.ts",
    "endOfFrames(piece, from, maxBytes);",
    "piece.end;",
  ),
  fault(
    "what carriers left behind counted nowhere",
    "session/carrier/frame_log.ts",
    "    return { pieces, heldBytes, acknowledged: this.#acknowledged, handed: this.#handed };",
    "    this.#budget.change(-heldBytes, -pieces.length);\n" +
      "    return { pieces, heldBytes: 0, acknowledged: this.#acknowledged, handed: this.#handed };",
  ),
  fuzzed(
    "session-frames",
    "data that comes in pieces is one byte off",
    "session/carrier/frame_reader.ts",
    "this.#offset += end - from;",
    "this.#offset += end - from + 1;",
  ),
  fuzzed(
    "session-frames",
    "frames of other types than data cost nothing of a turn",
    "session/carrier/frame_reader.ts",
    "this.#allowance.left -= isCounted(this.#type) ?",
    "if (this.#isData) this.#allowance.left -= isCounted(this.#type) ?",
  ),
  fuzzed(
    "streams",
    "data without a byte, of a stream that was never opened, taken",
    "session/carrier/frame_reader.ts",
    "else this.#sink.data(this.#id, this.#offset, nothing, segment);",
    "else void nothing;",
  ),
  fault(
    "the offset of a frame that comes in parts not moved",
    "session/carrier/frame_reader.ts",
    "    this.#offset += end - from;\n",
    "",
  ),
  fault(
    "the length in front of a frame not counted",
    "session/carrier/frame_reader.ts",
    "if (isCounted(type)) this.#counted += FRAME_HEADER_BYTES;",
    "void isCounted;",
  ),
  fault(
    "the frames of one read taken in one turn, however many",
    "session/carrier/frame_reader.ts",
    "while (at < bytes.length && this.#allowance.left >= 1) {",
    "while (at < bytes.length) {",
  ),
  fault(
    "an unknown counted frame ends its carrier only",
    "session/carrier/frame_receiver.ts",
    "      if (!this.#host.receiveFrame(payload, this.#which)) throw unknownFrame(payload);\n    } catch (error) {\n" +
      "      this.#host.sessionBroken(error);\n    }\n",
    "      if (this.#host.receiveFrame(payload, this.#which)) return;\n    } catch (error) {\n" +
      "      return this.#host.sessionBroken(error);\n    }\n    throw unknownFrame(payload);\n",
  ),
  fault(
    "what comes on a carrier that a receipt has ended is taken",
    "session/carrier/frame_receiver.ts",
    "    this.close();\n    this.#looksFor = type;\n",
    "    this.#looksFor = type;\n",
  ),
  {
    name: "a late byte of the old carrier accepted",
    edits: [
      {
        file: "lib/session/carrier/read_loop.ts",
        from: "        if (this.#isStopped) return;\n        if (count === null)",
        to: "        if (count === null)",
      },
      {
        file: "lib/session/carrier/frame_receiver.ts",
        from: "    if (this.isClosed) return;\n    try {\n      this.#host.receiveData(",
        to: "    try {\n      this.#host.receiveData(",
      },
    ],
  },
  fault(
    "the hold of a write dropped",
    "session/carrier/write_hold.ts",
    "    segment?.retain();\n    this.#segment = segment;\n",
    "    void segment;\n",
  ),
  {
    name: "the memory that frames are gathered in shared by all carriers",
    edits: [
      {
        file: "lib/session/carrier/write_hold.ts",
        from: "return this.#gather ??= new",
        to: "return sharedGather ??= new",
      },
      {
        file: "lib/session/carrier/write_hold.ts",
        from: "export class WriteHold {\n",
        to: "let sharedGather: Uint8Array | undefined;\nexport class WriteHold {\n",
      },
    ],
  },
  fault(
    "a goodbye taken back: its carrier closed behind it with bytes on their way here",
    "session/carrier/write_loop.ts",
    "    await this.#duplex.closeWrite();\n    this.#onFinished?.();\n",
    "    await this.#duplex.closeWrite();\n    this.#duplex.close();\n    this.#onFinished?.();\n",
  ),
  fault(
    "a write to a carrier while another is under way",
    "session/carrier/write_loop.ts",
    "if (this.#isDue) this.#writeDue();\n  }\n",
    "this.#writeNext();\n  }\n",
  ),
  fault(
    "what comes during a write is not asked for behind it",
    "session/carrier/write_loop.ts",
    "if (mayBeMore || this.#isWoken) this.#writeNext();",
    "if (mayBeMore) this.#writeNext();",
  ),
  tested(
    "what comes while the rest of a pull leaves is not asked for",
    "session/carrier/frame_sender.ts",
    "    if (log.hasUnsent) this.#hasAll = false;\n    else this.#pull(nowMs);\n",
    "    if (!log.hasUnsent) this.#pull(nowMs);\n",
  ),
  tested(
    "the path is taken to be as slow as a stream that sends little",
    "session/carrier/frame_sender.ts",
    "    this.#room.lacksData();\n    return false;\n",
    "    return false;\n",
  ),
  tested(
    "frames that are not counted cost nothing of a turn",
    "session/carrier/frame_reader.ts",
    "isCounted(this.#type) ? this.#costOf(this.#type) : 1;",
    "isCounted(this.#type) ? this.#costOf(this.#type) : 0;",
  ),
  tested(
    "pings cost nothing of a turn",
    "session/carrier/frame_reader.ts",
    "    this.#allowance.left--;\n",
    "",
  ),
  tested(
    "a piece goes into the same log twice",
    "session/carrier/log_copy.ts",
    "if (piece === undefined || piece.copies?.isIn(this.to)) return 0;",
    "if (piece === undefined) return 0;",
  ),
  tested(
    "a copy leaves out a piece that is too large",
    "session/carrier/log_copy.ts",
    "if (isHeld || bytes > mostPieceBytes || (copied",
    "if (isHeld || bytes > mostPieceBytes) {\n        this.#at = piece.offset + bytes;\n        continue;\n      }\n      if ((copied",
  ),
  tested(
    "the lane of one carrier goes on another",
    "session/carrier/log_copy.ts",
    " || memory[start + FRAME_HEADER_BYTES] === FrameType.lane;",
    " || memory[start + FRAME_HEADER_BYTES] === FrameType.lane + 0x50;",
  ),
  tested(
    "what another carrier has brought is sent again when this one is gone",
    "session/carrier/copies.ts",
    "if (!this.#isTaken && this.#entries.size === 1) {",
    "if (this.#entries.size === 1) {",
  ),
  tested(
    "what two carriers have is sent again when one of them is gone",
    "session/carrier/copies.ts",
    "if (!this.#isTaken && this.#entries.size === 1) {",
    "if (!this.#isTaken) {",
  ),
  tested(
    "large data of the quiet carrier holds up what is small on another path",
    "session/carrier/log_copy.ts",
    "if ((isHeld || bytes > mostPieceBytes) && isOneOfData(piece)) {",
    "if (bytes < 0 && isOneOfData(piece)) {",
  ),
  tested(
    "an open is passed over, and what follows it copied",
    "session/carrier/log_copy.ts",
    "if ((isHeld || bytes > mostPieceBytes) && isOneOfData(piece)) {",
    "if ((isHeld || bytes > mostPieceBytes) && (isOneOfData(piece) || bytes > 0)) {",
  ),
];
