/**
 * The token of a client. Source: `PROTOCOL.md`, "Tokens".
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { checkWasGuarded, tokenSalt } from "./token.ts";
import { checkTokenName } from "./token_name.ts";

/** What a client is given. */
export interface ClientToken {
  /**
   * The secret, of 16 to 4096 bytes.
   *
   * @default {undefined}: the server must have none either
   */
  token?: Uint8Array;
  /**
   * Its name at the server.
   *
   * @default {undefined}: the server's token without a name
   */
  tokenName?: string;
}

/** What a new session is begun with. The token itself is not kept. */
export interface OwnToken {
  /** Its name at the server, if it has one there. */
  readonly name: string | undefined;
  /** What it adds to the keys; nothing without one. */
  readonly salt: Promise<Uint8Array>;
}

/**
 * What a client's token is in handshakes.
 *
 * @throws {TeleError} `bad-input`, at once, if the token is too short or too long, or its name is none.
 *
 * @example
 * ```ts
 * import { ownToken } from "./own_token.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const token = crypto.getRandomValues(new Uint8Array(32));
 * assertEquals((await ownToken({ token, tokenName: "alice" }).salt).length, 32);
 * assertThrows(() => ownToken({ tokenName: "alice" }), Error, "and no token");
 * ```
 */
export function ownToken({ token, tokenName: name }: ClientToken): OwnToken {
  if (name !== undefined) {
    if (token === undefined) throw new TeleError("bad-input", `the name ${name} of a token was given, and no token`);
    checkTokenName(name, "the name of the token");
  }
  return { name, salt: tokenSalt(token) };
}

/**
 * The same for a token that takes the place of a former one.
 *
 * @throws {TeleError} `bad-input`, at once, as {@linkcode ownToken} does, or if there was none before.
 */
export function renewedToken(token: ClientToken, wasGuarded: boolean): OwnToken {
  checkWasGuarded(wasGuarded);
  return ownToken(token);
}
