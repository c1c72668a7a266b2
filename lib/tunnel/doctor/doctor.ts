/**
 * `tele doctor`: examines each path of a client, and says which step fails and what to change.
 *
 * @module
 */

import type { Clock } from "../../net/clock.ts";
import type { Log } from "../../net/log.ts";
import { addressesOf } from "../../net/race.ts";
import { ownToken } from "../../session/handshake/own_token.ts";
import { formatPath } from "../command_line/client_paths.ts";
import type { DoctorOptions } from "../command_line/role_options.ts";
import { readClientToken } from "../files/token_file.ts";
import { makeDialer } from "../roles/outer_dialer.ts";
import { examine } from "./examination.ts";
import { type Finding, findingLine } from "./finding.ts";

/** What it needs beside them. */
export interface DoctorNeeds {
  /** Takes the lines of the report, as they come. */
  readonly write: (line: string) => void;
  /** Where warnings about files go. */
  readonly log: Log;
  /** Time. */
  readonly clock: Clock;
  /** Gives up, and still tells the server. */
  readonly signal: AbortSignal;
}

/**
 * Examines all paths, one after the other.
 *
 * @returns Whether all is as it should be.
 * @throws {TeleError} `bad-input` if a file is wrong.
 */
export async function runDoctor(options: DoctorOptions, { write, log, clock, signal }: DoctorNeeds): Promise<boolean> {
  const { client, idleMs, waitMs } = options;
  const given = await readClientToken({ file: client.tokenFile, variable: client.tokenVariable }, log);
  const token = ownToken(given ?? {});
  const dialer = await makeDialer(client, log, clock);
  const common = { options: client, idleMs, waitMs, token, isGuarded: given !== undefined, dialer, clock, signal };
  const tell = (finding: Finding) => write(findingLine(finding));
  let isGood = true;
  try {
    for (const [path, { out, from }] of client.paths.entries()) {
      if (client.paths.length > 1) write(`${path === 0 ? "" : "\n"}${formatPath({ out, from })}`);
      if (!await examine({ ...common, path, resolve: addressesOf, tell })) isGood = false;
      if (signal.aborted) return false;
    }
  } finally {
    await dialer.stop();
  }
  return isGood;
}
