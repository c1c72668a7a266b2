/**
 * Sessions and strangers with a token, the right one or another.
 *
 * @module
 */
import { assert } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { nameField } from "../../lib/session/handshake/fields.ts";
import type { Commit } from "../../lib/session/handshake/messages.ts";
import { RefusalError } from "../../lib/session/ending.ts";
import { tokenSalt } from "../../lib/session/handshake/token.ts";
import { type MemoryPipe, memoryPipe } from "./memory_pipe.ts";
import { SessionWorld, type SessionWorldOptions } from "./session_world.ts";

export const TOKEN = new TextEncoder().encode("the right token, 27 letters");
export const OTHER = new TextEncoder().encode("another one, of as many too");
/** Two clients with a name each, as a server knows them. */
export const ALICE = { name: "alice", token: TOKEN };
export const BOB = { name: "bob", token: OTHER };
export const NEW: Commit = { kind: "new", number: 0, lane: "quiet", fields: new Map() };

/** Both ends have the token, unless `client` or `server` says otherwise. */
export function guarded(
  { client = TOKEN, server = TOKEN }: { client?: Uint8Array; server?: Uint8Array } = {},
): SessionWorldOptions {
  return { client: { token: client }, server: { token: server } };
}

/** A world with two kinds of tokens; `undefined` is none. */
export function worldOf(client: Uint8Array | undefined, server: Uint8Array | undefined): SessionWorld {
  return new SessionWorld({ client: { token: client }, server: { token: server } });
}

/** A connection to the server from `peer`. */
export function connect(world: SessionWorld, peer = "198.51.100.7:1000"): MemoryPipe {
  const pipe = memoryPipe({ names: [peer, "server"], clock: world.clock });
  world.toServer(pipe.b);
  return pipe;
}

/** Asks for a new session with `token`; the refusal that comes, or `undefined` once it is granted. */
export async function ask(
  { a }: MemoryPipe,
  token: Uint8Array | undefined,
  name?: string,
): Promise<RefusalError | undefined> {
  try {
    const handshake = await ClientHandshake.begin(a, undefined, token !== undefined);
    await handshake.commit({ ...NEW, fields: nameField(name) }, await tokenSalt(token));
    return undefined;
  } catch (error) {
    assert(error instanceof RefusalError, String(error));
    return error;
  }
}

/** No line and no message shows the token, or what is derived from it, in any usual spelling. */
export async function assertSecret(texts: string[]): Promise<void> {
  const all = texts.join("\n");
  for (const token of [TOKEN, OTHER]) {
    for (const secret of [token, await tokenSalt(token)]) {
      const base64 = btoa(String.fromCharCode(...secret)).replaceAll("=", "");
      const spellings = [new TextDecoder().decode(secret), encodeHex(secret), base64, String(secret)];
      for (const spelling of spellings) assert(!all.includes(spelling), all);
    }
  }
}

/**
 * What a client tells of words of somebody who has proven nothing.
 *
 * @param isGuarded Whether the client has a token.
 */
export function quoted(words: string, isGuarded: boolean): string {
  const doubt = isGuarded ? " has not proven to be the tele server, and" : "";
  return `what answers there${doubt} says: "${words}"`;
}
