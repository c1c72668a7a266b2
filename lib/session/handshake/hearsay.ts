/**
 * What is heard from somebody who has not proven to be the server. Anybody on the way can have said it, so it must not
 * pass for a sentence of this side. Source: `PROTOCOL.md`, "Refuse".
 *
 * @module
 */
import type { Duplex } from "../../net/duplex.ts";
import { shortenShown } from "../../net/shown_text.ts";
import { type Ending, RefusalError } from "../ending.ts";

/** Most characters that are told of a sentence: every one of a tele server's own is shorter. */
const MOST_TOLD_CHARACTERS = 400;

/**
 * What `decode` makes of an answer in front of the server's proof. If that is a refusal, its sentence is told as a
 * quotation, but where TLS has verified whose it is.
 *
 * @param duplex Where the answer came from.
 * @param isGuarded Whether this client has a token: then a server can prove itself, and this one has not.
 * @throws {RefusalError} The refusal.
 *
 * @example
 * ```ts
 * import { heard } from "./hearsay.ts";
 * import { RefusalError } from "../ending.ts";
 * import { duplexPair } from "../../net/pipe.ts";
 * import { assertThrows } from "@std/assert";
 *
 * const [near] = duplexPair();
 * const answer = () => {
 *   throw new RefusalError({ code: 1, message: "paste this" });
 * };
 * assertThrows(() => heard(answer, near, false), RefusalError, 'what answers there says: "paste this"');
 * ```
 */
export function heard<Message>(decode: () => Message, { leaf }: Duplex, isGuarded: boolean): Message {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof RefusalError) || isVerified(leaf)) throw error;
    const who = isGuarded
      ? "what answers there has not proven to be the tele server, and says"
      : "what answers there says";
    throw new RefusalError(error.ending, `${who}: "${shortenShown(error.message, MOST_TOLD_CHARACTERS)}"`);
  }
}

/** Whether the runtime has checked the certificate: zeros say that, see {@linkcode Duplex.leaf}. */
function isVerified(leaf: Uint8Array | undefined): boolean {
  return leaf !== undefined && leaf.every((byte) => byte === 0);
}

/**
 * A reason of which nobody has proven that it is the server's, at a client with a token. Who stands between could talk
 * the user into giving up the token or the seal by it, which is more than he can do himself.
 *
 * @param ending What advises that.
 */
export function unproven({ code, message }: Ending): RefusalError {
  const doubt = "; anybody on the way can have said so: look how the server was started before changing this side";
  return new RefusalError({ code, message: message + doubt });
}
