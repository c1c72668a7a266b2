/**
 * A parent's question to a worker, at its status address.
 *
 * @module
 */
import type { UnixAddress } from "../../net/address.ts";
import { dial } from "../../net/dial.ts";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";

/** Opens a connection to a worker. */
export type DialWorker = (address: UnixAddress) => Promise<Duplex>;

/** Opens real ones. */
export function dialWorker(address: UnixAddress): Promise<Duplex> {
  return dial(address);
}

/**
 * The body of a worker's answer, however long that takes: the connection to one that dies ends.
 *
 * @throws {TeleError} If nobody is there, or answers with something else than 200.
 */
export async function askWorker(address: UnixAddress, path: string, dialWorker: DialWorker): Promise<string> {
  const duplex = await dialWorker(address);
  try {
    await duplex.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`));
    return bodyOf(await readAll(duplex));
  } finally {
    duplex.close();
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
