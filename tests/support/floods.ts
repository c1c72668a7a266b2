/**
 * Users' servers that send for ever, and clients that look whether all of it is theirs.
 *
 * @module
 */
import { assert } from "@std/assert";
import { connectTo, echo, type Handler, roundTrip, writeAll } from "./user_programs.ts";
import { pause, within } from "./wait.ts";

/** What floods: the byte that is sent for ever to who begins with it. */
const FLOODS = new Set(["A", "b"]);

/** Sends `A` or `b` for ever to who begins with that, until the connection fails; to all others what they send. */
export const floodOrEcho: Handler = async (connection) => {
  const first = new Uint8Array(1);
  if (await connection.read(first) === null) return;
  if (!FLOODS.has(String.fromCharCode(first[0]))) {
    await writeAll(connection, first);
    return await echo(connection);
  }
  const block = new Uint8Array(64 * 1024).fill(first[0]);
  while (true) await writeAll(connection, block);
};

/** What a {@linkcode download} got. */
export interface Downloaded {
  bytes: number;
  /** Where other bytes than `b` began, and some of them, for a person. */
  foreign: string[];
}

/** Most places where other bytes begin that are told. */
const MOST_PLACES = 20;

/** Downloads `b`s, which it asks for by one, until `isOver`. */
export async function download(port: number, isOver: () => boolean): Promise<Downloaded> {
  using connection = await connectTo(port);
  await writeAll(connection, new TextEncoder().encode("b"));
  const buffer = new Uint8Array(64 * 1024);
  const foreign: string[] = [];
  let bytes = 0;
  while (!isOver()) {
    const count = await within(connection.read(buffer), 20_000, "the next bytes of a download");
    assert(count !== null, "the download goes on");
    const at = buffer.subarray(0, count).findIndex((byte) => byte !== 0x62);
    if (at >= 0 && foreign.length < MOST_PLACES) {
      const some = buffer.subarray(at, Math.min(count, at + 32)).join(" ");
      foreign.push(`${new Date().toISOString()}: byte ${bytes + at}, ${at} of ${count} read: ${some}`);
    }
    bytes += count;
    await pause(1); // leaves the rest of the machine to the others
  }
  return { bytes, foreign };
}

/** Talks to an echo until `isOver`. Returns how long each answer took, in milliseconds. */
export async function talk(port: number, isOver: () => boolean): Promise<number[]> {
  using connection = await connectTo(port);
  const tookMs: number[] = [];
  while (!isOver()) {
    const startMs = performance.now();
    await within(roundTrip(connection, `still here ${tookMs.length}`), 20_000, "an echo");
    tookMs.push(performance.now() - startMs);
  }
  return tookMs;
}
