/**
 * Where a process tells how it goes, as a command line or a configuration says it.
 *
 * @module
 */

import type { Address } from "../../net/address.ts";
import { type GivenFlags, mistake } from "./given_flags.ts";
import type { StatusOptions } from "./role_options.ts";
import { STATUS, STATUS_TOKEN_FILE } from "./status_options.ts";

/**
 * What the two options say together.
 *
 * @throws {TeleError} `bad-input` for a secret that nobody could be asked for.
 *
 * @example
 * ```ts
 * import { statusOf } from "./status_choice.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(statusOf(undefined, undefined), undefined);
 * assertThrows(() => statusOf(undefined, "token"), Error, "--status=ADDR");
 * ```
 */
export function statusOf(address: Address | undefined, tokenFile: string | undefined): StatusOptions | undefined {
  if (address !== undefined) return { address, tokenFile };
  if (tokenFile === undefined) return undefined;
  throw mistake("--status-token-file guards the status address, and there is none: give --status=ADDR too");
}

/** What a command line says. */
export function givenStatus(given: GivenFlags): StatusOptions | undefined {
  return statusOf(given.value(STATUS), given.value(STATUS_TOKEN_FILE));
}

/** Throws if a command line asks for the status of a process that does not go on, for the reason `why`. */
export function refuseStatus(given: GivenFlags, why: string): void {
  given.refuse([STATUS, STATUS_TOKEN_FILE], `is for a process that goes on; ${why}: leave it out`);
}
