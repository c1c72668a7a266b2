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
    "session/session.ts",
    "if (this.#ended === undefined) this.#options.onDoubted?.();",
    "return;",
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
    "    const session = this.session;\n    const resumes = canResume(session, handshake);\n",
    "    const session = this.session;\n    const resumes = canResume(session, handshake);\n" +
      "    if (!resumes && session.carrier !== undefined) throw givenUp();\n",
  ),
  {
    name: "a doubted carrier that spoke is taken over all the same",
    edits: [
      {
        file: "lib/session/reconnect/redial.ts",
        from: "    this.#isBeside = false;\n    this.#loop?.stop();",
        to: "    this.#isBeside = false;",
      },
      {
        file: "lib/session/session_client.ts",
        from: "if (doubt !== undefined) this.#lose(`${tellDoubt(doubt)}",
        to: 'this.#lose(`${tellDoubt(doubt ?? { kind: "silent", ms: 0 })}',
      },
      {
        file: "lib/session/reconnect/doubt.ts",
        from: "return !signal.aborted && (isOver() || carrier?.doubt !== undefined);",
        to: "return !signal.aborted;",
      },
    ],
  },
  fault(
    "a goodbye taken back: its carrier closed behind it with bytes on their way here",
    "session/carrier/carrier.ts",
    "    await this.#duplex.closeWrite();\n  }\n",
    "    await this.#duplex.closeWrite();\n    this.stop();\n  }\n",
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
  fault(
    "an acknowledgement one too high",
    "session/carrier/control.ts",
    "writeU64(this.#bytes, at + FRAME_HEADER_BYTES + 1, received);",
    "writeU64(this.#bytes, at + FRAME_HEADER_BYTES + 1, received + 1);",
  ),
  fault(
    "a count one too low on resume: a byte comes twice",
    "session/commit.ts",
    "const received = resumes ? session.received : 0;",
    "const received = resumes ? Math.max(0, session.received - 1) : 0;",
  ),
  fault(
    "a frame sent twice after a resume",
    "session/session.ts",
    "again = this.replayLog.rewind(attachment.peerReceived);",
    "again = this.replayLog.rewind(Math.max(this.replayLog.acknowledged, attachment.peerReceived - 100));",
  ),
  fault(
    "what was under way is not sent again",
    "session/carrier/replay_log.ts",
    "    this.#sent = offset;\n    this.#pieces.rewind();\n    return again;",
    "    return again;",
  ),
  {
    name: "a late byte of the old carrier accepted",
    edits: [
      {
        file: "lib/session/carrier/carrier.ts",
        from: "        if (this.#stopped) return;\n        if (count === null)",
        to: "        if (count === null)",
      },
      {
        file: "lib/session/carrier/carrier.ts",
        from: "    if (this.#isOver) return;\n    try {\n      this.#host.receiveData(",
        to: "    try {\n      this.#host.receiveData(",
      },
    ],
  },
  fault(
    "the server reads its count before the old carrier is stopped",
    "session/session_server.ts",
    "    session.detach();\n    const received = session.received;\n    const accept = await handshake.accept({\n      sessionId: session.id,\n      received,\n      fields: resumeTimeoutField(this.#options.limits.resumeTimeoutMs),\n    });\n",
    "    const received = session.received;\n    const accept = await handshake.accept({\n      sessionId: session.id,\n      received,\n      fields: resumeTimeoutField(this.#options.limits.resumeTimeoutMs),\n    });\n    session.detach();\n",
  ),
  fault(
    "the number of an attempt not checked",
    "session/session_server.ts",
    "if (commit.attempt <= session.lastAttempt) {",
    "if (commit.attempt < 0) {",
  ),
  fault(
    "two attempts attached one over the other",
    "session/session_server.ts",
    "if (session.lastAttempt !== commit.attempt || session.error !== undefined) return",
    "if (session.error !== undefined) return",
  ),
  fault(
    "two commits at a time",
    "session/reconnect/reconnect.ts",
    "if (this.#done || this.#committing !== undefined) return;",
    "if (this.#done) return;",
  ),
  fault(
    "the loop ends though nothing was attached",
    "session/session_client.ts",
    "      throw givenUp();\n",
    "      return;\n",
  ),
  fault(
    "a window credited twice",
    "mux/credit.ts",
    "    this.#consumed += bytes;\n",
    "    this.#consumed += 2 * bytes;\n",
  ),
  fault(
    "credit not kept by the sender",
    "mux/stream.ts",
    "const bytes = Math.min(waiting, maxBytes, this.#sendLimit - this.#sent);",
    "const bytes = Math.min(waiting, maxBytes);",
  ),
  fault(
    "credit not enforced by the receiver",
    "mux/inbound.ts",
    "if (this.#received > this.#options.limit()) {",
    "if (this.#received < 0) {",
  ),
  fault(
    "windows not told again on resume",
    "mux/mux.ts",
    "for (const stream of this.#streams.values()) if (stream.isOpened) this.#windowsDue.add(stream);",
    "",
  ),
  fault(
    "the limit of the replay log not kept",
    "session/carrier/replay_log.ts",
    "return Math.max(0, Math.min(this.#limitBytes - memoryBytes, reserved + this.#share.free));",
    "return 2 ** 30;",
  ),
  fault(
    "bulk starves beside a small replay log",
    "mux/mux.ts",
    "Math.min(bulkBytes - urgent, log.room, MOST_PULL_BYTES)",
    "Math.min(bulkBytes - urgentBytes + Math.min(urgentBytes, log.room), log.room, MOST_PULL_BYTES)",
  ),
  fault(
    "the end told before the data in front of it",
    "mux/inbound.ts",
    "  finish(): void {\n",
    "  finish(): void {\n    this.#queue = [];\n",
  ),
  fault("a half-close dropped", "mux/mux.ts", "fin: (id) => this.#onFin(id),", "fin: () => {},"),
  fault(
    "a reset ignored",
    "mux/mux.ts",
    "reset: (id, code, message) => this.#onReset(id, code, message),",
    "reset: () => {},",
  ),
  fault(
    "a cut stream ended cleanly",
    "mux/stream.ts",
    "else this.#user?.abort(end.message);",
    "else this.#user?.close();",
  ),
  fault(
    "the log freed too early",
    "session/carrier/replay_log.ts",
    "    this.#check(offset, this.#sent);\n    this.#drop(offset);",
    "    this.#check(offset, this.#sent);\n    this.#drop(this.#sent);",
  ),
  fault(
    "a header written over bytes not acknowledged",
    "session/carrier/replay_log.ts",
    "const hasRoom = from === piece.start || this.#sent === this.#acknowledged;",
    "const hasRoom = from >= piece.start;",
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
    "session/carrier/carrier.ts",
    "if (this.#isWriteDue) this.#writeDue();\n  }\n",
    "this.#writeNext();\n  }\n",
  ),
  fault(
    "an impossible count taken",
    "session/carrier/replay_log.ts",
    "if (offset >= this.#acknowledged && offset <= sent) return;",
    "if (offset >= 0) return;",
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
  fault(
    "the token left out of the keys when the server has forgotten the session",
    "session/commit.ts",
    "const secret = resumes ? session.resumeSecret : await terms.tokenSalt;",
    "const secret = resumes || session.id.length > 0 ? session.resumeSecret : await terms.tokenSalt;",
  ),
  { name: "bytes behind the end of a handshake message ignored", edits: [OPEN_END], fuzz: "messages" },
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
    "session/session.ts",
    "    this.#lesson.learned(this.#carrier.pace.lesson(nowMs));\n",
    "",
  ),
  fault(
    "something large tried on each carrier, wherever it was swallowed before",
    "session/carrier/pace.ts",
    "const MOST_CAUTION = 6;",
    "const MOST_CAUTION = 2;",
  ),
  fault(
    "window values in frames as large as vanish",
    "session/carrier/control.ts",
    "const HINT_BYTES = 1020;",
    "const HINT_BYTES = 4 * 1024;",
  ),
  fault(
    "a small piece cut no smaller than others",
    "session/carrier/replay_log.ts",
    "const most = Math.max(maxBytes, leastBytes);",
    "const most = Math.max(maxBytes, GATHER_BYTES);",
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
    "session/carrier/carrier.ts",
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
    "    this.#present.succeed();\n    const meaning = isReplaced",
    "    this.#present.replace();\n    const meaning = isReplaced",
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
    "session/carrier/carrier.ts",
    "this.#askedRoundTripMs = options.roundTripMs ?? 0;",
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
    "    this.#duplex.close();\n    this.#resolveDone();",
    "    this.#resolveDone();",
  ),
  fault(
    "an attempt not closed when it is given up",
    "session/reconnect/reconnect.ts",
    '    signal.addEventListener("abort", () => duplex.close(), { once: true });\n',
    "",
  ),
  fault(
    "a wake-up from an acknowledgement lost",
    "session/carrier/carrier.ts",
    "    if (this.#awaitsRoom || this.#host.replayLog.hasUnsent) this.wake();\n",
    "",
  ),
  fault(
    "a session that carried nothing yet forgotten after a minute",
    "session/session_registry.ts",
    "waited >= IDLE_SESSION_KEPT_MS && session.isEmpty",
    "waited >= WATCH_MS && session.isEmpty",
  ),
  fault(
    "a session without streams taken for empty though its last bytes were not taken",
    "session/session.ts",
    "this.replayLog.heldBytes === 0 && !hasUnsent && streamCount === 0",
    "!hasUnsent && streamCount === 0",
  ),
  fault(
    "a session without streams taken for empty though a reset waits to be told",
    "session/session.ts",
    "this.replayLog.heldBytes === 0 && !hasUnsent && streamCount === 0",
    "this.replayLog.heldBytes === 0 && streamCount === 0",
  ),
  fault(
    "a log takes more than its share of the memory",
    "session/carrier/replay_log.ts",
    "reserved + this.#share.free",
    "this.#limitBytes",
  ),
  fault(
    "a session takes all of the memory that is left",
    "session/memory_pool.ts",
    "Math.floor((this.free - 2 * held) / 3)",
    "this.free + 0 * held",
  ),
  fault("memory never given back", "session/memory_pool.ts", "this.claim(-bytes);", "void bytes;"),
  fault(
    "the memory of a log not given back with its session",
    "session/carrier/replay_log.ts",
    "    this.#hold(0);\n    this.#acknowledged",
    "    this.#held = 0;\n    this.#acknowledged",
  ),
  fault(
    "the memory by which a window grew not given back with its stream",
    "mux/credit.ts",
    "    this.#growth.give(this.#size - this.#start);\n    this.#size = this.#start;\n",
    "    this.#size = this.#start;\n",
  ),
  fault(
    "streams opened whatever memory is left",
    "mux/mux.ts",
    "if (!this.#hasMemoryFor(credits.send)) {",
    "if (credits.send < 0) {",
  ),
  fault(
    "a peer that takes more start credit than it was told of",
    "mux/mux.ts",
    "if (!this.#hasRoomFor(credits.send)) {",
    "if (credits.send < 0) {",
  ),
  fault(
    "a start pool told larger than it is",
    "session/session_server.ts",
    "startPoolField(upper.startPoolBytes)",
    "startPoolField(4 * upper.startPoolBytes)",
  ),
  fault(
    "a stream that the peer has reset keeps the credit that it took",
    "mux/mux.ts",
    "      this.#takesNoMore(stream);\n",
    "",
  ),
  fault(
    "the records of one read taken in one turn, however many",
    "mux/records.ts",
    "if (allowance.left < 1) return at;",
    "if (allowance.left < -Infinity) return at;",
  ),
  fault(
    "the records that were left over taken in one turn",
    "mux/mux.ts",
    "      this.#allowance.left = MOST_TURN_COST;\n      this.#takeBacklog();\n",
    "      this.#allowance.left = Infinity;\n      this.#takeBacklog();\n",
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
    '    if (session.received === 0) return void session.end(new TeleError("closed", "it carried nothing"));\n    this.#watch(entry);\n  }\n\n',
  ),
  fault(
    "the hold of a write dropped",
    "session/carrier/write_hold.ts",
    "    piece.writes++;\n    piece.segment?.retain();\n    this.#piece = piece;\n",
    "    void piece;\n",
  ),
  fault(
    "the hold of a write ended by an acknowledgement",
    "session/carrier/carrier.ts",
    "    if (offset === before) return;\n",
    "    if (offset === before) return;\n    this.#hold.release();\n",
  ),
  fault(
    "the hold of a write ended when its carrier stops",
    "session/carrier/carrier.ts",
    "    this.#duplex.close();\n    this.#resolveDone();",
    "    this.#duplex.close();\n    this.#hold.release();\n    this.#resolveDone();",
  ),
  fault(
    "a segment freed under a write when the session ends",
    "session/carrier/piece_queue.ts",
    "at++) this.#pieces[at].segment?.release();",
    "at++) {\n      const { segment } = this.#pieces[at];\n      while (segment !== undefined && !segment.isExclusive) segment.release();\n      segment?.release();\n    }",
  ),
  fault(
    "a header written over what an older carrier's write has",
    "session/carrier/replay_log.ts",
    " && hasRoom && piece.writes === 0) {",
    " && hasRoom) {",
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
    "mux/stream.ts",
    "    if (!this.#isReading) this.#dropReadBuffer();\n",
    "    this.#dropReadBuffer();\n",
  ),
  fault(
    "a reset overtakes what came before it",
    "mux/stream.ts",
    "if (this.#inbound.waitingBytes === 0 || this.#writeFailure !== undefined) return this.#end(end);",
    "return this.#end(end);",
  ),
  fault(
    "a user that takes nothing more is not read to its end",
    "mux/stream.ts",
    "if (this.#readEnded || !this.#user!.readsAfterFailedWrite) return",
    "if (this.#readEnded || this.#user!.readsAfterFailedWrite) return",
  ),
  fault(
    "complete when sent, not when taken",
    "mux/stream.ts",
    "if (this.#finTaken) this.#end(",
    "if (this.#finSent) this.#end(",
  ),
  fault(
    "a session's end that spares streams whose end was only sent",
    "mux/stream.ts",
    "|| (this.#finTaken && this.#inbound.isComplete);",
    "|| (this.#finSent && this.#inbound.isComplete);",
  ),
  fault(
    "a fault while data is taken swallowed",
    "mux/mux.ts",
    "    stream.reset(ResetCode.reset, faultOf(error).message);\n",
    "    void stream, faultOf;\n",
  ),
];
