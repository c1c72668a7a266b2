/**
 * The process around `tele doctor`: its report, its log, and its end.
 *
 * @module
 */

import { systemClock } from "../../net/clock.ts";
import { TeleError } from "../../net/error.ts";
import type { DoctorOptions } from "../command_line/role_options.ts";
import { ExitCode } from "../command_line/exit_code.ts";
import { makeLog } from "../log/log_format.ts";
import { failed, writeLine } from "../log/standard_streams.ts";
import { keepRunning } from "../roles/role_process.ts";
import { endSignals } from "../roles/signals.ts";
import { runDoctor } from "./doctor.ts";

/**
 * Runs a doctor until it has seen enough or is asked to end.
 *
 * @returns The exit code: failed if anything is not as it should be.
 */
export async function runDoctorProcess(options: DoctorOptions): Promise<number> {
  const signals = endSignals(false);
  const ending = new AbortController();
  signals.first.then((signal) => ending.abort(new TeleError("closed", `ended by ${signal}`)));
  const { logLevel: level, logFormat: format } = options.client;
  const log = makeLog({ level, format, write: (line) => void writeLine(Deno.stderr, line), wallNow: Date.now });
  keepRunning(log);
  let written: Promise<unknown> = Promise.resolve();
  const write = (line: string) => void (written = written.then(() => writeLine(Deno.stdout, line)));
  try {
    const running = runDoctor(options, { write, log, clock: systemClock, signal: ending.signal });
    // To tell the server may take long, and a user in a hurry sends the signal again.
    const isGood = await Promise.race([running, signals.insisted.then(() => false)]);
    await written;
    return isGood ? ExitCode.ok : ExitCode.failed;
  } catch (error) {
    return await failed(error, format);
  }
}
