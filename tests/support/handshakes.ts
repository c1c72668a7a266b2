/**
 * Both sides of a handshake over one connection, as their owners drive them, and a wire that records and changes bytes.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import type { Duplex } from "../../lib/net/duplex.ts";
import { TeleError } from "../../lib/net/error.ts";
import { duplexPair } from "../../lib/net/pipe.ts";
import { type Accepted, ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { type Committed, ServerHandshake } from "../../lib/session/handshake/server_handshake.ts";
import { liveField, receiptsField, startPoolField } from "../../lib/session/handshake/fields.ts";
import type { Identity } from "../../lib/session/handshake/keys.ts";
import type { Challenge, Commit, Hello } from "../../lib/session/handshake/messages.ts";
import { endingOf, RefusalError } from "../../lib/session/ending.ts";
import { memoryPipe } from "./memory_pipe.ts";
import { framed } from "../../lib/ping/codec.ts";

export const SESSION_ID = new Uint8Array(16).fill(0x1d);
export const SECRET = new Uint8Array(32).fill(0x5e);
export const OTHER_SECRET = new Uint8Array(32).fill(0x5f);
export const NO_SECRET = new Uint8Array(0);
export const NEW: Commit = { kind: "new", number: 0, lane: "quiet", fields: new Map() };
export const JOIN: Commit = {
  kind: "join",
  number: 3,
  lane: "bulk",
  fields: new Map([
    ...liveField([2]),
    ...receiptsField([{ number: 0, taken: 70_000 }]),
    [999, new Uint8Array([1, 2])],
  ]),
};

export interface ServerPlan {
  status: Challenge["status"];
  /** What the server takes for the session's secret; `undefined` if it does not know the session. */
  secret: Uint8Array | undefined;
  /** Sent in one write with the accept. */
  behind: Uint8Array;
}

/** A server's side of one handshake; refuses as the real one does. */
export async function serve(duplex: Duplex, plan: ServerPlan): Promise<Committed & { hello: Hello }> {
  const handshake = new ServerHandshake(duplex);
  try {
    const hello = await handshake.hello();
    await handshake.challenge(plan.status);
    const committed = await handshake.commit((kind) => {
      if (kind === "join") return plan.secret;
      return plan.secret === undefined ? NO_SECRET : undefined;
    });
    const { number } = committed.commit;
    const known = number === 0 ? startPoolField(5) : receiptsField([{ number: 0, taken: 123 }]);
    const fields = new Map([...known, [1000, SECRET]]);
    const accept = await handshake.accept({ sessionId: SESSION_ID, number, fields });
    await duplex.write(concat([framed(accept), plan.behind]));
    return { ...committed, hello };
  } catch (error) {
    if (error instanceof TeleError && error.code !== "carrier-lost") {
      await handshake.refuse(endingOf(error));
    }
    throw error;
  }
}

export interface ClientPlan {
  sessionId?: Uint8Array;
  commit: Commit;
  secret: Uint8Array;
  identity?: Identity;
}

export async function attach(duplex: Duplex, plan: ClientPlan): Promise<Accepted> {
  const handshake = await ClientHandshake.begin(duplex, plan.sessionId);
  return await handshake.commit(plan.commit, plan.secret, plan.identity);
}

export const newClient: ClientPlan = { commit: NEW, secret: NO_SECRET };
export const newServer: ServerPlan = { status: "ready", secret: undefined, behind: NO_SECRET };
export const joinClient: ClientPlan = { sessionId: SESSION_ID, commit: JOIN, secret: SECRET };
export const joinServer: ServerPlan = { status: "ready", secret: SECRET, behind: NO_SECRET };

/** Both results over one connection. */
export function meet(client: ClientPlan, server: ServerPlan, [near, far] = duplexPair()) {
  return Promise.allSettled([attach(near, client), serve(far, server)]);
}

export async function meetWell(client: ClientPlan, server: ServerPlan, ends?: [Duplex, Duplex]) {
  const [accepted, committed] = await meet(client, server, ends);
  if (accepted.status === "rejected") throw accepted.reason;
  if (committed.status === "rejected") throw committed.reason;
  return { accepted: accepted.value, committed: committed.value };
}

export function assertRefused(result: PromiseSettledResult<unknown>, code: number, words: string): void {
  assert(result.status === "rejected");
  assertInstanceOf(result.reason, RefusalError);
  assertEquals(result.reason.endCode, code);
  assert(result.reason.message.includes(words), result.reason.message);
}

/** A connection whose bytes are recorded, each direction for itself, and can be changed on their way. */
export function tapped(change: { toServer?: number; toClient?: number } = {}) {
  const left = memoryPipe();
  const right = memoryPipe();
  const record = { toServer: new Uint8Array(0), toClient: new Uint8Array(0) };
  const close = () => [left.a, left.b, right.a, right.b].forEach((end) => end.close());
  const carry = async (from: Duplex, to: Duplex, direction: "toServer" | "toClient") => {
    const into = new Uint8Array(4096);
    for (let count = await from.read(into); count !== null; count = await from.read(into)) {
      const at = record[direction].length;
      record[direction] = concat([record[direction], into.subarray(0, count)]);
      const target = change[direction] ?? -1;
      if (target >= at && target < at + count) into[target - at] ^= 0x20;
      await to.write(into.slice(0, count));
    }
  };
  carry(left.b, right.a, "toServer").catch(() => {});
  carry(right.a, left.b, "toClient").catch(() => {});
  return { ends: [left.a, right.b] as [Duplex, Duplex], record, close };
}
