/**
 * What a bar is.
 *
 * @module
 */

/** A figure that tele keeps to: a number in the unit of the metric, or a multiple of somebody's figure. */
export interface Bar {
  workload: string;
  contender: string;
  metric: string;
  /** `least` where more is better. */
  kind: "least" | "most";
  bar?: number;
  /** What would be better still. */
  beyond?: number;
  /** Whose figure it is a multiple of; of the same workload unless said. */
  of?: { contender: string; workload?: string };
  /** On top of such a multiple, in the unit of the metric. @default {0} */
  plus?: number;
  /** Where `least` is meant: this much is enough, in the unit of the metric, whatever the other has. */
  or?: number;
}
