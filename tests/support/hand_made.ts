/**
 * A client of sessions by hand: its frames and handshakes, in the order that a test wants.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { writeU64 } from "../../lib/net/bytes.ts";
import { type Identity, makeIdentityKeys } from "../../lib/session/handshake/keys.ts";
import type { Commit } from "../../lib/session/handshake/messages.ts";
import { type Accepted, ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { liveField, type Receipt, receiptsField } from "../../lib/session/handshake/fields.ts";
import { BYTES_ID } from "./byte_layer.ts";
import { dataFrame } from "./frames.ts";
import type { SessionWorld } from "./session_world.ts";

/** A frame of numbers, each a byte, and bytes. */
export function frameOf(...payload: (number | Uint8Array)[]): Uint8Array {
  const body = concat(payload.map((part) => typeof part === "number" ? new Uint8Array([part]) : part));
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, body.length);
  return concat([header, body]);
}

/** A count as the protocol writes it. */
export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, value);
  return bytes;
}

/** A client that can be known again. */
export async function someIdentity(): Promise<Identity> {
  return { keys: await makeIdentityKeys(), slot: 0 };
}

/** A tele client by hand: handshakes that a test can order as it likes. */
export async function handMade(world: SessionWorld) {
  const dial = async (sessionId?: Uint8Array) => {
    const handshake = await ClientHandshake.begin(await world.network.dial(), sessionId);
    return { handshake, pipe: world.network.last! };
  };
  const first = await dial();
  const fresh: Commit = { kind: "new", number: 0, lane: "quiet", fields: new Map() };
  const { accept, joinSecret } = await first.handshake.commit(fresh, new Uint8Array(0));
  await first.pipe.a.write(dataFrame(BYTES_ID, 0, new Uint8Array(1)));
  await world.clock.settle();
  const join = (
    handshake: ClientHandshake,
    number: number,
    receipts: Receipt[] = [],
    live: number[] = [],
  ): Promise<Accepted> => {
    const fields = new Map([...liveField(live), ...receiptsField(receipts)]);
    return handshake.commit({ kind: "join", number, lane: "quiet", fields }, joinSecret);
  };
  return { dial, join, pipe: first.pipe, sessionId: accept.sessionId };
}
