/**
 * Faults of what streams receive, and the credit for it: `lib/mux`.
 *
 * @module
 */
import { fault, fuzzed, type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const MUX_RECEIVING: readonly Mutation[] = [
  fuzzed(
    "streams",
    "a byte beyond the window taken, in order",
    "mux/arrivals.ts",
    "      if (end > granted) {",
    "      if (end > granted + 1) {",
  ),
  fault(
    "data that comes again delivered twice",
    "mux/arrivals.ts",
    "return known === 0 ? bytes : bytes.subarray(known);",
    "return bytes;",
  ),
  fault(
    "early data delivered at once",
    "mux/arrivals.ts",
    "    if (offset > this.#received) {\n",
    "    if (offset > 2 ** 53) {\n",
  ),
  fault("credit not enforced by the receiver", "mux/arrivals.ts", "if (end > granted) {", "if (end < 0) {"),
  fault(
    "a window credited twice",
    "mux/credit.ts",
    "    this.#consumed += bytes;\n",
    "    this.#consumed += 2 * bytes;\n",
  ),
  fault(
    "the memory by which a window grew not given back with its stream",
    "mux/credit.ts",
    "    this.#growth.give(this.#size - this.#start);\n    this.#size = this.#start;\n",
    "    this.#size = this.#start;\n",
  ),
  fuzzed(
    "streams",
    "a final offset one below what came taken",
    "mux/final_offset.ts",
    "if (offset < this.#came) {",
    "if (offset < this.#came - 1) {",
  ),
  fault(
    "a second end taken, wherever it is",
    "mux/final_offset.ts",
    "    if (offset === this.#final) return;\n    if (this.#final !== undefined) {",
    "    if (offset === this.#final || this.#final !== undefined) return;\n    if (this.#final !== undefined) {",
  ),
  fault(
    "data behind the end taken",
    "mux/final_offset.ts",
    "if (this.#final !== undefined && end > this.#final) {",
    "if (end < 0) {",
  ),
  fault(
    "the end told before the data in front of it",
    "mux/inbound.ts",
    "  finish(): void {\n",
    "  finish(): void {\n    this.#queue = [];\n",
  ),
  fault(
    "a user that still sends told that both directions have ended",
    "mux/inbound.ts",
    "closeWrite(this.#other.isEndSent)",
    "closeWrite(true)",
  ),
  fault(
    "a segment reused while it is written",
    "mux/inbound.ts",
    "        segment.retain();\n        return this.#write(",
    "        return this.#write(",
  ),
  fault(
    "a segment reused while it waits to be written",
    "mux/inbound.ts",
    "      segment.retain();\n      this.#queue.push(",
    "      this.#queue.push(",
  ),
  fault(
    "a write to a user while another waits",
    "mux/inbound.ts",
    "if (this.#user !== undefined && !this.#isWriting) {",
    "if (this.#user !== undefined) {",
  ),
  fault(
    "a fault while data is taken swallowed",
    "mux/mux.ts",
    "    stream.reset(ResetCode.reset, faultOf(error).message);\n",
    "    void stream, faultOf;\n",
  ),
  fault(
    "windows not told again when they were lost",
    "mux/mux.ts",
    "if (stream !== undefined) this.turns.windowLost(stream);",
    "void stream;",
  ),
  fault(
    "a half-close dropped",
    "mux/mux.ts",
    "this.#receiveLast(id, (stream) => stream.receiveEnd(offset));",
    "void [id, offset];",
  ),
  fault(
    "a reset ignored",
    "mux/mux.ts",
    "this.#receiveLast(reset.id, (stream) => stream.receiveReset(reset));",
    "void reset;",
  ),
  fuzzed(
    "streams",
    "a server's streams with the numbers of its client",
    "mux/stream_table.ts",
    "{ client: 1, server: 2 };",
    "{ client: 1, server: 1 };",
  ),
  tested(
    "a service that was not offered is dialled",
    "mux/offers.ts",
    "wanted.service !== undefined && names.includes(wanted.service)",
    "wanted.service !== undefined && names.length > 0",
  ),
  tested(
    "a name that two sessions have",
    "session/offered_names.ts",
    'return isNext ? "has" : "waits";',
    'return isNext || queue.length > 0 ? "has" : "waits";',
  ),
  tested(
    "a client that comes back waits behind all others",
    "session/offered_names.ts",
    "return former === -1 ? queue.length : former + 1;",
    "return former === -1 ? queue.length : queue.length;",
  ),
  tested(
    "users who wait lost with the session of a client that another one stands in for",
    "session/session_offers.ts",
    "this.#taken.bequeath?.(upper, (service) => this.offererOf(service));",
    "void upper;",
  ),
  fuzzed(
    "streams",
    "a service that is not there refused for want of room",
    "mux/peer_opens.ts",
    "return this.#refuse(id, ResetCode.refused,",
    "return this.#refuse(id, ResetCode.limit,",
  ),
  fuzzed(
    "streams",
    "a service's name taken beside the number of another",
    "session/frames.ts",
    ": open.service === serviceNumber(name);",
    ": open.service !== 0;",
  ),
  tested(
    "dials for streams that came to a good end count against those that follow",
    "mux/dial_queue.ts",
    "this.#left + 1);",
    "this.#left + 0.5);",
  ),
  fault(
    "an open that comes again opens a stream",
    "mux/peer_opens.ts",
    "if (!streams.see(id)) return;",
    "streams.see(id);",
  ),
  fault(
    "streams opened whatever memory is left",
    "mux/peer_starts.ts",
    "if (this.#hasMemoryFor(bytes)) return undefined;",
    "if (bytes >= 0) return undefined;",
  ),
  fault(
    "a peer that takes more start credit than it was told of",
    "mux/peer_starts.ts",
    "if (!this.#hasRoomFor(bytes, streams)) {",
    "if (bytes < 0) {",
  ),
  fault(
    "a stream that the peer has reset keeps the credit that it took",
    "mux/peer_starts.ts",
    "if (!stream.hasArrived) return;",
    "if (stream.waitingBytes >= 0) return;",
  ),
  fuzzed(
    "streams",
    "a gap that is closed from the front is still counted",
    "mux/reassembly.ts",
    "if (front.offset > this.#received) this.#closeGap();",
    "",
  ),
  fuzzed(
    "streams",
    "early pieces of a stream that is over still cost memory",
    "mux/reassembly.ts",
    "this.#gaps = this.#heldBytes = this.#roomBytes = 0;\n    this.#charge();",
    "this.#gaps = this.#heldBytes = this.#roomBytes = 0;",
  ),
  fault(
    "what is early delivered with what was known of it",
    "mux/reassembly.ts",
    "return front.handOver(received);",
    "return front.handOver(front.offset);",
  ),
  fault(
    "frames of a stream that was never opened ignored",
    "mux/stream_table.ts",
    "if (!isOver) {",
    "if (isOver === undefined) {",
  ),
];
