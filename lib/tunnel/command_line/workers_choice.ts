/**
 * Whether what a command line asks for can be shared by workers.
 *
 * @module
 */
import type { Address } from "../../net/address.ts";
import { example, type GivenFlags, mistake } from "./given_flags.ts";
import { REVERSE_LISTEN } from "./service_options.ts";
import { WORKERS } from "./workers_options.ts";

/** A place where all workers listen. */
export interface SharedPlace {
  /** The option that says so. */
  readonly flag: string;
  /** The address; `undefined` for a free port. */
  readonly in: Address | undefined;
}

/**
 * How many workers there are to be; `undefined` for no parent.
 *
 * @param places Where the role listens.
 * @throws {TeleError} `bad-input` if workers cannot do what else is asked for.
 */
export function workersChoice(
  given: GivenFlags,
  places: readonly SharedPlace[],
  os: typeof Deno.build.os = Deno.build.os,
): number | undefined {
  const count = given.value(WORKERS);
  if (count === undefined) return undefined;
  if (os !== "linux") {
    throw mistake(
      `--workers needs Linux, where several processes can listen on one port; here it is ${os}: leave it out`,
    );
  }
  if (count > 1) {
    given.refuse(
      [REVERSE_LISTEN],
      "needs the worker that has the session of the client who offers it, and users come to any: write --workers=1",
    );
  }
  for (const { flag, in: address } of places) {
    if (address?.kind === "unix") {
      throw mistake(
        `${flag} is a unix socket, which several processes cannot share: give it a port, or leave out --workers`,
      );
    }
    if (address === undefined || address.port === 0) {
      throw mistake(
        `--workers needs a port that is fixed, which all share, at ${flag}: ${example(WORKERS)} ${flag}=:40300`,
      );
    }
  }
  return count;
}

/** Throws if a command line asks for workers of what has no use for them, for the reason `why`. */
export function refuseWorkers(given: GivenFlags, why: string): void {
  given.refuse([WORKERS], `shares many connections among processes; ${why}: leave it out`);
}
