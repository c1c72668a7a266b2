/**
 * A parent's question to a worker, at its status address.
 *
 * @module
 */
import type { UnixAddress } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { dial } from "../../net/dial.ts";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";

/** A worker that does not answer for so long is left out, in milliseconds. */
export const ANSWER_MS = 2_000;

/** Opens a connection to a worker. */
export type DialWorker = (address: UnixAddress, signal: AbortSignal) => Promise<Duplex>;

/** Opens real ones. */
export function dialWorker(address: UnixAddress, signal: AbortSignal): Promise<Duplex> {
  return dial(address, "carrier", signal);
}

/**
 * The body of a worker's answer.
 *
 * @throws {TeleError} If it does not answer, or with something else than 200.
 */
export async function askWorker(
  address: UnixAddress,
  path: string,
  clock: Clock,
  dialWorker: DialWorker,
): Promise<string> {
  const limit = new AbortController();
  let duplex: Duplex | undefined;
  const timer = clock.setTimer(() => {
    limit.abort(new TeleError("carrier-lost", `no answer within ${ANSWER_MS / 1000} s`));
    duplex?.close();
  }, ANSWER_MS);
  try {
    duplex = await dialWorker(address, limit.signal);
    await duplex.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`));
    return bodyOf(await readAll(duplex));
  } finally {
    timer.cancel();
    duplex?.close();
  }
}

/** An answer ends with its connection. */
async function readAll(duplex: Duplex): Promise<string> {
  const decoder = new TextDecoder();
  const into = new Uint8Array(64 * 1024);
  let text = "";
  for (let count = await duplex.read(into); count !== null; count = await duplex.read(into)) {
    text += decoder.decode(into.subarray(0, count), { stream: true });
  }
  return text;
}

function bodyOf(answer: string): string {
  const end = answer.indexOf("\r\n\r\n");
  if (end < 0 || !/^HTTP\/1\.1 200 /.test(answer)) {
    throw new TeleError("protocol", "it does not answer as a worker does");
  }
  return answer.slice(end + 4);
}
