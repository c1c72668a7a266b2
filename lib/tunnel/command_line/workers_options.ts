/**
 * The row of the option table for workers.
 *
 * @module
 */
import { countRange, type ValueOption } from "./option.ts";

/** Most workers: more than machines have processors that tele could use. */
const MOST_WORKERS = 64;

const COUNT = countRange(1, MOST_WORKERS);

/** `--workers`. */
export const WORKERS: ValueOption<number> = {
  kind: "value",
  name: "workers",
  placeholder: "N",
  role: "both",
  meaning: "processes that share the work, under a parent; SIGUSR2 replaces them without loss (Linux)",
  without: "no parent",
  example: "--workers=auto",
  takes: `${COUNT.takes}, or auto for as many as there are processors`,
  parse: (text) => text === "auto" ? Math.min(MOST_WORKERS, navigator.hardwareConcurrency) : COUNT.parse(text),
  completes: { words: ["auto"] },
};
