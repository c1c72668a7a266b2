/**
 * The rows of the option table for `tele doctor`.
 *
 * @module
 */

import { parseDuration } from "../values/duration.ts";
import { range, type ValueOption } from "./option.ts";

/** `--idle`. */
export const IDLE: ValueOption<number> = {
  kind: "value",
  name: "idle",
  placeholder: "DUR",
  role: "doctor",
  meaning: "how long a connection must live without a byte; above 8s 5s longer",
  default: "8s",
  example: "--idle=5m",
  ...range("a duration", parseDuration, "1s", "1h"),
};

/** `--wait`. */
export const WAIT: ValueOption<number> = {
  kind: "value",
  name: "wait",
  placeholder: "DUR",
  role: "doctor",
  meaning: "longest for one step",
  default: "10s",
  example: "--wait=30s",
  ...range("a duration", parseDuration, "100ms", "10m"),
};
