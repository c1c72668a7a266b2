/**
 * Sentences of logs as words that can be counted.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { RefusalError } from "../../session/ending.ts";
import { EndCode } from "../../session/session_constants.ts";

/** Why carriers go, by what the sentence says, the first that fits. */
const LOSSES: readonly (readonly [RegExp, string])[] = [
  [/^silent for|^nothing acknowledged|^no answer for|^no sign of life/, "silent"],
  [/^the session ended$/, "ended"],
  [/^left$|has left/, "left"],
  [/^given up there$|another connection gets through/, "replaced"],
  [/^the address .* is gone/, "moved"],
  [/reset/i, "reset"],
  [/closed|ended|end of file/i, "closed"],
];

/**
 * Why a carrier is gone: `silent`, `reset` (by the network), `closed` (by the other side, or somebody on the way),
 * `replaced` by a newer one, `moved` (the address it left from is gone), `left` since it was one too many, `ended` with
 * its session, or `other`.
 *
 * @example
 * ```ts
 * import { lossReason } from "./reasons.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(lossReason("silent for 3.0 s"), "silent");
 * ```
 */
export function lossReason(sentence: string): string {
  return LOSSES.find(([pattern]) => pattern.test(sentence))?.[1] ?? "other";
}

const REFUSALS: ReadonlyMap<number, string> = new Map(Object.entries(EndCode).map(([name, code]) => [code, name]));

/**
 * Why an attempt failed: for a refusal what it is for (`token`, `full`, `version`, …: the codes of `PROTOCOL.md`), else
 * the code of the error, such as `carrier-lost`.
 */
export function attemptReason(error: unknown): string {
  if (error instanceof RefusalError) return REFUSALS.get(error.endCode) ?? "refused";
  return error instanceof TeleError ? error.code : "other";
}
