/**
 * Small deliberate faults, each of which the simulator, or a fuzz target, must catch: a survivor is a hole in the model.
 *
 * A fault is a replacement of text. When the code has changed and a text is gone, the fault is to be put anew.
 *
 * @module
 */

/** One replacement: `from` occurs in `file` exactly once. */
export interface Edit {
  file: string;
  from: string;
  to: string;
}

/** One fault. */
export interface Mutation {
  name: string;
  edits: Edit[];
  /** The fuzz target that is to catch it, in place of the simulator. */
  fuzz?: string;
}

function fault(name: string, file: string, from: string, to: string): Mutation {
  return { name, edits: [{ file: `lib/${file}`, from, to }] };
}

/** A fault that a fuzz target is to catch. */
function fuzzed(fuzz: string, name: string, file: string, from: string, to: string): Mutation {
  return { ...fault(name, file, from, to), fuzz };
}

/** A message decoder that takes whatever stands behind the end. */
const OPEN_END: Edit = {
  file: "lib/net/bytes.ts",
  from: "    if (left > 0) throw",
  to: "    if (left < 0) throw",
};

/** All faults. */
export const MUTATIONS: readonly Mutation[] = [
  fault(
    "a slow path given up: what an answer waits behind is not counted",
    "session/carrier/liveness.ts",
    "REPLY_DUE_MS + patienceFor(answerMs) + this.#extraMs;",
    "REPLY_DUE_MS + this.#extraMs;",
  ),
  fault(
    "a slow path given up: bytes that come excuse no answer",
    "session/carrier/answer_time.ts",
    "const SIGNS_OF_LIFE_BYTES = 50;",
    "const SIGNS_OF_LIFE_BYTES = 1e12;",
  ),
  fault(
    "a black hole taken for a slow path: a doubted carrier is never dialled beside",
    "session/session_carriers.ts",
    "if (this.attached.areDoubted) this.#options.onDoubted?.();\n    else",
    "if (this.attached.areDoubted) return;\n    else",
  ),
  fault(
    "a carrier that is dead one way: a lack of progress is no reason for doubt",
    "session/carrier/liveness.ts",
    "if (this.#stalledMs >= replyDueMs + queuedMs) this",
    "if (this.#stalledMs < 0) this",
  ),
  fault(
    "a carrier that is dead one way: a question without an answer is no reason for doubt",
    "session/carrier/liveness.ts",
    'if (this.#answer.waitedMs >= replyDueMs) this.#doubt ??= "unanswered";',
    "",
  ),
  fault(
    "a carrier that died in a sleep: what waited in the machine is taken for a sign of life",
    "session/carrier/suspicion.ts",
    "if (this.#pauseMs >= PAUSE_MS || this.#awakeMs >= BACKLOG_MS) this",
    "this",
  ),
  fault(
    "a carrier that died in a sleep: the round trip is the length of the sleep, read before it is known",
    "session/carrier/liveness.ts",
    "if (!isLate) this.#roundTripMs = ",
    "this.#roundTripMs = ",
  ),
  fault(
    "a carrier that died in a sleep: the round trip is the length of the sleep, read behind it",
    "session/carrier/liveness.ts",
    "    this.#awakeRoundTripMs = this.#roundTripMs;\n",
    "",
  ),
  fault(
    "a server that has forgotten the session is not believed beside a doubted carrier",
    "session/session_client.ts",
    "    } else {\n      const { limits: { resumeTimeoutMs } }",
    "    } else {\n      if (session.carrier !== undefined) throw givenUp();\n      const { limits: { resumeTimeoutMs } }",
  ),
  {
    name: "a doubted carrier that spoke is taken over all the same",
    edits: [
      {
        file: "lib/session/reconnect/redial.ts",
        from: "    this.#isBeside = false;\n    this.#loop?.stop();",
        to: "    this.#isBeside = false;",
      },
      { file: "lib/session/carrier_count.ts", from: "    if (doubt === undefined) return;\n", to: "" },
      {
        file: "lib/session/carrier_count.ts",
        from: "`${tellDoubt(doubt)} while",
        to: '`${tellDoubt(doubt ?? { kind: "silent", ms: 0 })} while',
      },
      {
        file: "lib/session/reconnect/doubt.ts",
        from: "return !signal.aborted && (isOver() || session.doubt !== undefined);",
        to: "return !signal.aborted;",
      },
    ],
  },
  fault(
    "a goodbye taken back: its carrier closed behind it with bytes on their way here",
    "session/carrier/write_loop.ts",
    "    await this.#duplex.closeWrite();\n    this.#onFinished?.();\n",
    "    await this.#duplex.closeWrite();\n    this.#duplex.close();\n  }\n",
  ),
  {
    name: "a goodbye that waits half a second, whatever is in front of it",
    edits: [
      {
        file: "lib/session/carrier/farewell.ts",
        from: "nowMs + this.#stepMs + neededMs);",
        to: "nowMs + 500 + 0 * neededMs);",
      },
      {
        file: "lib/session/carrier/farewell.ts",
        from: "Math.min(this.#endMs, Math.max(this.#untilMs, nowMs + this.#stepMs));",
        to: "Math.min(this.#endMs, this.#untilMs + 0 * nowMs);",
      },
    ],
  },
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
    "two commits at a time",
    "session/reconnect/reconnect.ts",
    "if (this.#done || this.#committing !== undefined) return;",
    "if (this.#done) return;",
  ),
  fault(
    "the loop ends though nothing was attached",
    "session/carrier_count.ts",
    "resumeTimeoutMs })) throw dropped(handshake);",
    "resumeTimeoutMs })) dropped(handshake);",
  ),
  fault(
    "a window credited twice",
    "mux/credit.ts",
    "    this.#consumed += bytes;\n",
    "    this.#consumed += 2 * bytes;\n",
  ),
  fault(
    "the end told before the data in front of it",
    "mux/inbound.ts",
    "  finish(): void {\n",
    "  finish(): void {\n    this.#queue = [];\n",
  ),
  fault(
    "a cut stream ended cleanly",
    "mux/stream.ts",
    "else this.#user?.abort(end.message);",
    "else this.#user?.close();",
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
    "a write to a carrier while another is under way",
    "session/carrier/write_loop.ts",
    "if (this.#isDue) this.#writeDue();\n  }\n",
    "this.#writeNext();\n  }\n",
  ),
  fault(
    "unknown session believed without a proof",
    "session/handshake/client_handshake.ts",
    'if (!await checkProof(keys, "server accept", commit.kind, whole, answer.proof)) {',
    "if (whole.length === 0) {",
  ),
  fault(
    "the client's proof not checked",
    "session/handshake/server_handshake.ts",
    'if (!await checkProof(keys, "client commit", commit.kind, this.#transcript, proof)) {',
    "if (proof.length === 0) {",
  ),
  fault(
    "the token left out of the keys",
    "session/handshake/token.ts",
    "  return crypto.subtle.digest(",
    "  if (token.length > 0) return Promise.resolve(new Uint8Array(0));\n  return crypto.subtle.digest(",
  ),
  { name: "bytes behind the end of a handshake message ignored", edits: [OPEN_END], fuzz: "messages" },
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
    "session-frames",
    "the last type that is skipped is not",
    "session/frames.ts",
    "return type >= 0x40 && type < 0x80;",
    "return type >= 0x40 && type < 0x7f;",
  ),
  fuzzed(
    "moved",
    "a header that arrived whole is no wasted bytes",
    "session/waiting_frame.ts",
    "covered > DATA_HEADER_BYTES && isData",
    "covered >= DATA_HEADER_BYTES && isData",
  ),
  fuzzed(
    "streams",
    "data without a byte, of a stream that was never opened, taken",
    "session/carrier/frame_reader.ts",
    "else this.#sink.data(this.#id, this.#offset, nothing, segment);",
    "else void nothing;",
  ),
  fuzzed(
    "streams",
    "an offset that no honest end reaches taken for a stream that is over",
    "session/session.ts",
    "if (!Number.isSafeInteger(offset)) throw",
    "if (offset < 0) throw",
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
  fuzzed(
    "streams",
    "a final offset one below what came taken",
    "mux/final_offset.ts",
    "if (offset < this.#came) {",
    "if (offset < this.#came - 1) {",
  ),
  fuzzed(
    "streams",
    "a byte beyond the window taken, in order",
    "mux/arrivals.ts",
    "      if (end > granted) {",
    "      if (end > granted + 1) {",
  ),
  fuzzed(
    "streams",
    "a service that is not there refused for want of room",
    "mux/peer_opens.ts",
    "return this.#refuse(id, ResetCode.refused,",
    "return this.#refuse(id, ResetCode.limit,",
  ),
  {
    name: "bytes behind the end ignored, and lengths left out of the transcript",
    edits: [OPEN_END, {
      file: "lib/session/handshake/transcript.ts",
      from: "    const bytes = new Uint8Array(before + FRAME_HEADER_BYTES + message.length);\n" +
        "    bytes.set(this.#bytes);\n" +
        "    writeFrameHeader(bytes, before, message.length);\n" +
        "    bytes.set(message, before + FRAME_HEADER_BYTES);\n",
      to: "    const bytes = new Uint8Array(before + message.length);\n" +
        "    bytes.set(this.#bytes);\n" +
        "    bytes.set(message, before);\n",
    }],
    fuzz: "spliced-handshake",
  },
  {
    name: "liveness never fires",
    edits: [
      {
        file: "lib/session/carrier/liveness.ts",
        from: "if (this.#silentMs >= allowedMs(this.#drain.guessedMs)) return dead(",
        to: "if (this.#silentMs < 0) return dead(",
      },
      {
        file: "lib/session/carrier/liveness.ts",
        from: "if (this.#silentMs >= allowedMs(this.#drain.ms)) this",
        to: "if (this.#silentMs < 0) this",
      },
      {
        file: "lib/session/carrier/liveness.ts",
        from: "REPLY_DUE_MS + patienceFor(answerMs) + this.#extraMs;",
        to: "Infinity;",
      },
    ],
  },
  fault(
    "what a swallowed beginning taught is forgotten",
    "session/former_carriers.ts",
    "    this.#lesson.learned(pace.lesson(nowMs), pace.isProven);\n",
    "    void [nowMs, pace];\n",
  ),
  fault(
    "something large tried on each carrier, wherever it was swallowed before",
    "session/carrier/pace.ts",
    "const MOST_CAUTION = 6;",
    "const MOST_CAUTION = 2;",
  ),
  fault(
    "what waits for an acknowledgement is never looked at",
    "session/carrier/liveness.ts",
    "REPLY_DUE_MS + patienceFor(answerMs) + this.#extraMs;",
    "Infinity;",
  ),
  fault(
    "the promise of a probe ignored",
    "session/carrier/liveness.ts",
    "    this.#promisedMs = Math.min(silenceMs, LONGEST_PROMISE_MS);\n",
    "    void silenceMs;\n",
  ),
  fault(
    "a promise of silence not kept",
    "session/carrier/control.ts",
    "if (this.#renewPromise(nowMs) || quietMs >= this.#silenceMs) this.#probeDue = true;",
    "if (this.#renewPromise(nowMs)) this.#probeDue = true;",
  ),
  fault(
    "no acknowledgement without data of one's own",
    "session/carrier/acknowledger.ts",
    "        return this.#acknowledge();\n",
    "        return;\n",
  ),
  fault(
    "unopened streams lost when the server restarts",
    "mux/link.ts",
    "inherit: (from, to) => from.takeUnopened().forEach((stream) => to.adopt(stream)),",
    "inherit: () => {},",
  ),
  fault(
    "unopened streams lost when the session expires",
    "session/session_client.ts",
    "    this.#present.succeed();\n    this.#count.look();\n    const meaning = isReplaced",
    "    this.#present.replace();\n    this.#count.look();\n    const meaning = isReplaced",
  ),
  fault(
    "attempts that nobody answers keep their places",
    "session/reconnect/places.ts",
    "const ANSWER_MS = 1_500;",
    "const ANSWER_MS = 10_000;",
  ),
  fault(
    "no attempt held for a path of many seconds",
    "session/reconnect/places.ts",
    "(attempt === held ? Math.max(this.#patienceMs, this.#answerMs) : this.#answerMs)",
    "this.#answerMs",
  ),
  fault(
    "the round trip of the handshake not known to a fresh carrier",
    "session/carrier/watch.ts",
    "this.#askedRoundTripMs = options.roundTripMs;",
    "this.#askedRoundTripMs = 0;",
  ),
  fault(
    "a long path judged a second after a wake-up",
    "session/carrier/suspicion.ts",
    "Math.max(SUSPECT_FOR_MS, SUSPECT_ROUND_TRIPS * roundTripMs)",
    "SUSPECT_FOR_MS",
  ),
  fault(
    "no pause behind a carrier that brought nothing",
    "session/reconnect/carrier_history.ts",
    "this.#barren = isBarren ? this.#barren + 1 : 0;",
    "this.#barren = 0;",
  ),
  fault(
    "a pause also behind carriers that brought something",
    "session/reconnect/carrier_history.ts",
    "const isBarren = carrier.arrivedBytes <= this.#arrivedBytes && ",
    "const isBarren = carrier.arrivedBytes >= 0 && ",
  ),
  fault(
    "the old session of a killed client kept",
    "session/session_registry.ts",
    "    for (const other of older) other.session.end(",
    "    for (const other of older.slice(0, 0)) other.session.end(",
  ),
  fault(
    "a handshake that may take for ever",
    "session/strangers.ts",
    "timeoutMs: HANDSHAKE_TIMEOUT_MS }",
    "timeoutMs: 2 ** 30 }",
  ),
  fault(
    "a carrier not closed when its session goes on without it",
    "session/carrier/carrier.ts",
    "    this.#duplex.close();\n    this.#done.resolve();",
    "    this.#done.resolve();",
  ),
  fault(
    "an attempt not closed when it is given up",
    "session/reconnect/reconnect.ts",
    '    signal.addEventListener("abort", () => duplex.close(), { once: true });\n',
    "",
  ),
  fault(
    "a session that carried nothing yet forgotten after a minute",
    "session/session_registry.ts",
    "waited >= IDLE_SESSION_KEPT_MS && session.isEmpty",
    "waited >= WATCH_MS && session.isEmpty",
  ),
  fault(
    "a session takes all of the memory that is left",
    "session/memory_pool.ts",
    "Math.floor((this.free - 2 * held) / 3)",
    "this.free + 0 * held",
  ),
  fault("memory never given back", "session/memory_pool.ts", "this.claim(-bytes);", "void bytes;"),
  fault(
    "the memory by which a window grew not given back with its stream",
    "mux/credit.ts",
    "    this.#growth.give(this.#size - this.#start);\n    this.#size = this.#start;\n",
    "    this.#size = this.#start;\n",
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
    "a start pool told larger than it is",
    "session/session_server.ts",
    "startPoolField(upper.startPoolBytes)",
    "startPoolField(4 * upper.startPoolBytes)",
  ),
  fault(
    "a stream that the peer has reset keeps the credit that it took",
    "mux/peer_starts.ts",
    "if (!stream.hasArrived) return;",
    "if (stream.waitingBytes >= 0) return;",
  ),
  fault(
    "all streams of a lost session cut in one turn",
    "mux/cut_queue.ts",
    "if (this.#timer === undefined) this.#cut(CUTS_A_TURN);",
    "if (this.#timer === undefined) this.#cut(Infinity);",
  ),
  fault(
    "a goodbye that waits for as long as what is in front of it needs",
    "session/carrier/farewell.ts",
    "this.#untilMs = Math.min(this.#endMs, nowMs + this.#stepMs + neededMs);",
    "this.#untilMs = nowMs + this.#stepMs + neededMs;",
  ),
  fault(
    "a goodbye that waits for as long as the peer is heard",
    "session/carrier/farewell.ts",
    "this.#untilMs = Math.min(this.#endMs, Math.max(this.#untilMs, nowMs + this.#stepMs));",
    "this.#untilMs = Math.max(this.#untilMs, nowMs + this.#stepMs);",
  ),
  fault(
    "a rate taken from the first few bytes of a backlog",
    "session/carrier/drain_time.ts",
    "this.#toldBytes < BACKLOG_BYTES) return 0;",
    "this.#toldBytes === 0) return 0;",
  ),
  fault(
    "a newcomer ends a session in a short outage",
    "session/eviction.ts",
    "nowMs - detachedAt! >= EVICT_AFTER_MS",
    "nowMs - detachedAt! >= 0",
  ),
  fault(
    "a newcomer ends a session with streams",
    "session/eviction.ts",
    "isEmpty && detachedAt !== undefined",
    "isEmpty !== undefined && detachedAt !== undefined",
  ),
  fault(
    "a session forgotten though its client knows it",
    "session/session_registry.ts",
    "    this.#watch(entry);\n  }\n\n",
    '    if (session.takenBytes === 0) return void session.end(new TeleError("closed", "it carried nothing"));\n    this.#watch(entry);\n  }\n\n',
  ),
  fault(
    "the hold of a write dropped",
    "session/carrier/write_hold.ts",
    "    segment?.retain();\n    this.#segment = segment;\n",
    "    void segment;\n",
  ),
  fault(
    "the hold of a write ended when its carrier stops",
    "session/carrier/carrier.ts",
    "    this.#duplex.close();\n    this.#done.resolve();",
    "    this.#duplex.close();\n    this.#sender.failed();\n    this.#done.resolve();",
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
    "a read buffer given back while a read has it",
    "mux/sending_half.ts",
    "    if (!this.#isReading) this.#chunk.drop();\n",
    "    this.#chunk.drop();\n",
  ),
  fault(
    "a user that takes nothing more is not read to its end",
    "mux/break_off.ts",
    "if (sending.isReadToEnd || !isReadable) return",
    "if (sending.isReadToEnd || isReadable) return",
  ),
  fault(
    "a fault while data is taken swallowed",
    "mux/mux.ts",
    "    stream.reset(ResetCode.reset, faultOf(error).message);\n",
    "    void stream, faultOf;\n",
  ),
  fault(
    "an acknowledgement one too high",
    "session/carrier/control.ts",
    "writeU64(this.#bytes, at + FRAME_HEADER_BYTES + 1, taken);",
    "writeU64(this.#bytes, at + FRAME_HEADER_BYTES + 1, taken + 1);",
  ),
  fault(
    "the client's receipt one too low",
    "session/joins.ts",
    "receipts: this.#settlement.own(),",
    "receipts: this.#settlement.own().map((told) => ({ ...told, taken: told.taken - 1 })),",
  ),
  fault(
    "the client's receipt one too high",
    "session/joins.ts",
    "receipts: this.#settlement.own(),",
    "receipts: this.#settlement.own().map((told) => ({ ...told, taken: told.taken + 1 })),",
  ),
  fault(
    "the server's receipt one too low",
    "session/joins.ts",
    "const own = this.#settlement.own(receipts);",
    "const own = this.#settlement.own(receipts).map((told) => ({ ...told, taken: told.taken - 1 }));",
  ),
  fault(
    "the server's receipt one too high",
    "session/joins.ts",
    "const own = this.#settlement.own(receipts);",
    "const own = this.#settlement.own(receipts).map((told) => ({ ...told, taken: told.taken + 1 }));",
  ),
  fault(
    "the client's receipt not applied",
    "session/joins.ts",
    "this.#settlement.committed(number, live, receipts)",
    "this.#settlement.committed(number, live, [])",
  ),
  fault(
    "the server's receipt not applied",
    "session/joins.ts",
    "this.#settlement.accepted(number, receipts)",
    "this.#settlement.accepted(number, [])",
  ),
  fault(
    "receipts forgotten with an accept that may never arrive",
    "session/joins.ts",
    "    this.#open(number, own);\n    return",
    "    this.#open(number, own);\n    this.#settlement.heard(number);\n    return",
  ),
  fault(
    "an impossible receipt taken",
    "session/settlement.ts",
    "    if (taken < one.least || taken > one.most) throw",
    "    if (taken < 0) throw",
  ),
  fault(
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
    "new data in front of what is to be sent again",
    "mux/stream.ts",
    "this.#isReset || this.#frames.areQueued;",
    "this.#isReset;",
  ),
  fault(
    "a reset in front of the open that is to be sent again",
    "mux/due_resets.ts",
    "if (reset.frames?.areQueued || !goesInto(",
    "if (!goesInto(",
  ),
  fault(
    "a stream not told that it may go on behind what was sent again",
    "session/resend_queue.ts",
    "    owner?.frameMoved();\n    owner?.frameUnqueued();\n",
    "    owner?.frameMoved();\n",
  ),
  fault(
    "what a receipt covers not told to its stream",
    "session/waiting_frame.ts",
    "    if (covered >= end - frame.start) {\n      owner?.frameTaken();\n",
    "    if (covered >= end - frame.start) {\n",
  ),
  fault(
    "windows not told again when they were lost",
    "mux/mux.ts",
    "if (stream !== undefined) this.turns.windowLost(stream);",
    "void stream;",
  ),
  fault(
    "an offset off by one",
    "mux/sending_half.ts",
    "const header = { id: this.#id, offset: this.#sent, length, isEnd: false };",
    "const header = { id: this.#id, offset: this.#sent + 1, length, isEnd: false };",
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
  fault(
    "what is early delivered with what was known of it",
    "mux/reassembly.ts",
    "return front.handOver(received);",
    "return front.handOver(front.offset);",
  ),
  fault(
    "an open that comes again opens a stream",
    "mux/peer_opens.ts",
    "if (!streams.see(id)) return;",
    "streams.see(id);",
  ),
  fault(
    "frames of a stream that was never opened ignored",
    "mux/stream_table.ts",
    "if (!isOver) throw",
    "if (isOver === undefined) throw",
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
    "a second reset not looked at",
    "mux/stream.ts",
    "    if (this.#ended) return;\n    this.#receiving.end(offset);\n    if (!this.#isReset)",
    "    if (this.#ended || this.#isReset) return;\n    this.#receiving.end(offset);\n    if (!this.#isReset)",
  ),
  fault(
    "the number of a carrier given again",
    "session/joins.ts",
    "number: this.#settlement.highest + 1,",
    "number: Math.max(1, this.#settlement.highest),",
  ),
  fault(
    "the number of a carrier not checked",
    "session/join_order.ts",
    "} else if (!this.#live.has(number) || this.#taken.has(number)) {",
    "} else if (number < 0) {",
  ),
  fault(
    "a carrier attached that its client has given up meanwhile",
    "session/session_server.ts",
    "if (session.error !== undefined || !session.carriers.joins.mayAttach(number)) {",
    "if (session.error !== undefined) {",
  ),
  fault(
    "the token left out of the keys when the server has forgotten the session",
    "session/session_client.ts",
    "        tokenSalt: this.#tokenSalt,",
    "        tokenSalt: session.id.length > 0 ? Promise.resolve(session.resumeSecret) : this.#tokenSalt,",
  ),
  fault(
    "credit not kept by the sender",
    "mux/sending_half.ts",
    "const length = Math.min(waiting, room, this.#limit - this.#sent);",
    "const length = Math.min(waiting, room);",
  ),
  fault("credit not enforced by the receiver", "mux/arrivals.ts", "if (end > granted) {", "if (end < 0) {"),
  fault(
    "the limit of the logs not kept",
    "session/log_budget.ts",
    "return Math.max(0, Math.min(limitBytes - memoryBytes, reserved + this.#share.free));",
    "return 2 ** 30;",
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
    "next.headroom;",
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
    "what is sent again cut no smaller where only small pieces pass",
    "session/resend_queue.ts",
    "bytesOf(frame) <= left) {",
    "bytesOf(frame) <= Math.max(left, COPY_BYTES)) {",
  ),
  fault(
    "window values in frames as large as vanish",
    "mux/mux_constants.ts",
    "export const WINDOWS_A_FRAME = 84;",
    "export const WINDOWS_A_FRAME = 340;",
  ),
  fault(
    "a wake-up from an acknowledgement lost",
    "session/carrier/carrier.ts",
    "    if (this.#sender.awaitsRoom) this.wake();\n",
    "",
  ),
  fault(
    "another session begun though something is under way",
    "mux/link.ts",
    "session.carrier.doubt !== undefined || !session.isEmpty) return;",
    "session.carrier.doubt !== undefined) return;",
  ),
  fault(
    "a session without streams taken for empty though its last bytes were not taken",
    "session/session.ts",
    "return this.budget.streamFrames === 0 && !hasUnsent && streamCount === 0;",
    "return !hasUnsent && streamCount === 0;",
  ),
  fault(
    "a session without streams taken for empty though a reset waits to be told",
    "session/session.ts",
    "return this.budget.streamFrames === 0 && !hasUnsent && streamCount === 0;",
    "return this.budget.streamFrames === 0 && streamCount === 0;",
  ),
  fault(
    "what carriers left behind counted nowhere",
    "session/carrier/frame_log.ts",
    "    return { pieces, heldBytes, acknowledged: this.#acknowledged, handed: this.#handed };",
    "    this.#budget.change(-heldBytes, -pieces.length);\n" +
      "    return { pieces, heldBytes: 0, acknowledged: this.#acknowledged, handed: this.#handed };",
  ),
  fault(
    "a log takes more than its share of the memory",
    "session/log_budget.ts",
    "reserved + this.#share.free",
    "limitBytes",
  ),
  fault(
    "what a carrier left behind not given back with its session",
    "session/resend_queue.ts",
    "    this.#uncount(remains);\n    for (const piece of remains.pieces) {\n      if (piece.copies === undefined ||",
    "    for (const piece of remains.pieces) {\n      if (piece.copies === undefined ||",
  ),
  fault(
    "the log of a carrier kept behind the peer's goodbye",
    "session/session.ts",
    "    this.end(new RefusalError(ending));",
    "    this.#carrier = undefined;\n    this.end(new RefusalError(ending));",
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
    "an unknown counted frame ends its carrier only",
    "session/carrier/frame_receiver.ts",
    "      if (!this.#host.receiveFrame(payload, this.#which)) throw unknownFrame(payload);\n    } catch (error) {\n" +
      "      this.#host.sessionBroken(error);\n    }\n",
    "      if (this.#host.receiveFrame(payload, this.#which)) return;\n    } catch (error) {\n" +
      "      return this.#host.sessionBroken(error);\n    }\n    throw unknownFrame(payload);\n",
  ),
  fault(
    "the frames of one read taken in one turn, however many",
    "session/carrier/frame_reader.ts",
    "while (at < bytes.length && this.#allowance.left >= 1) {",
    "while (at < bytes.length) {",
  ),
  fault(
    "the frames that were left over taken in one turn",
    "session/turns.ts",
    "      this.allowance.left = MOST_TURN_COST;\n      this.#pause = undefined;",
    "      this.allowance.left = Infinity;\n      this.#pause = undefined;",
  ),
  fault(
    "the hold of a write ended by an acknowledgement",
    "session/carrier/carrier.ts",
    "    if (offset === before || this.#receiver.isClosed) return;\n",
    "    if (offset === before || this.#receiver.isClosed) return;\n    this.#sender.failed();\n",
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
    "the end called taken while a frame waits",
    "mux/stream_frames.ts",
    "return this.#held === 0;",
    "return this.#held <= 1;",
  ),
  fault(
    "a session's end that spares streams whose end was only sent",
    "mux/stream.ts",
    "return this.#isEndTaken && this.#receiving.isEnding;",
    "return this.#sending.isEndSent && this.#receiving.isEnding;",
  ),
  fault(
    "what comes on a carrier that a receipt has ended is taken",
    "session/carrier/frame_receiver.ts",
    "    this.close();\n    this.#looksForGoodbye = true;\n",
    "    this.#looksForGoodbye = true;\n",
  ),
  fault(
    "beginnings of frames that must come again taken for progress",
    "session/session_carriers.ts",
    " - wasted - this.remainders.wastedBytes;",
    ";\n",
  ),
  fault(
    "what follows an open goes on any carrier",
    "mux/turns.ts",
    "openLog === undefined ? isShared : openLog === log;",
    "isShared;",
  ),
  fault(
    "window values and resets go on any carrier, in front of the open",
    "session/share.ts",
    "return openLog === undefined ? quiet : openLog === log;",
    "return quiet;",
  ),
  fault(
    "what follows an open that is sent again goes on any carrier",
    "session/resend_queue.ts",
    "return openLog === undefined || type === FrameType.open ? isShared : openLog === log;",
    "return (openLog === undefined || type === FrameType.open || openLog !== log) && isShared || isShared;",
  ),
  fault(
    "sent on a carrier that was not heard beside one that was",
    "session/carriers.ts",
    "    if (!isHeard && this.#quiet?.isHeard === true) return undefined;\n",
    "",
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
    "frames that wait on a carrier which is left lost with it",
    "session/session_carriers.ts",
    "    this.remainders.takeOver(carrier.log.handOverUnsent());\n",
    "    this.remainders.discard(carrier.log.handOverUnsent());\n",
  ),
  fault(
    "what a carrier has sent that is left beside others never sent again",
    "session/remainders.ts",
    "remains !== undefined) bytes += this.#resend.addExpected(remains, taken);",
    "remains !== undefined) this.#resend.discard(remains);",
  ),
  fault(
    "what waits on a carrier in doubt handed over and sent by nobody",
    "session/session_carriers.ts",
    "    this.remainders.takeOver(carrier.log.handOver());\n",
    "    this.remainders.discard(carrier.log.handOver());\n",
  ),
  fault(
    "a number that is listed taken twice",
    "session/join_order.ts",
    "    this.#taken.add(number);\n",
    "",
  ),
];
