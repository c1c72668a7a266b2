/**
 * The words of two servers in front of a carrier that one passes to the other, over any duplex. Source: `PROTOCOL.md`,
 * "Fleet".
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { readU16, writeU16 } from "../../net/bytes.ts";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";
import {
  ANSWER_BYTES,
  decodeAnswer,
  decodeGreeting,
  decodePreface,
  encodeAnswer,
  encodeGreeting,
  encodePreface,
  GREETING_BYTES,
  type OwnerAnswer,
  type Preface,
  PREFACE_LENGTH_BYTES,
  signerOf,
} from "../handshake/preface.ts";
import { NONCE_BYTES } from "../handshake/messages.ts";
import { MAX_PREFACE_BYTES } from "../session_constants.ts";
import type { FleetKey } from "./fleet_keys.ts";

/**
 * Asks an owner for the session of a ticket; `link` leads to its node. Behind _here_ the carrier's bytes follow.
 *
 * @returns `undefined` if it hears the question and closes: it has another key, or is another node or worker.
 */
export async function askOwner(
  link: Duplex,
  key: FleetKey,
  preface: Omit<Preface, "nonce">,
): Promise<OwnerAnswer | undefined> {
  const greeting = decodeGreeting(await readExactly(link, GREETING_BYTES));
  const nonce = freshNonce();
  const bytes = await encodePreface(key, { ...preface, nonce }, greeting);
  const length = new Uint8Array(PREFACE_LENGTH_BYTES);
  writeU16(length, 0, bytes.length);
  await link.write(concat([length, bytes]));
  const answer = await readExactly(link, ANSWER_BYTES).catch(withoutAnswer);
  return answer && await decodeAnswer(key, answer, bytes, greeting);
}

/** The other end has closed the connection; what the system says of it (a reset) is another matter. */
function withoutAnswer(error: unknown): undefined {
  if (!(error instanceof TeleError)) throw error;
}

/** A question whose proof holds. */
export interface OwnerQuestion {
  /** What was said. */
  readonly preface: Preface;
  /** Answers it. */
  answer(answer: OwnerAnswer): Promise<void>;
}

/**
 * Hears who asks, at the owner.
 *
 * @throws {TeleError} `protocol` if its proof does not hold, or its words make no sense.
 */
export async function hearQuestion(link: Duplex, keys: readonly FleetKey[]): Promise<OwnerQuestion> {
  const greeting = freshNonce();
  await link.write(encodeGreeting(greeting));
  const length = readU16(await readExactly(link, PREFACE_LENGTH_BYTES), 0);
  if (length > MAX_PREFACE_BYTES) throw new TeleError("protocol", "this is not how a server of the fleet begins");
  const bytes = await readExactly(link, length);
  const key = await signerOf(keys, bytes, greeting);
  if (key === undefined) throw new TeleError("protocol", "it does not prove that it has a key of this fleet");
  const preface = decodePreface(bytes);
  return { preface, answer: async (answer) => await link.write(await encodeAnswer(key, answer, bytes, greeting)) };
}

function freshNonce(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}

/** Not a byte more: what follows belongs to the carrier. */
async function readExactly(link: Duplex, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count;) {
    const read = await link.read(bytes.subarray(filled));
    if (read === null) throw new TeleError("carrier-lost", "the connection was closed");
    filled += read;
  }
  return bytes;
}
