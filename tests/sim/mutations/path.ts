/**
 * Faults of the bound on what a path has under way: `lib/session/path`.
 *
 * @module
 */
import { type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const PATH: readonly Mutation[] = [
  tested(
    "what a carrier that is gone had under way is in nobody's way",
    "session/path/path_wait.ts",
    "    this.#leftBytes += load.inFlight;\n",
    "",
  ),
  tested(
    "what a carrier that is gone had under way is in the way for ever",
    "session/path/path_wait.ts",
    "if (sentMs >= this.#leftMs) this.#leftBytes = 0;",
    "void sentMs;",
  ),
  tested(
    "the longest answer of a path counts for ever",
    "session/path/path_wait.ts",
    "nowMs - this.#longestToldMs <= KEPT_MS + this.#longestMs ?",
    "nowMs >= this.#longestToldMs ?",
  ),
  tested(
    "carriers of another path share the bound",
    "session/path/paths.ts",
    "let bound = this.#bounds.get(path);",
    "let [bound = this.#bounds.get(path)] = this.#bounds.values();",
  ),
  tested(
    "bulk is spread over several carriers, however little the path holds",
    "session/path/path_bound.ts",
    "return this.bound >= SPREAD_FRAMES * SPREAD_FRAME_BYTES;",
    "return this.bound > 0;",
  ),
  tested(
    "each carrier has the whole bound of the path for itself",
    "session/path/path_bound.ts",
    "const room = Math.max(0, this.bound - this.inFlight);",
    "const room = Math.max(0, this.bound - flight.inFlight);",
  ),
  tested(
    "the bound begins anew with a second carrier",
    "session/path/path_bound.ts",
    "this.#shared ??= new SharedBound({ bound, ",
    "this.#shared ??= new SharedBound({ bound: 0 * bound + 32 * 1024, ",
  ),
  tested(
    "the bound begins anew when one carrier is left",
    "session/path/path_bound.ts",
    "new LoneBound(this.#only.rates, this.#start(bound), lowestRoundTripMs);",
    "new LoneBound(this.#only.rates, this.#start(0 * bound + 32 * 1024), lowestRoundTripMs);",
  ),
  tested(
    "nobody probes when the quiet carrier is gone",
    "session/path/path_bound.ts",
    "    if (this.#quiet === flight) this.#quiet = first;\n",
    "",
  ),
  tested(
    "a quiet carrier has no room beside bulk",
    "session/path/path_bound.ts",
    "return Math.max(0, this.bound + quietBytes - this.inFlight, quietBytes - flight.inFlight);",
    "return Math.max(0, this.bound - this.inFlight);",
  ),
  tested(
    "a frame of data as long as it likes, on a slow path too",
    "session/path/path_bound.ts",
    "return Math.max(least, Math.ceil(FRAME_MS * this.rateBytesPerMs));",
    "return Math.max(least, 2 ** 20);",
  ),
  tested(
    "the bound of several carriers does not shrink in front of a queue",
    "session/path/shared_bound.ts",
    "this.#shrink(nowMs, Math.min(LEAST_SHRINK, Math.max(MOST_SHRINK, share)));",
    "void share;",
  ),
  tested(
    "an answer to a probe that was sent before the bound was kept counts",
    "session/path/shared_bound.ts",
    "if (!this.#isSince(sentMs)) return;",
    "",
  ),
  tested(
    "the bound grows though it holds nothing back",
    "session/path/shared_bound.ts",
    "if (this.#isUsed) this.#bound = Math.max",
    "this.#bound = Math.max",
  ),
  tested(
    "bulk that arrives soon says nothing of the queue",
    "session/path/bound_step.ts",
    "if (isSince) this.#lowestMs = Math.min(this.#lowestMs, roundTripMs);",
    "if (isSince) this.#waitedByteMs += 0;",
  ),
  tested(
    "what is in flight is forgotten where nothing moves",
    "session/path/bound_step.ts",
    "this.#mostInFlight = this.#inFlight;",
    "this.#mostInFlight = 0 * this.#inFlight;",
  ),
  tested(
    "a probe that later bytes have passed waits in a queue",
    "session/path/path_bound.ts",
    "if (this.#waitsSinceMs >= 0 && !isPassed)",
    "if (this.#waitsSinceMs >= 0 || isPassed)",
  ),
  tested(
    "the bound grows by what carriers hold back themselves",
    "session/path/shared_bound.ts",
    "HEADROOM * this.#enough.bytes",
    "1e9 * HEADROOM * this.#enough.bytes",
  ),
  tested(
    "a bound that was found is looked for as at the start",
    "session/path/shared_bound.ts",
    "this.#isStarting = !options.isFull;",
    "this.#isStarting = options !== undefined;",
  ),
  tested(
    "at the start the bound doubles though there is a queue",
    "session/path/shared_bound.ts",
    "if (isSoon && this.#isStarting",
    "if ((isSoon || this.#isStarting) && this.#isStarting",
  ),
  tested(
    "at the start an answer from before a queue counts in it",
    "session/path/shared_bound.ts",
    "if (this.#beginsQueue(nowMs, sentMs, freeMs)) seen.forgetAnswers();",
    "",
  ),
  tested(
    "at the start an answer that was lost is taken for one of a queue",
    "session/path/shared_bound.ts",
    "return this.#isSoon(nowMs, this.#seen.lowestMs) && sentMs > this.#soonSentMs;",
    "return this.#isSoon(nowMs, this.#seen.lowestMs);",
  ),
  tested(
    "at the start the bound doubles though bulk waits",
    "session/path/shared_bound.ts",
    "if (lateMs > QUEUE_MS && lateMs <= LATER_MS) return GROWTH;",
    "",
  ),
  tested(
    "the rate that was highest once is so for ever",
    "session/path/enough.ts",
    "else this.#bytesPerMs *= FADING;",
    "else this.#bytesPerMs *= FADING / FADING;",
  ),
  tested(
    "the first of several carriers doubles at the start though there is a queue",
    "session/path/start_bound.ts",
    "if (isLate && isFound) this.#leastBytes",
    "if (isLate && isFound && bound < 0) this.#leastBytes",
  ),
  tested(
    "the first of several carriers keeps its first bound on a slow path until the rate is measured",
    "session/path/start_bound.ts",
    "else if (isLate && isUsed) this.#leastBytes",
    "else if (isLate && isUsed && bound < 0) this.#leastBytes",
  ),
  tested(
    "bulk that is late in a queue, as answers are, is held up",
    "session/path/held_up.ts",
    "return mostInFlight * (1 - lowestMs / bulkMs) >= BURST_BYTES;",
    "return mostInFlight * (1 - pathMs / bulkMs) + 0 * lowestMs >= BURST_BYTES;",
  ),
  tested(
    "on a slow path a burst of bulk is held up",
    "session/path/held_up.ts",
    "return mostInFlight * (1 - lowestMs / bulkMs) >= BURST_BYTES;",
    "return mostInFlight * (1 - lowestMs / bulkMs) >= 0 * BURST_BYTES;",
  ),
  tested(
    "the bound is what one carrier gets through where packets are lost",
    "session/path/shared_bound.ts",
    "const heldUpBound = this.#isHeldUp ? grownHeldUp(this.#bound) : 0;",
    "const heldUpBound = 0 * grownHeldUp(this.#bound);",
  ),
  tested(
    "bulk that is late in front of a queue is held up by loss",
    "session/path/shared_bound.ts",
    "this.#isHeldUp = isFree && isHeldUp(this.#seen, this.#lowestMs);",
    "this.#isHeldUp = isHeldUp(this.#seen, this.#lowestMs);",
  ),
  tested(
    "a slow carrier beside others has as much in flight as a new one",
    "session/path/path_bound.ts",
    "isSlow ? CARRIER_BYTES : NEW_CARRIER_BYTES",
    "isSlow && ms < 0 ? CARRIER_BYTES : NEW_CARRIER_BYTES",
  ),
  tested(
    "the only bulk carrier of a path keeps the bound from growing until it is spread",
    "session/path/path_bound.ts",
    "const isSlow = this.mayBeSpread && flight.rateBytesPerMs > 0;",
    "const isSlow = flight.rateBytesPerMs > 0;",
  ),
  tested(
    "a carrier that stays alone waits for what is late, which may be lost",
    "session/path/path_bound.ts",
    "return this.#othersFollow ? new",
    "return this.#othersFollow || firstBytes > 0 ? new",
  ),
  tested(
    "no path is told that others follow",
    "session/path/paths.ts",
    "new PathBound(options)",
    "new PathBound(options && {})",
  ),
  tested(
    "an answer that does not come says nothing",
    "session/path/shared_bound.ts",
    "    this.#freeSteps = 0;\n    this.#shrink(nowMs, MOST_SHRINK);",
    "    this.#freeSteps = 0;",
  ),
  tested(
    "the lowest round trip is never looked for again",
    "session/path/shared_bound.ts",
    "if (this.#look !== undefined || nowMs - this.#lookedMs > LOOK_AFTER_MS) return this.#lookStep(nowMs);",
    "if (this.#look !== undefined) return this.#lookStep(nowMs);",
  ),
  tested(
    "a longer path taken for a queue",
    "session/path/shared_bound.ts",
    "    if (began.steps < STEPS) return false;\n",
    "    if (began.steps < 1e9) return false;\n",
  ),
  tested(
    "what an answer waits in the peer's queue is taken for one of our own",
    "session/path/shared_bound.ts",
    "(1 - PEERS_SHARE) * backMs",
    "(1 - PEERS_SHARE / PEERS_SHARE) * backMs",
  ),
  tested(
    "of a path that nobody was on the peer's queue is told as before",
    "session/path/path_bound.ts",
    "      this.#returnDelay = new ReturnDelay();\n",
    "",
  ),
  tested(
    "a clock that jumped counts as a way back of an hour",
    "session/path/return_delay.ts",
    "if (waitedMs <= roundTripMs - SHARE_LEFT",
    "if (waitedMs < Infinity || waitedMs <= roundTripMs - SHARE_LEFT",
  ),
  tested(
    "clocks that drift are not followed",
    "session/path/return_delay.ts",
    "if (passedMs < LEAST_OF_MS) return;",
    "if (passedMs < 1e9 * LEAST_OF_MS) return;",
  ),
  tested(
    "a reply tells when it leaves, not when its question came",
    "session/carrier/watch.ts",
    "      this.#control.replyCameMs = this.#clock.now();\n",
    "",
  ),
  tested(
    "only one path is asked for the queue that its bulk makes",
    "session/path/paths.ts",
    "if (!bound?.isShared) continue;",
    "if (!bound?.isShared) return;",
  ),
];
