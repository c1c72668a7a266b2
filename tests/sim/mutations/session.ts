/**
 * Faults of sessions and those who keep them: `lib/session`.
 *
 * @module
 */
import { fault, fuzzed, type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const SESSION: readonly Mutation[] = [
  fault(
    "the loop ends though nothing was attached",
    "session/carrier_count.ts",
    "resumeTimeoutMs, tickets })) throw dropped(handshake);",
    "resumeTimeoutMs, tickets })) dropped(handshake);",
  ),
  fault(
    "sent on a carrier that was not heard beside one that was",
    "session/carriers.ts",
    "    if (!attached.isHeard && this.#first?.isHeard === true) return undefined;\n",
    "",
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
    "one.isEmpty && one.detachedAt !== undefined",
    "one.isEmpty !== undefined && one.detachedAt !== undefined",
  ),
  fault(
    "what a swallowed beginning taught is forgotten",
    "session/former_carriers.ts",
    "    this.#lessons.of(path).learned(pace.lesson(nowMs), pace.isProven);\n",
    "    void [nowMs, path, pace];\n",
  ),
  tested(
    "what one path swallowed is taken for what another does",
    "session/former_carriers.ts",
    "this.#lessons.of(path).learned(",
    "this.#lessons.of(0 * path).learned(",
  ),
  tested(
    "each loss of a path that comes and goes told for ever",
    "session/path_story.ts",
    "told.fleeting = isFleeting ? told.fleeting + 1 : 0;",
    "told.fleeting = isFleeting ? 1 : 0;",
  ),
  {
    ...fault(
      "a carrier that the peer sees lost first not told as lost",
      "session/session_carriers.ts",
      'if (this.attached.quiet && !attached.isLeaving) this.#options.onCarrierGone?.("given up there", attached.path);',
      "",
    ),
    test: "tests/unit/session/several_paths_test.ts",
  },
  tested(
    "the return of a path is told that was never told as lost",
    "session/path_story.ts",
    "    if (!told.isDown) return;\n",
    "",
  ),
  fuzzed(
    "session-frames",
    "the last type that is skipped is not",
    "session/frames.ts",
    "return type >= 0x40 && type < 0x80;",
    "return type >= 0x40 && type < 0x7f;",
  ),
  tested(
    "the number of a carrier not checked",
    "session/join_order.ts",
    "} else if (!this.#live.has(number) || this.#taken.has(number)) {",
    "} else if (number < 0) {",
  ),
  tested(
    "a number that is listed taken twice",
    "session/join_order.ts",
    "    this.#taken.add(number);\n",
    "",
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
    "the number of a carrier given again",
    "session/joins.ts",
    "number: this.#settlement.highest + 1,",
    "number: Math.max(1, this.#settlement.highest),",
  ),
  fault(
    "the limit of the logs not kept",
    "session/log_budget.ts",
    "return Math.max(0, Math.min(limitBytes - memoryBytes, reserved + this.#share.free));",
    "return 2 ** 30;",
  ),
  fault(
    "a log takes more than its share of the memory",
    "session/log_budget.ts",
    "reserved + this.#share.free",
    "limitBytes",
  ),
  fault(
    "a session takes all of the memory that is left",
    "session/memory_pool.ts",
    "Math.floor((this.free - 2 * held) / 3)",
    "this.free + 0 * held",
  ),
  fault("memory never given back", "session/memory_pool.ts", "this.claim(-bytes);", "void bytes;"),
  fuzzed(
    "streams",
    "an offset that no honest end reaches taken for a stream that is over",
    "session/session.ts",
    "if (!Number.isSafeInteger(offset)) throw",
    "if (offset < 0) throw",
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
    "the log of a carrier kept behind the peer's goodbye",
    "session/session.ts",
    "    this.end(new RefusalError(ending));",
    "    this.#carrier = undefined;\n    this.end(new RefusalError(ending));",
  ),
  fault(
    "a black hole taken for a slow path: a doubted carrier is never dialled beside",
    "session/session_carriers.ts",
    "if (this.attached.areDoubted && !attached.isLeaving) this.#options.onDoubted?.();\n    else",
    "if (this.attached.areDoubted) return;\n    else",
  ),
  fault(
    "beginnings of frames that must come again taken for progress",
    "session/session_carriers.ts",
    "return this.takenBytes + this.remainders.progressBytes - wasted - this.frames.takenBytes;",
    "return this.takenBytes + this.remainders.takenThereBytes - 0 * wasted - this.frames.takenBytes;",
  ),
  tested(
    "receipts of carriers that brought nothing taken for progress",
    "session/remainders.ts",
    "      this.told(RECEIPT_FRAME_BYTES);\n",
    "",
  ),
  tested(
    "what counted too early taken for progress when it comes back",
    "session/reconnect/carrier_history.ts",
    "this.#arrivedBytes = Math.max(this.#arrivedBytes, carrier.arrivedBytes);",
    "this.#arrivedBytes = carrier.arrivedBytes;",
  ),
  fault(
    "frames that wait on a carrier which is left lost with it",
    "session/session_carriers.ts",
    "    this.remainders.takeOver(carrier.log.handOverUnsent());\n",
    "    this.remainders.discard(carrier.log.handOverUnsent());\n",
  ),
  {
    ...fault(
      "what waits on a carrier in doubt stays there though another was heard",
      "session/session_carriers.ts",
      "    this.attached.changed();\n    this.#relieveDoubted();\n",
      "    this.attached.changed();\n    this.attached.wake();\n",
    ),
    test: "tests/unit/session/doubted_carrier_test.ts",
  },
  {
    ...fault(
      "what waits on a carrier in doubt goes there once more before another was heard",
      "session/carriers.ts",
      "return isAnySound ? this",
      "return isAnySound || this.all.length > 0 ? this",
    ),
    test: "tests/unit/session/doubted_carrier_test.ts",
  },
  fault(
    "what waits on a carrier in doubt handed over and sent by nobody",
    "session/session_carriers.ts",
    "    this.remainders.takeOver(carrier.log.handOver());\n",
    "    this.remainders.discard(carrier.log.handOver());\n",
  ),
  fault(
    "a server that has forgotten the session is not believed beside a doubted carrier",
    "session/session_client.ts",
    "    } else {\n      const { limits: { resumeTimeoutMs }, asksByName,",
    "    } else {\n      if (session.carrier !== undefined) throw givenUp();\n      const { limits: { resumeTimeoutMs }, asksByName,",
  ),
  fault(
    "unopened streams lost when the session expires",
    "session/session_client.ts",
    "    const former = this.#present.succeed();\n    this.#count.look();\n    const meaning = isReplaced",
    "    const former = this.#present.replace();\n    this.#count.look();\n    const meaning = isReplaced",
  ),
  fault(
    "the token left out of the keys when the server has forgotten the session",
    "session/session_client.ts",
    "      const [token, identity] = [this.#token, this.identity];",
    "      const identity = this.identity, token = session.id.length === 0\n        ? this.#token\n" +
      "        : { ...this.#token, salt: Promise.resolve(session.joinSecret) };",
  ),
  fault(
    "the old session of a killed client kept",
    "session/session_registry.ts",
    "for (const { session } of older) session.end(",
    "for (const { session } of older.slice(0, 0)) session.end(",
  ),
  fault(
    "a session that carried nothing yet forgotten after a minute",
    "session/session_registry.ts",
    "waited >= IDLE_SESSION_KEPT_MS && session.isEmpty",
    "waited >= WATCH_MS && session.isEmpty",
  ),
  fault(
    "a session forgotten though its client knows it",
    "session/session_registry.ts",
    "    this.#watch(entry);\n  }\n\n",
    '    if (session.takenBytes === 0) return void session.end(new TeleError("closed", "it carried nothing"));\n    this.#watch(entry);\n  }\n\n',
  ),
  fault(
    "a start pool told larger than it is",
    "session/session_server.ts",
    "startPoolField(upper.startPoolBytes)",
    "startPoolField(4 * upper.startPoolBytes)",
  ),
  {
    ...fault(
      "a carrier attached that its client has given up meanwhile",
      "session/session_server.ts",
      "if (session.error !== undefined || !session.carriers.joins.mayAttach(number)) {",
      "if (session.error !== undefined) {",
    ),
    test: "tests/unit/session/takeover_test.ts",
  },
  tested(
    "window values and resets go on any carrier, in front of the open",
    "session/share.ts",
    "return openLog === undefined ? quiet : openLog === log;",
    "return quiet;",
  ),
  fault(
    "a handshake that may take for ever",
    "session/strangers.ts",
    "timeoutMs: HANDSHAKE_TIMEOUT_MS }",
    "timeoutMs: 2 ** 30 }",
  ),
  fault(
    "the frames that were left over taken in one turn",
    "session/receiving_turns.ts",
    "      this.allowance.left = MOST_TURN_COST;\n      this.#pause = undefined;",
    "      this.allowance.left = Infinity;\n      this.#pause = undefined;",
  ),
  tested(
    "what a carrier that is gone had in flight stays in the way of its path",
    "session/session_carriers.ts",
    "    carrier.room.flight.end(nowMs);\n    if (looksOn)",
    "    if (looksOn)",
  ),
  tested(
    "what a carrier in doubt has in flight stays in the way of its path",
    "session/session_carriers.ts",
    "      carrier.room.flight.leave();\n      this.remainders.takeOver(carrier.log.handOver());",
    "      this.remainders.takeOver(carrier.log.handOver());",
  ),
  tested(
    "a carrier that was in doubt is never used again for its path",
    "session/session_carriers.ts",
    "    carrier.room.flight.rejoin();\n",
    "",
  ),
  tested(
    "what a carrier that is alive taught is not known to one that begins beside it",
    "session/session_carriers.ts",
    "    for (const each of this.attached.all) this.former.learn(nowMs, each);\n",
    "",
  ),
  fault(
    "a join may take for ever",
    "session/strangers.ts",
    "    this.#recognized.add(carrier);\n",
    "    this.#recognized.add(carrier);\n    this.#room.leave(carrier);\n",
  ),
];
