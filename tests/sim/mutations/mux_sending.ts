/**
 * Faults of what streams send, and when they are over: `lib/mux`.
 *
 * @module
 */
import { fault, type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const MUX_SENDING: readonly Mutation[] = [
  fault(
    "a user that takes nothing more is not read to its end",
    "mux/break_off.ts",
    "if (sending.isReadToEnd || !isReadable) return",
    "if (sending.isReadToEnd || isReadable) return",
  ),
  fault(
    "a reset overtakes what came before it",
    "mux/break_off.ts",
    "if ((receiving.hasArrived && isTaken) || this.#failure !== undefined) return this.#options.onEnd(end);",
    "return this.#options.onEnd(end);",
  ),
  fault(
    "a reset does not wait for the data in front of it",
    "mux/break_off.ts",
    "if ((receiving.hasArrived && isTaken) ||",
    "if (isTaken ||",
  ),
  fault(
    "all streams of a lost session cut in one turn",
    "mux/cut_queue.ts",
    "if (this.#timer === undefined) this.#cut(CUTS_A_TURN);",
    "if (this.#timer === undefined) this.#cut(Infinity);",
  ),
  tested(
    "a reset in front of the open that is to be sent again",
    "mux/due_resets.ts",
    "if (reset.frames?.areQueued || !goesInto(",
    "if (!goesInto(",
  ),
  fault(
    "unopened streams lost when the server restarts",
    "mux/link.ts",
    "inherit: (from: Mux, to: Mux) => from.bequeathUnopened(() => to),",
    "inherit: () => {},",
  ),
  fault(
    "window values in frames as large as vanish",
    "mux/mux_constants.ts",
    "export const WINDOWS_A_FRAME = 84;",
    "export const WINDOWS_A_FRAME = 340;",
  ),
  tested(
    "a read buffer given back while a read has it",
    "mux/sending_half.ts",
    "    if (!this.#isReading) this.#chunk.drop();\n",
    "    this.#chunk.drop();\n",
  ),
  fault(
    "an offset off by one",
    "mux/sending_half.ts",
    "const header = { id: this.#id, offset: this.#sent, length, isEnd: false };",
    "const header = { id: this.#id, offset: this.#sent + 1, length, isEnd: false };",
  ),
  fault(
    "credit not kept by the sender",
    "mux/sending_half.ts",
    "const length = Math.min(waiting, room, this.#limit - this.#sent);",
    "const length = Math.min(waiting, room);",
  ),
  fault(
    "a cut stream ended cleanly",
    "mux/stream.ts",
    'else this.#user?.abort(new TeleError("stream-reset", end.message, { cause: end }));',
    "else this.#user?.close();",
  ),
  fault(
    "new data in front of what is to be sent again",
    "mux/stream.ts",
    "this.#isReset || this.#frames.areQueued;",
    "this.#isReset;",
  ),
  fault(
    "a second reset not looked at",
    "mux/stream.ts",
    "    if (this.#ended) return;\n    this.#receiving.end(offset);\n    this.#frames.resetByPeer();\n",
    "    if (this.#ended || this.#isReset) return;\n    this.#receiving.end(offset);\n    this.#frames.resetByPeer();\n",
  ),
  fault(
    "a stream whose peer reset it outlives its session, without its data",
    "mux/stream.ts",
    "if (this.#isReset) return this.#receiving.hasArrived;",
    "if (this.#isReset) return true;",
  ),
  fault(
    "complete when sent, not when taken",
    "mux/stream.ts",
    'if (this.#isEndTaken) this.#end({ kind: "finished" });',
    'if (this.#sending.isEndSent) this.#end({ kind: "finished" });',
  ),
  fault(
    "a session's end that spares streams whose end was only sent",
    "mux/stream.ts",
    "return this.#isEndTaken && this.#receiving.isEnding;",
    "return this.#sending.isEndSent && this.#receiving.isEnding;",
  ),
  fault(
    "the end called taken while a frame waits",
    "mux/stream_frames.ts",
    "return this.#held === 0;",
    "return this.#held <= 1;",
  ),
  fault(
    "bulk pulled beyond the limit of the logs",
    "mux/turns.ts",
    "    let left = Math.min(bulkBytes - urgent, budget.bulkRoom, MOST_PULL_BYTES);",
    "    let left = Math.min(bulkBytes - urgent, budget.bulkRoom + 64 * 1024, MOST_PULL_BYTES);",
  ),
  fault(
    "bulk starves beside a small log",
    "mux/turns.ts",
    "Math.min(bulkBytes - urgent, budget.bulkRoom, MOST_PULL_BYTES)",
    "Math.min(bulkBytes - urgentBytes + Math.min(urgentBytes, budget.room), budget.bulkRoom, MOST_PULL_BYTES)",
  ),
  fault(
    "what follows an open goes on any carrier",
    "mux/turns.ts",
    "openLog === undefined ? isShared : openLog === log;",
    "isShared;",
  ),
  tested(
    "a bulk stream that waited for its turn for a second is quiet, and passes the bound",
    "mux/scheduler.ts",
    "nowMs - sinceMs >= BULK_AFTER_MS) this.#backlog.waited",
    "nowMs - sinceMs >= 1e9 * BULK_AFTER_MS) this.#backlog.waited",
  ),
  tested(
    "a stream that moved to another session has its turn in the former as well",
    "mux/scheduler.ts",
    "    while (queue.first !== undefined && queue.first.turn.waitsIn !== this) queue.shift();\n",
    "",
  ),
  tested(
    "a short stream that waits for its turn among many is bulk",
    "mux/scheduler.ts",
    "    this.#backlog.waits(nowMs);\n",
    "    this.#backlog.waits(nowMs);\n    this.queues(nowMs);\n",
  ),
  tested(
    "what waits among bulk begins to wait with its turn",
    "mux/scheduler.ts",
    "    stream.turn.queues(nowMs);\n",
    "",
  ),
  tested(
    "a stream is quiet while it waits among bulk for more than a second",
    "mux/scheduler.ts",
    "(this.#waitsSinceMs >= 0 || this.#backlog.isBulk(nowMs))",
    "this.#backlog.isBulk(nowMs)",
  ),
  tested(
    "on a path whose turns are far apart nobody ever wishes for carriers",
    "mux/scheduler.ts",
    "this.#backlog.waited(nowMs - turn.backlogMs(nowMs), nowMs);",
    "this.#backlog.waited(nowMs, nowMs);",
  ),
  tested(
    "what came into the memory that all wait with is not copied out of it",
    "mux/read_chunk.ts",
    "if (this.memory === WAITING_MEMORY) this.#copyOut(count, pool);",
    "",
  ),
];
