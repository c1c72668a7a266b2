/**
 * What the two ends of a carrier see of the TLS around it, and what is said when that does not fit. Source:
 * `PROTOCOL.md`, "Seal".
 *
 * @module
 */
import { LEAF_BYTES, NO_LEAF } from "../../net/leaf.ts";
import { TeleError } from "../../net/error.ts";
import { foreignServer } from "../../net/foreign_protocol.ts";
import { RefusalError } from "../ending.ts";
import { EndCode, FrameType } from "../session_constants.ts";
import { unproven } from "./hearsay.ts";
import { tokenOnClientOnly } from "./token.ts";
import type { ServerTokens } from "./token_table.ts";

/**
 * Whether an end that has a token seals its carriers: `auto` where nobody else does whom the client has verified,
 * `always` there as well, `never` for a network that is private already.
 */
export const ENCRYPTIONS = ["auto", "always", "never"] as const;

/** One of {@linkcode ENCRYPTIONS}. */
export type Encryption = typeof ENCRYPTIONS[number];

/** What a server asks of whoever wants a session. */
export interface ServerGuard extends ServerTokens {
  /**
   * Whether clients must seal their carriers, which the token proves; see {@linkcode Duplex.leaf}.
   *
   * @default {"never"}
   */
  encryption?: Encryption;
}

/** Bytes of an answer in which a refuse and its code can be seen: length, type, code. */
const REFUSE_BYTES = 7;

/**
 * The leaf that the proofs of a carrier cover at a server which has a token.
 *
 * A client that was sealed by somebody else than this server said another leaf than this one sees. That it says the
 * truth is proven later: what it said is in the transcript, and what is seen here is what this end puts there.
 *
 * @param said What the client says of the TLS around the carrier; `undefined` if there is none to rely on.
 * @param seen The leaf that this end has shown on the carrier; `undefined` without TLS.
 * @throws {RefusalError} The two do not fit, or not to what this server wants.
 *
 * @example
 * ```ts
 * import { agreedLeaf } from "./seal.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const leaf = new Uint8Array(32).fill(7);
 * assertEquals(agreedLeaf("auto", leaf, leaf), leaf);
 * assertThrows(() => agreedLeaf("auto", leaf, undefined), Error, "somebody between");
 * ```
 */
export function agreedLeaf(
  encryption: Encryption,
  said: Uint8Array | undefined,
  seen: Uint8Array | undefined,
): Uint8Array {
  if (said === undefined) {
    if (encryption !== "never") throw clientNeverSeals();
    return NO_LEAF;
  }
  if (isSame(said, NO_LEAF)) {
    if (encryption === "always") throw sealedInFrontOnly();
    return NO_LEAF;
  }
  if (seen === undefined || !isSame(said, seen)) throw sealedByAnother();
  return seen;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === LEAF_BYTES && other.length === LEAF_BYTES && one.every((byte, at) => byte === other[at]);
}

/** The client says never, or has no TLS to rely on. The first sentence is the client's, the second the server's. */
function clientNeverSeals(): RefusalError {
  return new RefusalError(
    {
      code: EndCode.seal,
      message: "the tele server takes sealed carriers only, and this side does not seal: " +
        "leave --encryption=never away here, or give it to both sides",
    },
    "the tele client does not seal its carriers, and this server takes no others: " +
      "leave --encryption=never away there, or give it to both sides",
  );
}

/** The client relies on a TLS that it has verified, and the server wants more. */
function sealedInFrontOnly(): RefusalError {
  return new RefusalError(
    {
      code: EndCode.seal,
      message: "the tele server wants carriers that are sealed up to itself (--encryption=always), and this side " +
        "relies on TLS, which may end in front of it: give --encryption=always to this side too",
    },
    "the tele client relies on TLS, which may end in front of this server, and here is --encryption=always: give it " +
      "to the client too, or leave it away here",
  );
}

/** Whoever ended the client's TLS is not this server. */
function sealedByAnother(): RefusalError {
  return new RefusalError(
    {
      code: EndCode.seal,
      message:
        "somebody between this side and the tele server ends the encryption: the certificate that came here is " +
        "not the server's; if it is a balancer or web server of yours, verify its certificate with --tls (or wss://), " +
        "or let it pass TLS on",
    },
    "somebody between the tele client and this server ends the encryption: the certificate that the client saw is not " +
      "this server's; if it is a balancer or web server of yours, start the client with --tls (or wss://), or let it " +
      "pass TLS on",
  );
}

/** TLS has come where this server takes none. A client that seals gets the code, in plain. */
export function refuseTls(isGuarded: boolean): RefusalError {
  if (!isGuarded) {
    return new RefusalError(
      tokenOnClientOnly().ending,
      "the client speaks TLS, this tele server does not: start it with --tls-cert and --tls-key, or the client without " +
        "--tls; or if the client has a token, give this server the same",
    );
  }
  return new RefusalError(
    neverAtServer(),
    "the tele client seals its carriers, and here is --encryption=never: give it to both sides or to neither (or, if " +
      "the client was started with --tls, leave that away)",
  );
}

function neverAtServer() {
  return {
    code: EndCode.seal,
    message:
      "the tele server says --encryption=never, this side seals its carriers: give it to both sides or to neither",
  };
}

/**
 * What it means that a peer answers to the hello of TLS in plain.
 *
 * @param address Who was dialled, for the sentence.
 * @param first The first bytes of the answer.
 */
export function explainPlainAnswer(address: string, first: Uint8Array): TeleError {
  const foreign = foreignServer(address, first);
  if (foreign !== undefined) return foreign;
  if (first.length >= REFUSE_BYTES && first[4] === FrameType.refuse) {
    const code = first[5] << 8 | first[6];
    if (code === EndCode.token) return unproven(tokenOnClientOnly().ending);
    if (code === EndCode.seal) return unproven(neverAtServer());
  }
  return new TeleError(
    "protocol",
    `${address}: what answers there does not encrypt, so nothing was said to it: it is no tele server, or one of an ` +
      "older release",
  );
}
