/**
 * Faults of whether a carrier lives: `lib/session/carrier`.
 *
 * @module
 */
import { fault, type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const CARRIER_LIVENESS: readonly Mutation[] = [
  {
    ...fault(
      "a goodbye is waited for on a dead path though the peer was told",
      "session/session_carriers.ts",
      "if (carrier.departure.isTold)",
      "if (!carrier.departure.isTold)",
    ),
    test: "tests/unit/session/several_paths_test.ts",
  },
  tested(
    "a slow path given up: what others of the path have under way is not counted",
    "session/carrier/watch.ts",
    "queuedBytes: wait.bytes,",
    "queuedBytes: bytes,",
  ),
  tested(
    "a slow path given up: how long answers take on others of the path is not counted",
    "session/carrier/watch.ts",
    "answerMs: wait.answerMs(nowMs),",
    "answerMs: 0,",
  ),
  tested(
    "a slow path given up: a packet lost of what the peer sends at first is death",
    "session/carrier/liveness.ts",
    "Math.max(behindMs, this.#drain.guessedMs, peerFirstMs)",
    "Math.max(behindMs, this.#drain.guessedMs)",
  ),
  tested(
    "a slow path given up: behind an outage the peer's first bytes are taken to be known",
    "session/path/path_wait.ts",
    "if (this.#loads.size === 0) this.#cameBytes = 0;",
    "",
  ),
  tested(
    "a dead path waited for: the peer's first bytes may come for ever",
    "session/carrier/watch.ts",
    "    this.#flight.wait.came(bytes);\n",
    "",
  ),
  tested(
    "a slow path given up: of a queue what is left counts, not what was in front",
    "session/carrier/lull.ts",
    "Math.max(this.#behindMs, queueMs)",
    "queueMs",
  ),
  tested(
    "a carrier that is dead one way: its own small rate counts, though the path's is known",
    "session/carrier/liveness.ts",
    "    if (this.#drain.isTold) return measuredMs;\n",
    "",
  ),
  fault(
    "no acknowledgement without data of one's own",
    "session/carrier/acknowledger.ts",
    "        return this.#acknowledge();\n",
    "        return;\n",
  ),
  tested(
    "a slow path given up: bytes that come excuse no answer",
    "session/carrier/answer_time.ts",
    "const SIGNS_OF_LIFE_BYTES = 50;",
    "const SIGNS_OF_LIFE_BYTES = 1e12;",
  ),
  tested(
    "a carrier that is dead one way: what comes long behind a question excuses the answer since then",
    "session/carrier/answer_time.ts",
    "if (this.#idleSeconds >= IDLE_SECONDS) this.#behindMs = 0;",
    "if (this.#idleSeconds < 0) this.#behindMs = 0;",
  ),
  tested(
    "a slow path given up: one second of signs of life alone is an idle peer",
    "session/carrier/answer_time.ts",
    "const IDLE_SECONDS = 2;",
    "const IDLE_SECONDS = 1;",
  ),
  tested(
    "a dead path waited for: the time in which it was dead counts as that of its queue",
    "session/carrier/drain_time.ts",
    "Math.min(this.#waitedMs, tookMs)",
    "this.#waitedMs",
  ),
  tested(
    "a carrier that is dead one way: the rate of a few bytes is that of a path slower than any",
    "session/carrier/liveness.ts",
    "isSlower = rate < SLOWEST_RATE;",
    "isSlower = rate === 0;",
  ),
  tested(
    "nobody is dialed beside carriers that are all in doubt, where the peer let go of the last other one",
    "session/carrier_frames.ts",
    "    if (!wereDoubted && attached.areDoubted) this.#options.onDoubted();\n",
    "    void wereDoubted;\n",
  ),
  tested(
    "a dead carrier waited for: behind a move the patience of the network before goes on",
    "session/carrier_count.ts",
    "    this.#host.session().carriers.former.startOver();\n",
    "",
  ),
  tested(
    "a carrier that comes while its session is in use takes that for idle",
    "session/carrier/control.ts",
    "Math.max(use.untilMs, nowMs + FRESH_FOR_MS)",
    "nowMs + FRESH_FOR_MS",
  ),
  tested(
    "a fresh carrier is idle at once: silence from its beginning on is found late",
    "session/carrier/control.ts",
    "Math.max(use.untilMs, nowMs + FRESH_FOR_MS)",
    "use.untilMs",
  ),
  fault(
    "a promise of silence not kept",
    "session/carrier/control.ts",
    "if (this.#renewPromise(nowMs) || quietMs >= this.#silenceMs) this.#probeDue = true;",
    "if (this.#renewPromise(nowMs)) this.#probeDue = true;",
  ),
  fault(
    "an acknowledgement one too high",
    "session/carrier/control.ts",
    "writeU64(this.#bytes, at + FRAME_HEADER_BYTES + 1, taken);",
    "writeU64(this.#bytes, at + FRAME_HEADER_BYTES + 1, taken + 1);",
  ),
  fault(
    "a rate taken from the first few bytes of a backlog",
    "session/carrier/drain_time.ts",
    "this.#toldBytes < BACKLOG_BYTES) return 0;",
    "this.#toldBytes === 0) return 0;",
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
    "a goodbye that waits for as long as what is in front of it needs",
    "session/carrier/farewell.ts",
    "this.#untilMs = Math.min(this.#endMs, nowMs + this.#stepMs + neededMs);",
    "this.#untilMs = nowMs + this.#stepMs + neededMs;",
  ),
  tested(
    "a goodbye that waits for as long as the peer is heard",
    "session/carrier/farewell.ts",
    "this.#untilMs = Math.min(this.#endMs, Math.max(this.#untilMs, nowMs + this.#stepMs));",
    "this.#untilMs = Math.max(this.#untilMs, nowMs + this.#stepMs);",
  ),
  tested(
    "a goodbye given up after 30 s, though what is in front of it is acknowledged",
    "session/carrier/farewell.ts",
    "this.#endMs = Math.min(this.#longestMs, nowMs + MOST_MS);",
    "this.#endMs = Math.min(this.#longestMs, this.#endMs);",
  ),
  tested(
    "a goodbye that waits for as long as anything in front of it is acknowledged",
    "session/carrier/farewell.ts",
    "this.#endMs = Math.min(this.#longestMs, nowMs + MOST_MS);",
    "this.#endMs = nowMs + MOST_MS;",
  ),
  {
    ...fault(
      "a goodbye behind which no acknowledgement is looked at",
      "session/carrier/carrier.ts",
      "this.#receiver.lookFor(FrameType.acknowledge);",
      "this.#receiver.close();",
    ),
    test: "tests/unit/session/goodbye_test.ts",
  },
  tested(
    "a slow path given up: what an answer waits behind is not counted",
    "session/carrier/liveness.ts",
    "REPLY_DUE_MS + patienceFor(answerMs) + this.#extraMs;",
    "REPLY_DUE_MS + this.#extraMs;",
  ),
  fault(
    "a carrier that is dead one way: a lack of progress is no reason for doubt",
    "session/carrier/liveness.ts",
    "if (stalledMs >= replyDueMs + queuedMs) this",
    "if (stalledMs < 0) this",
  ),
  fault(
    "a carrier that is dead one way: a question without an answer is no reason for doubt",
    "session/carrier/liveness.ts",
    'if (this.#answer.waitedMs >= replyDueMs) this.#doubt ??= "unanswered";',
    "",
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
  {
    name: "liveness never fires",
    edits: [
      {
        file: "lib/session/carrier/liveness.ts",
        from: "if (silentMs >= allowedMs(Math.max(behindMs, this.#drain.guessedMs, peerFirstMs))) return dead(",
        to: "if (silentMs < 0) return dead(",
      },
      {
        file: "lib/session/carrier/liveness.ts",
        from: "if (silentMs >= allowedMs(behindMs)) this",
        to: "if (silentMs < 0) this",
      },
      {
        file: "lib/session/carrier/liveness.ts",
        from: "REPLY_DUE_MS + patienceFor(answerMs) + this.#extraMs;",
        to: "Infinity;",
      },
    ],
  },
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
    "something large tried on each carrier, wherever it was swallowed before",
    "session/carrier/pace.ts",
    "const MOST_CAUTION = 6;",
    "const MOST_CAUTION = 2;",
  ),
  fault(
    "a carrier that died in a sleep: what waited in the machine is taken for a sign of life",
    "session/carrier/suspicion.ts",
    "if (this.#pauseMs >= PAUSE_MS || this.#awakeMs >= BACKLOG_MS) this",
    "this",
  ),
  fault(
    "a long path judged a second after a wake-up",
    "session/carrier/suspicion.ts",
    "Math.max(SUSPECT_FOR_MS, SUSPECT_ROUND_TRIPS * roundTripMs)",
    "SUSPECT_FOR_MS",
  ),
  fault(
    "the round trip of the handshake not known to a fresh carrier",
    "session/carrier/watch.ts",
    "return Math.min(this.#handshakeMs, this.#acceptMs, this.#flight",
    "return Math.min(0, this.#acceptMs, this.#flight",
  ),
  tested(
    "a handshake that went across an outage is the round trip until the carrier has an own one",
    "session/carrier/watch.ts",
    "return Math.min(this.#handshakeMs, this.#acceptMs, this.#flight.wait.roundTripSince(this.#sinceMs));",
    "return Math.min(this.#handshakeMs, this.#acceptMs);",
  ),
  tested(
    "a server counts a handshake that took long, though its accept was answered at once",
    "session/carrier/watch.ts",
    "return Math.min(this.#handshakeMs, this.#acceptMs, this.#flight.wait.roundTripSince(this.#sinceMs));",
    "return Math.min(this.#handshakeMs, this.#flight.wait.roundTripSince(this.#sinceMs));",
  ),
  tested(
    "what a client is sent first counts as an answer",
    "session/carrier/watch.ts",
    "this.#isAcceptDue = options.opening !== undefined;",
    "this.#isAcceptDue = true;",
  ),
  tested(
    "a challenge that came late counts, though the accept came at once",
    "session/commit.ts",
    "Math.min(challengedMs, clock.now() - committedMs)",
    "challengedMs",
  ),
  tested(
    "an older round trip of the path is taken for that of a new carrier",
    "session/path/path_wait.ts",
    "return this.#arrivedMs >= thenMs ?",
    "return thenMs > -Infinity ?",
  ),
  tested(
    "beside other carriers an acknowledgement rides along for as long as it likes",
    "session/carrier/acknowledger.ts",
    "const delayMs = Math.min(this.#delayMs, mostDelayMs());",
    "const delayMs = Math.min(this.#delayMs, 2 * mostDelayMs() + 64);",
  ),
  tested(
    "beside other carriers an acknowledgement waits an eighth of the round trip, however long that is",
    "session/carrier/acknowledger.ts",
    "return Math.min(delayMs, SHARED_ACKNOWLEDGE_MS);",
    "return Math.max(delayMs, SHARED_ACKNOWLEDGE_MS);",
  ),
  tested(
    "several carriers acknowledge as late as one",
    "session/carrier/carrier.ts",
    "host.hasSeveral ? sharedDelayMs(this.roundTripMs) : MOST_ACKNOWLEDGE_DELAY_MS;",
    "host.hasSeveral ? Math.max(sharedDelayMs(0), MOST_ACKNOWLEDGE_DELAY_MS) : MOST_ACKNOWLEDGE_DELAY_MS;",
  ),
  tested(
    "what one carrier taught of its path is forgotten with another that taught less",
    "session/carrier/path_lesson.ts",
    "if (isProven || isMore) this.#caution = caution;",
    "if (isProven || isMore || caution.level >= 0) this.#caution = caution;",
  ),
  tested(
    "what a path taught counts on another",
    "session/carrier/path_lesson.ts",
    "if (path !== this.#path) this.#caution = NO_CAUTION;",
    'if (path === this.#path && path === "") this.#caution = NO_CAUTION;',
  ),
];
