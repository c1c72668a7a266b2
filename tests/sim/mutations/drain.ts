/**
 * Faults of sessions that are drained: `lib/mux` and `lib/session`.
 *
 * @module
 */
import { fault, type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const DRAIN: readonly Mutation[] = [
  tested(
    "a drain in front of streams that wait",
    "mux/draining.ts",
    'return this.#own === "due" && !this.hasUnopened;',
    'return this.#own === "due";',
  ),
  tested(
    "all over though a stream of the client's is still to come",
    "mux/draining.ts",
    "this.#peerLast !== undefined && this.#streams.hasSeenUpTo(this.#peerLast);",
    "this.#peerLast !== undefined;",
  ),
  tested(
    "all over though something was not taken",
    "mux/draining.ts",
    "this.#streams.count === 0 && this.#host.session()?.isEmpty === true;",
    "this.#streams.count === 0;",
  ),
  fault(
    "a session that is all over never ended",
    "mux/draining.ts",
    "{ ...NOBODY, frameTaken: () => this.#overTaken() }",
    "NOBODY",
  ),
  fault(
    "a drain lost with its carrier",
    "session/resend_queue.ts",
    " || frame.type === FrameType.drain;",
    ";",
  ),
  fault(
    "a server that drains taken for one that refuses",
    "session/reconnect/refusals.ts",
    "if (isTold(error, EndCode.draining)) return false;",
    "if (isTold(error, EndCode.full)) return false;",
  ),
  fault(
    "a new session taken by a server that drains",
    "session/session_registry.ts",
    "    if (this.#isDraining) throw new RefusalError({ code: EndCode.draining, message: DRAINING });\n",
    "",
  ),
  fault(
    "the next session in the slot of the one that is drained",
    "mux/client_sessions.ts",
    "slot: slot + place,",
    "slot,",
  ),
  fault(
    "the next session says that the slots above it are of a former start",
    "mux/client_sessions.ts",
    "Math.max(lastSlot, slot + place, slot + Math.max(...places.values()));",
    "Math.max(lastSlot, slot + place);",
  ),
  tested(
    "a client that was stopped begins another session",
    "mux/client_sessions.ts",
    "    if (this.#hasStopped) return;\n",
    "",
  ),
  tested(
    "who waits left in the session that is drained",
    "mux/client_sessions.ts",
    "    former.upper.bequeathUnopened(() => this.#present.upper);\n",
    "",
  ),
  {
    ...fault(
      "a session that is heard late ends a newer one",
      "session/session_registry.ts",
      "(isOlder(at) ||",
      "(at >= 0 ||",
    ),
    test: "tests/unit/session/session_registry_test.ts",
  },
];
