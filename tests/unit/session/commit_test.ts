/** A client's commit: what it takes from its session, and when. */
import { assertEquals } from "@std/assert";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { canResume, commit } from "../../../lib/session/commit.ts";
import type { ClientHandshake } from "../../../lib/session/handshake/client_handshake.ts";
import { resumeTimeoutField } from "../../../lib/session/handshake/fields.ts";
import type { Identity } from "../../../lib/session/handshake/keys.ts";
import { Session } from "../../../lib/session/session.ts";
import { limitsOf } from "../../../lib/session/session_limits.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";
import { ByteLayer } from "../../support/byte_layer.ts";

const SALT = new Uint8Array([1, 2, 3]);
const SECRET = new Uint8Array([4, 5, 6]);
const IDENTITY = {} as Identity;
const TERMS = { resumeTimeoutMs: 5_000, tokenSalt: Promise.resolve(SALT), identity: IDENTITY };

/** A session with a carrier, and a handshake that keeps what it is told to commit. */
function setUp(status: "ready" | "unknown", id = new Uint8Array(16)) {
  const clock = new FakeClock();
  const session = new Session({
    clock,
    pool: new SegmentPool({ plenty: 4 }),
    upper: new ByteLayer(1),
    limits: limitsOf({ replayBufferBytes: 1000 }),
    onDetached: () => {},
  });
  session.id = id;
  session.resumeSecret = SECRET;
  session.lastAttempt = 6;
  const { a } = memoryPipe({ clock });
  session.attach({ duplex: a, peerReceived: 0, leftover: new Uint8Array(0) });
  const committed: unknown[][] = [];
  const handshake = { status, commit: (...all: unknown[]) => Promise.resolve(committed.push(all)) };
  return { session, committed, handshake: handshake as unknown as ClientHandshake };
}

Deno.test("a session that the server knows is resumed with the next number, its count and its secret", async () => {
  const { session, committed, handshake } = setUp("ready");
  assertEquals(canResume(session, handshake), true);
  await commit(session, handshake, TERMS);
  const message = { kind: "resume", attempt: 7, received: 0, fields: resumeTimeoutField(5_000) };
  assertEquals(committed, [[message, SECRET, undefined]]);
  assertEquals(session.lastAttempt, 7);
});

Deno.test("in its place a new one begins with the token's salt and the identity, and no number is used", async () => {
  for (const { session, committed, handshake } of [setUp("unknown"), setUp("ready", new Uint8Array(0))]) {
    assertEquals(canResume(session, handshake), false);
    await commit(session, handshake, TERMS);
    const message = { kind: "new", attempt: 0, received: 0, fields: resumeTimeoutField(5_000) };
    assertEquals(committed, [[message, SALT, IDENTITY]]);
    assertEquals(session.lastAttempt, 6);
  }
});

Deno.test("the old carrier is gone in the step in which number and count are read", () => {
  const { session, handshake } = setUp("ready");
  commit(session, handshake, TERMS).catch(() => {});
  assertEquals([session.carrier, session.lastAttempt], [undefined, 7]);
});

Deno.test("until a new session is accepted, the old one keeps a carrier that is in doubt", async () => {
  const { session, handshake } = setUp("unknown");
  const { carrier } = session;
  await commit(session, handshake, TERMS);
  assertEquals([session.carrier === carrier, carrier !== undefined], [true, true]);
});
