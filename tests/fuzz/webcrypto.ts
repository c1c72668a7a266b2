/**
 * The server's handshake with real keys and proofs: what the runtime's own cryptography makes of strange bytes.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { type Clock, systemClock } from "../../lib/net/clock.ts";
import { silentLog } from "../../lib/net/log.ts";
import { SegmentPool } from "../../lib/session/segment_pool.ts";
import { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { FieldType } from "../../lib/session/handshake/fields.ts";
import { encodeCommit, encodeHello } from "../../lib/session/handshake/messages.ts";
import { framed } from "../../lib/ping/codec.ts";
import { SessionServer } from "../../lib/session/session_server.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { mangled } from "./mangle.ts";
import { SilentUser } from "./roles.ts";
import { check, expectTele, hex, type Target } from "./target.ts";
import { Wire } from "./wire.ts";
import { limitsOf } from "../../lib/session/session_limits.ts";

/** How much faster time passes here: a refusal comes up to a second late, and WebCrypto is too slow for a fake clock. */
const TIMES_FASTER = 20;
const fastClock: Clock = {
  now: () => systemClock.now() * TIMES_FASTER,
  wallNow: () => systemClock.wallNow(),
  setTimer: (action, delayMs) => systemClock.setTimer(action, delayMs / TIMES_FASTER),
};

/** X25519 keys whose product with any other is zero, or that are no canonical numbers (RFC 7748, section 6.1). */
function strangeKey(choices: Choices): Uint8Array {
  const key = new Uint8Array(32).fill(choices.pick([0, 0xff]));
  key[0] = choices.pick([0, 1, 0xec, 0xed, 0xee]);
  key[31] = choices.pick([0, 0x7f, 0xff]);
  return key;
}

/** A hello and a commit that fits it, whose proof is noise, so that it is computed; sometimes mangled. */
function strangerWire(choices: Choices): Uint8Array {
  const { kind: _, ...rest } = frames.hello(choices);
  const hello = { ...rest, kind: "new" as const, sessionId: undefined };
  // It is refused a second late; the target `server-handshake` has it.
  hello.fields.delete(FieldType.guarded);
  hello.fields.delete(FieldType.leaf);
  if (choices.chance(0.3)) hello.publicKey = strangeKey(choices);
  const commit = frames.commit(choices, "new");
  const wire = concat([framed(encodeHello(hello)), framed(concat([encodeCommit(commit), choices.bytes(32)]))]);
  return choices.chance(0.4) ? mangled(choices, wire) : wire;
}

/** An honest client but for the fields of its commit: an identity that does not hold, for example. */
async function strangeClient(choices: Choices, wire: Wire): Promise<void> {
  const handshake = await ClientHandshake.begin(wire.far);
  const fields = frames.strangeFields(choices, "commit of a new session");
  const commit = { kind: "new" as const, number: 0, lane: "quiet" as const, fields };
  try {
    await handshake.commit(commit, new Uint8Array(0));
  } catch (error) {
    expectTele(["refused", "carrier-lost"], error);
  }
}

/** The same handshake as `server-handshake`, without a stand-in for WebCrypto. */
export const webCrypto: Target = {
  name: "webcrypto",
  about: "SessionServer.accept with real keys: keys of low order, proofs that are noise, identities that do not hold",
  quickStreams: 200,
  async run(choices, trace) {
    const server = new SessionServer<SilentUser>({
      clock: fastClock,
      log: silentLog,
      pool: new SegmentPool({ plenty: 1 }),
      makeUpper: () => new SilentUser(),
      bindUpper: () => {},
      limits: limitsOf({ replayBufferBytes: 1024, resumeTimeoutMs: 60_000, maxSessions: 2 }),
    });
    const wire = new Wire(choices);
    const accepting = server.accept(wire.near);
    const isLive = choices.chance(0.3);
    if (isLive) {
      await strangeClient(choices, wire);
    } else {
      const bytes = strangerWire(choices);
      trace(() => hex(bytes));
      wire.swallow();
      wire.send(bytes);
      await wire.far.closeWrite().catch(() => {});
    }
    await accepting;
    check(isLive || server.sessionCount === 0, () => "a stranger was attached");
    wire.far.close();
    await server.stop("the end");
    check(wire.near.isClosed, () => "the connection stays open");
  },
};
