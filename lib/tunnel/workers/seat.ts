/**
 * What a worker is told by its parent: which one it is, and where it meets the others.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { UnixAddress } from "../../net/address.ts";
import { badInput } from "../../net/error.ts";
import { FLEET_INSTANCE_BYTES } from "../../session/session_constants.ts";
import type { WorkerPlace } from "./worker.ts";

/** The environment variable that makes a process a worker. It holds no secret, and is deleted when it was read. */
export const SEAT_VARIABLE = "TELE_WORKER";

/** A worker's place among the others. */
export interface Seat extends WorkerPlace {
  /** How many workers there are. */
  readonly count: number;
  /** The folder that its parent made, where workers meet or are asked; `undefined` where they do not. */
  readonly folder: string | undefined;
}

/** The name of the key's file in the folder. */
export const KEY_NAME = "key";

/** The key that the workers of a server share. */
export function keyFileIn(folder: string): string {
  return `${folder}/${KEY_NAME}`;
}

/**
 * Where other workers of a server pass carriers on to the one with this instance. No other process ever has that name: who
 * asks for the sessions of one that is over finds nobody there, whatever was started in its place.
 */
export function meetingPlace(folder: string, instance: Uint8Array): UnixAddress {
  return { kind: "unix", path: `${folder}/${encodeHex(instance)}` };
}

/** Whether a file in the folder is called like a worker's instance. */
export function isInstanceName(name: string): boolean {
  return name.length === 2 * FLEET_INSTANCE_BYTES && /^[0-9a-f]+$/.test(name);
}

/** Where the parent asks a worker how it goes. */
export function statusOf({ number, generation }: WorkerPlace, folder: string): UnixAddress {
  return { kind: "unix", path: `${folder}/status.${generation}.${number}` };
}

/**
 * What tells the identity of a client's worker from those of others. While an upgrade lasts there are two workers of a
 * number, which must not be the same client.
 */
export function nameOf({ number, generation }: Seat): string {
  return `worker ${number}${generation % 2 === 0 ? "" : " again"}`;
}

/** As the variable holds it. */
export function formatSeat(seat: Seat): string {
  return JSON.stringify(seat);
}

/**
 * Reads what {@linkcode formatSeat} wrote.
 *
 * @throws {TeleError} `bad-input` if somebody else wrote it.
 *
 * @example
 * ```ts
 * import { formatSeat, parseSeat } from "./seat.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const seat = { number: 1, count: 2, generation: 0, folder: undefined };
 * assertEquals(parseSeat(formatSeat(seat)), seat);
 * ```
 */
export function parseSeat(text: string): Seat {
  const { number, count, generation, folder } = fieldsOf(text);
  const isWhole = [number, count, generation].every((value) => Number.isSafeInteger(value)) &&
    (folder === undefined || typeof folder === "string");
  if (!isWhole) throw notOurs();
  return { number, count, generation, folder } as Seat;
}

function fieldsOf(text: string): { [Name in keyof Seat]?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw notOurs();
  }
}

function notOurs(): Error {
  return badInput(`${SEAT_VARIABLE} is set by tele --workers for its own workers: unset it`);
}
