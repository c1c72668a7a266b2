/**
 * The file with what the servers of a fleet share.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { badInput, reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { checkFleetSecrets } from "../../session/fleet/fleet_keys.ts";
import { readSecretFile, warnOfOthers } from "./secret_file.ts";
import { markOf, watchContent } from "./watched_files.ts";

/** The option that names it. */
const OPTION = "--fleet-key-file";

/** Most bytes of the file. */
const MOST_FILE_BYTES = 64 * 1024;

/** Interval between two looks at the file, in milliseconds. */
const LOOK_MS = 500;

/** Most keys in it: each is tried on each ticket. */
const MOST_KEYS = 4;

/**
 * The secrets in the text of a key file: a line each, the first one seals; lines that are empty or begin with `#` count
 * for nothing.
 *
 * @param place What names the file, for sentences.
 * @throws {TeleError} `bad-input` if there is none, one is too short or too long, or there are too many.
 *
 * @example
 * ```ts
 * import { fleetSecrets } from "./fleet_key_file.ts";
 * import { makeToken } from "./token_file.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const text = `# the key of our fleet\n${makeToken()}\n`;
 * assertEquals(fleetSecrets(new TextEncoder().encode(text), "the file").length, 1);
 * ```
 */
export function fleetSecrets(bytes: Uint8Array, place: string): Uint8Array[] {
  if (bytes.length > MOST_FILE_BYTES) {
    throw badInput(`${place} has more than ${MOST_FILE_BYTES} bytes: it is no key file`);
  }
  const lines = new TextDecoder().decode(bytes).split("\n").map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length > MOST_KEYS) throw badInput(`${place} has ${keys.length} keys: leave the newest ${MOST_KEYS}`);
  const secrets = keys.map((key) => new TextEncoder().encode(key));
  try {
    checkFleetSecrets(secrets);
  } catch (error) {
    throw badInput(`${place}: ${reasonOf(error)}: tele --make-token prints one`);
  }
  return secrets;
}

/**
 * Reads the file, and warns if others may read it.
 *
 * @throws {TeleError} `bad-input` if it cannot be read, or as {@linkcode fleetSecrets} does.
 */
export async function readFleetSecrets(path: string, log: Log): Promise<Uint8Array[]> {
  const place = `${OPTION}=${path}`;
  const { bytes, mode } = await readSecretFile(path, { option: OPTION, noun: "the key", mostBytes: MOST_FILE_BYTES });
  warnOfOthers(path, mode, "key file", log);
  return fleetSecrets(bytes, place);
}

/** Changes when the file does; see {@linkcode FleetKeyWatch.since}. */
export function markOfFleetKey(path: string): string {
  return markOf({ [OPTION]: path });
}

/** Options of {@linkcode watchFleetSecrets}. */
export interface FleetKeyWatch {
  /** What {@linkcode markOfFleetKey} said before the file was read first. */
  readonly since: string;
  /** Time. */
  readonly clock: Clock;
  /** Told of changes, and of what is wrong with them. */
  readonly log: Log;
  /** Takes the secrets that are there now. */
  readonly onChange: (secrets: Uint8Array[]) => void;
}

/**
 * Looks at the file from time to time, and passes on what is there once it has changed. If that is wrong or cannot be
 * read, a line says so, and the former stays in use.
 *
 * @returns Stops looking.
 */
export function watchFleetSecrets(path: string, { since, clock, log, onChange }: FleetKeyWatch): () => void {
  return watchContent({
    files: { [OPTION]: path },
    since,
    lookMs: LOOK_MS,
    settles: true,
    clock,
    log,
    read: () => readFleetSecrets(path, log),
    onChange,
    used: () => "its first key seals tickets from now on; one that is gone opens them for another resume timeout",
  });
}
