/**
 * `main.ts`, whose replay logs are watched: how full they are is told on standard error, where no option of `tele`
 * tells it. Takes the arguments of `main.ts`.
 *
 * @module
 */
import { ReplayLog } from "../../lib/session/carrier/replay_log.ts";

const TELL_MS = 100;

/** The log that took something last: of the one session there is. */
let log: ReplayLog | undefined;
/** The most it held since that was told. */
let mostBytes = 0;

const { adopt, reserve } = ReplayLog.prototype;

function took(by: ReplayLog): void {
  log = by;
  mostBytes = Math.max(mostBytes, by.heldBytes);
}

ReplayLog.prototype.adopt = function (this: ReplayLog, ...piece) {
  adopt.apply(this, piece);
  took(this);
};

ReplayLog.prototype.reserve = function (this: ReplayLog, bytes) {
  const at = reserve.call(this, bytes);
  took(this);
  return at;
};

const timer = setInterval(() => {
  if (log !== undefined) console.error(`replay log: ${Math.max(mostBytes, log.heldBytes)} bytes`);
  mostBytes = 0;
}, TELL_MS);
Deno.unrefTimer(timer);

await import("../../main.ts");
