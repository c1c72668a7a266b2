/**
 * How a step went, and the line that tells it.
 *
 * @module
 */

import { reasonOf } from "../../net/error.ts";
import { escapeUnshown } from "../../net/shown_text.ts";
import { formatDuration } from "../values/duration.ts";
import { adviceFor } from "./advice.ts";
import type { Step } from "./step.ts";

/** Columns of the longest name of a step. */
const NAME_COLUMNS = "round trip".length;

/** Columns of a time such as `2 min 10 s`. */
const TIME_COLUMNS = 10;

/** What a line says. */
export interface Finding {
  /** The step. */
  readonly step: Step;
  /** Whether it is as it should be. */
  readonly isGood: boolean;
  /** How long it took, in milliseconds. */
  readonly tookMs: number;
  /** What was found. */
  readonly text: string;
}

/** What is found when a step has failed: the error's sentence, and what to change where that does not say it. */
export function failure(step: Step, tookMs: number, error: unknown): Finding {
  const advice = adviceFor(step, error);
  const text = `${reasonOf(error)}${advice === undefined ? "" : `; ${advice}`}`;
  return { step, isGood: false, tookMs, text };
}

/**
 * The line of a finding.
 *
 * @example
 * ```ts
 * import { findingLine } from "./finding.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const finding = { step: "connection" as const, isGood: true, tookMs: 31, text: "192.0.2.1:40300 takes it" };
 * assertEquals(findingLine(finding), "ok    connection      31 ms  192.0.2.1:40300 takes it");
 * ```
 */
export function findingLine({ step, isGood, tookMs, text }: Finding): string {
  const time = formatDuration(tookMs).padStart(TIME_COLUMNS);
  // A peer's words may hold any character.
  return `${isGood ? "ok  " : "FAIL"}  ${step.padEnd(NAME_COLUMNS)} ${time}  ${escapeUnshown(text)}`;
}
