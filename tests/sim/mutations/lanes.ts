/**
 * Faults of lanes, of choosing a carrier and of sending again elsewhere: `lib/session/lanes`.
 *
 * @module
 */
import { type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const LANES: readonly Mutation[] = [
  tested(
    "on a path that holds little bulk goes on each of its carriers",
    "session/lanes/shared_sending.ts",
    "if (!share.bulk || !share.isSpread || carrier.room.flight.mayBeSpread) return share;",
    "if (carrier !== undefined) return share;",
  ),
  tested(
    "small frames of bulk go on all carriers",
    "session/lanes/shared_sending.ts",
    "smallBulk: takesSmall || (",
    "smallBulk: !takesSmall || takesSmall || (",
  ),
  tested(
    "small frames of bulk go elsewhere as soon as no large one fits in there",
    "session/lanes/small_lane.ts",
    "!holder.isFull && ",
    "holder.hasRoom && ",
  ),
  tested(
    "small frames of bulk go where there is no room for a large one",
    "session/lanes/small_lane.ts",
    "if (isKept || !asking.hasRoom) return false;",
    "if (isKept) return false;",
  ),
  tested(
    "what is sent again goes in front of keys",
    "session/lanes/spread.ts",
    "    if (this.#isKeptFree(to, nowMs)) return twice;\n",
    "",
  ),
  tested(
    "a carrier that is given little stays slow",
    "session/lanes/arrival.ts",
    "const leastBytesPerMs = FIRST_BYTES / Math.max(smoothedMs, roundTripMs);",
    "const leastBytesPerMs = 1e-9 * smoothedMs;",
  ),
  tested(
    "copies go where large pieces may be swallowed",
    "session/lanes/shared_sending.ts",
    "carrier.room.pace.isFree ? this.#spread.copyTo(carrier, bulkBytes) : 0;",
    "this.#spread.copyTo(carrier, bulkBytes);",
  ),
  tested(
    "what is sent again does not count for the room that is left",
    "session/lanes/shared_sending.ts",
    "upper.pull(log, Math.max(0, bulkBytes - again), Math.max(0, urgentBytes - again));",
    "upper.pull(log, bulkBytes + 0 * again, urgentBytes);",
  ),
  tested(
    "all that waits is sent again on the same path",
    "session/lanes/sending_again.ts",
    "left -= from.path === to.path\n",
    "left -= from.path.length < 0\n",
  ),
  tested(
    "the front piece goes on the same path as often as somebody asks",
    "session/lanes/sending_again.ts",
    "if (standstill.copies >= degree) return 0;",
    "if (standstill.copies < 0) return 0;",
  ),
  tested(
    "what goes again on the same path has no limit",
    "session/lanes/sending_again.ts",
    "SHARE * this.#delivered.at(nowMs) + ALWAYS_BYTES - this.#again.at(nowMs);",
    "SHARE * this.#delivered.at(nowMs) + ALWAYS_BYTES;",
  ),
  tested(
    "what was delivered allows nothing more to go again on the same path",
    "session/lanes/sending_again.ts",
    "SHARE * this.#delivered.at(nowMs) + ALWAYS_BYTES",
    "SHARE + ALWAYS_BYTES",
  ),
  tested(
    "a carrier that stands still itself is given what waits on another",
    "session/lanes/sending_again.ts",
    "    if (degreeOf(to, nowMs) > 0) return 0;\n",
    "",
  ),
  tested(
    "quiet frames go twice on one path",
    "session/lanes/sending_again.ts",
    "if (quiet.path === to.path || degreeOf(to, nowMs) > 0) return 0;",
    "if (degreeOf(to, nowMs) > 0) return 0;",
  ),
  tested(
    "quiet frames go twice on a path that stands still",
    "session/lanes/sending_again.ts",
    "if (quiet.path === to.path || degreeOf(to, nowMs) > 0) return 0;",
    "if (quiet.path === to.path) return 0;",
  ),
  tested(
    "all quiet frames go on two paths, however many",
    "session/lanes/sending_again.ts",
    "    this.#twice.add(nowMs, bytes);\n",
    "",
  ),
  tested(
    "large pieces of the quiet carrier go on two paths",
    "session/lanes/sending_again.ts",
    "mostPieceBytes: TWICE_BYTES, mostLogs: 1 }",
    "mostPieceBytes: Infinity, mostLogs: 1 }",
  ),
  tested(
    "a carrier stands still behind one round trip",
    "session/lanes/standstill.ts",
    "const STILL_ROUND_TRIPS = 2;",
    "const STILL_ROUND_TRIPS = 1;",
  ),
  tested(
    "what is sent behind it takes a standstill back",
    "session/lanes/standstill.ts",
    "if (this.#sinceMs === Infinity) this.#sinceMs = nowMs;",
    "this.#sinceMs = nowMs;",
  ),
  tested(
    "progress does not count the front pieces anew",
    "session/lanes/standstill.ts",
    "    this.copies = 0;\n",
    "",
  ),
  tested(
    "nobody looks for carriers that stand still",
    "session/lanes/spread.ts",
    "    this.#watch(nowMs);\n",
    "",
  ),
  tested(
    "what is quiet goes on the other path when somebody asks there by chance",
    "session/lanes/spread.ts",
    "    else if (carrier === quiet) beside?.wake();\n",
    "    void [quiet, beside];\n",
  ),
  tested(
    "what is quiet goes on each carrier of another path too",
    "session/lanes/spread.ts",
    "const twice = to === beside ? this",
    "const twice = to !== quiet && beside ? this",
  ),
  tested(
    "nobody is told that a path stands still",
    "session/lanes/spread.ts",
    "this.#options.onStill(quiet, isStill(quiet, nowMs));",
    "void nowMs;",
  ),
  tested(
    "the quiet carrier stays on a path that stands still",
    "session/lanes/line_up.ts",
    "rank(quiet) + (quiet.isStill ? 0 : 2);",
    "rank(quiet);",
  ),
  tested(
    "the quiet carrier is on the longest path",
    "session/lanes/line_up.ts",
    "roundTripOf(one) - roundTripOf(other) ||",
    "roundTripOf(other) - roundTripOf(one) ||",
  ),
  tested(
    "the quiet carrier changes its path for each difference",
    "session/lanes/line_up.ts",
    "oneMs < SHORTER * otherMs && oneMs + SHORTER_MS <= otherMs;",
    "oneMs < otherMs;",
  ),
  tested(
    "a path without bulk carriers takes no bulk beside another",
    "session/lanes/line_up.ts",
    "return quiet === quiets[0] || isSound(quiet) ? [quiet] : [];",
    "return quiet === quiets[0] ? [quiet] : [];",
  ),
  tested(
    "bulk goes on a path in doubt",
    "session/lanes/line_up.ts",
    "return isHeard && !isDoubted;",
    "return isHeard;",
  ),
  tested(
    "the quiet carrier of a path leaves where there are too many",
    "session/lanes/surplus.ts",
    "left.filter((carrier) => !kept.includes(carrier));",
    "left;",
  ),
  tested(
    "a path that has come back gets nothing of what others took",
    "session/lanes/surplus.ts",
    "if (left[richest] - left[path] < 2) return moved;",
    "if (left[richest] > 0) return moved;",
  ),
  tested(
    "bulk waits for a carrier that stands still",
    "session/lanes/choice.ts",
    "if (isStill || (path === asking.path && !hasRoom)) return false;",
    "if (path === asking.path && !hasRoom) return false;",
  ),
  tested(
    "bulk waits for a carrier of the same path that has no room",
    "session/lanes/choice.ts",
    "if (isStill || (path === asking.path && !hasRoom)) return false;",
    "if (isStill) return false;",
  ),
  tested(
    "who declined is asked again by chance only",
    "session/lanes/choice.ts",
    "    this.#hasDeclined = false;\n    this.#options.onAskAgain();",
    "    this.#hasDeclined = false;",
  ),
  tested(
    "a chunk goes to the quickest carrier, whatever is in flight there",
    "session/lanes/arrival.ts",
    "return (load.inFlight + bytes) / this.#rate(load, nowMs)",
    "return bytes / this.#rate(load, nowMs)",
  ),
  tested(
    "a rate that is a second old counts",
    "session/lanes/arrival.ts",
    "      this.#isMeasured = false;\n",
    "",
  ),
  tested(
    "bulk carriers where the path is short",
    "session/lanes/bulk_wish.ts",
    "if (lowestRoundTripMs < LEAST_ROUND_TRIP_MS) return false;",
    "if (lowestRoundTripMs < 0) return false;",
  ),
  tested(
    "bulk carriers where it is the path that limits",
    "session/lanes/bulk_wish.ts",
    "return isLimited ? this.#most : paths;",
    "return isLimited || paths > 0 ? this.#most : paths;",
  ),
  tested(
    "a bulk carrier that brings nothing stays",
    "session/lanes/lanes.ts",
    "    if (!least.isUseless) return [];\n",
    "    if (!least.isUseless || this.#bulk.size > 0) return [];\n",
  ),
  tested(
    "a carrier is judged while others are on trial",
    "session/lanes/lanes.ts",
    "const isUseless = carriers.every(({ isTried }) => isTried) && ",
    "const isUseless = ",
  ),
  tested(
    "a client has as many bulk carriers as its peer likes",
    "session/lanes/lanes.ts",
    "Math.min(Math.max(this.#wished.own, this.#wished.peer), this.#most)",
    "Math.max(this.#wished.own, this.#wished.peer)",
  ),
  tested(
    "a want that comes late is taken",
    "session/lanes/wants.ts",
    "    if (rise <= this.#rise) return undefined;\n",
    "",
  ),
  tested(
    "a want that was lost with its carrier is not told again",
    "session/lanes/wants.ts",
    "    this.#isDue = this.#hasTold;\n",
    "",
  ),
];
