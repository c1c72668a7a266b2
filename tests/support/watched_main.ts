/**
 * `main.ts`, whose logs are watched: how full they are is told on standard error, where no option of `tele` tells it.
 * Takes the arguments of `main.ts`.
 *
 * @module
 */
import { LogBudget } from "../../lib/session/log_budget.ts";

const TELL_MS = 100;

/** What the one session there is holds. */
let budget: LogBudget | undefined;
/** The most it held since that was told. */
let mostBytes = 0;

const { change } = LogBudget.prototype;

LogBudget.prototype.change = function (this: LogBudget, bytes, pieces) {
  change.call(this, bytes, pieces);
  budget = this;
  mostBytes = Math.max(mostBytes, this.heldBytes);
};

const timer = setInterval(() => {
  if (budget !== undefined) console.error(`logs: ${Math.max(mostBytes, budget.heldBytes)} bytes`);
  mostBytes = 0;
}, TELL_MS);
Deno.unrefTimer(timer);

await import("../../main.ts");
