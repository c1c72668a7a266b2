/** A client's commit: what it takes from its session, and when. */
import { assertEquals } from "@std/assert";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { canJoin, commit } from "../../../lib/session/commit.ts";
import type { ClientHandshake } from "../../../lib/session/handshake/client_handshake.ts";
import { type Receipt, receiptsField, resumeTimeoutField } from "../../../lib/session/handshake/fields.ts";
import type { Identity } from "../../../lib/session/handshake/keys.ts";
import { Session } from "../../../lib/session/session.ts";
import { limitsOf } from "../../../lib/session/session_limits.ts";
import { dataFrame } from "../../support/frames.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";
import { ByteLayer, BYTES_ID } from "../../support/byte_layer.ts";

const SALT = new Uint8Array([1, 2, 3]);
const SECRET = new Uint8Array([4, 5, 6]);
const IDENTITY = {} as Identity;
const TERMS = { resumeTimeoutMs: 5_000, tokenSalt: Promise.resolve(SALT), identity: IDENTITY };

/** A session with a carrier, and a handshake that keeps what it is told to commit. */
function setUp(status: "ready" | "unknown", id = new Uint8Array(16)) {
  const clock = new FakeClock();
  const session = new Session({
    end: "client",
    clock,
    pool: new SegmentPool({ plenty: 4 }),
    upper: new ByteLayer(1),
    limits: limitsOf({ replayBufferBytes: 1000 }),
    onDetached: () => {},
  });
  session.id = id;
  session.resumeSecret = SECRET;
  session.lastNumber = 6;
  const { a } = memoryPipe({ clock });
  session.attach({ duplex: a, number: 6, leftover: dataFrame(BYTES_ID, 0, new Uint8Array(1)) });
  const committed: unknown[][] = [];
  const handshake = { status, commit: (...all: unknown[]) => Promise.resolve(committed.push(all)) };
  return { session, committed, handshake: handshake as unknown as ClientHandshake };
}

/** The message that joins with these receipts. */
function join(number: number, receipts: Receipt[]) {
  const fields = new Map([...resumeTimeoutField(5_000), ...receiptsField(receipts)]);
  return { kind: "join", number, lane: "quiet", fields };
}

Deno.test("a session that the server knows is joined with the next number, its receipts and its secret", async () => {
  const { session, committed, handshake } = setUp("ready");
  assertEquals(canJoin(session, handshake), true);
  await settle();
  const { receipts } = await commit(session, handshake, TERMS);
  assertEquals(receipts, [{ number: 6, taken: 18 }]);
  assertEquals(committed, [[join(7, receipts), SECRET, undefined]]);
  assertEquals(session.lastNumber, 7);
});

Deno.test("what one commit tells the next tells too, until the session knows that it arrived", async () => {
  const { session, committed, handshake } = setUp("ready");
  const first = await commit(session, handshake, TERMS);
  const second = await commit(session, handshake, TERMS);
  assertEquals([first.receipts, second.receipts], [[{ number: 6, taken: 0 }], [{ number: 6, taken: 0 }]]);
  session.settle([]);
  session.receiptsArrived(second.receipts);
  await commit(session, handshake, TERMS);
  assertEquals(committed.map(([message]) => message), [join(7, first.receipts), join(8, first.receipts), join(9, [])]);
});

Deno.test("in its place a new one begins with the token's salt and the identity, and no number is used", async () => {
  for (const { session, committed, handshake } of [setUp("unknown"), setUp("ready", new Uint8Array(0))]) {
    assertEquals(canJoin(session, handshake), false);
    await commit(session, handshake, TERMS);
    const message = { kind: "new", number: 0, lane: "quiet", fields: resumeTimeoutField(5_000) };
    assertEquals(committed, [[message, SALT, IDENTITY]]);
    assertEquals(session.lastNumber, 6);
  }
});

Deno.test("the old carrier is gone in the step in which number and receipts are read", () => {
  const { session, handshake } = setUp("ready");
  commit(session, handshake, TERMS).catch(() => {});
  assertEquals([session.carrier, session.lastNumber], [undefined, 7]);
});

Deno.test("until a new session is accepted, the old one keeps a carrier that is in doubt", async () => {
  const { session, handshake } = setUp("unknown");
  const { carrier } = session;
  await commit(session, handshake, TERMS);
  assertEquals([session.carrier === carrier, carrier !== undefined], [true, true]);
});
