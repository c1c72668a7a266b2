/** The session that a client has, and the next one that takes its place. */
import { assertEquals } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { PresentSession } from "../../../lib/session/present_session.ts";
import type { Session } from "../../../lib/session/session.ts";
import { limitsOf } from "../../../lib/session/session_limits.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";
import { ByteLayer } from "../../support/byte_layer.ts";

function setUp() {
  const clock = new FakeClock({ nowMs: 0 });
  const told: string[] = [];
  let keys = 0;
  const present = new PresentSession<ByteLayer>({
    clock,
    pool: new SegmentPool({ plenty: 4 }),
    limits: limitsOf({ replayBufferBytes: 1000 }),
    makeUpper: () => new ByteLayer(keys++),
    bindUpper: (upper, session) => upper.session = session,
    inherit: (from, to) => void told.push(`${from.key} to ${to.key}`),
  }, {
    onDetached: (reason) => void told.push(`detached: ${reason}`),
    onDoubted: () => void told.push("doubted"),
    onTrusted: () => void told.push("trusted"),
    onCarrierGone: (reason) => void told.push(`one gone: ${reason}`),
    onWished: (end, count) => void told.push(`${end} wished for ${count}`),
    onEnding: (error) => void told.push(`ending: ${error.message}`),
  });
  return { clock, told, present };
}

function attach(session: Session, clock: FakeClock, number = 0): void {
  const { a } = memoryPipe({ clock });
  session.attach({ duplex: a, number, leftover: new Uint8Array(0) });
}

const over = (message: string) => new TeleError("closed", message);

Deno.test("each session has a layer of its own, joined before it is used", () => {
  const { present } = setUp();
  const { session, upper } = present;
  assertEquals([upper.key, upper.session === session, session.upper === upper], [0, true, true]);
  assertEquals(present.replace() === session, true);
  assertEquals([present.upper.key, present.upper.session === present.session], [1, true]);
  assertEquals(session.error, undefined, "nothing has ended the former");
});

Deno.test("what happens to the present session is told, what happens to a former one is not", () => {
  const { clock, told, present } = setUp();
  attach(present.session, clock);
  const carrier = present.session.carrier!;
  present.session.carrierDoubted(carrier);
  present.session.carrierTrusted(carrier);
  attach(present.session, clock, 1);
  present.session.carrierLost(carrier, "cut");
  present.session.carrierLost(present.session.carrier!, "cut");
  assertEquals(told.splice(0), ["doubted", "trusted", "one gone: cut", "detached: cut"]);
  const former = present.replace();
  attach(former, clock);
  attach(former, clock, 1);
  const [one, other] = former.carriers.attached.all.map(({ carrier }) => carrier);
  former.carrierDoubted(one!);
  former.carrierTrusted(one!);
  former.carrierLost(one!, "cut");
  former.carrierLost(other!, "cut");
  former.end(over("the former"));
  assertEquals(told, []);
  present.session.end(over("the present"));
  assertEquals(told, ["ending: the present"]);
});

Deno.test("a successor inherits what never left this machine, a replacement does not", () => {
  const { told, present } = setUp();
  present.replace();
  assertEquals(told, []);
  present.succeed();
  assertEquals(told, ["1 to 2"]);
});

Deno.test("a session that the server does not know is lost, with a reason if it was not empty; a new one is not", () => {
  const { told, present } = setUp();
  assertEquals([present.loseUnknown(), present.upper.key], [undefined, 0]);
  for (const [streams, code] of [[1, "unknown-session"], [0, undefined]] as const) {
    const { upper, session } = present;
    session.id = new Uint8Array(16);
    upper.streamCount = streams;
    assertEquals(present.loseUnknown()?.code, code);
    assertEquals([session.error?.code, present.session === session], ["unknown-session", false]);
  }
  assertEquals(told, ["0 to 1", "1 to 2"]);
});

Deno.test("a session waits for a carrier no longer than its resume timeout, and for ever when told so", async () => {
  const { clock, told, present } = setUp();
  present.session.resumeTimeoutMs = 60_000;
  present.expireLater();
  await clock.advance(59_999);
  present.expireLater();
  await clock.advance(59_999);
  present.expireNever();
  await clock.advance(600_000);
  assertEquals([told, clock.pendingTimers], [[], 0]);
  present.expireLater();
  await clock.advance(60_000);
  assertEquals(told, ["ending: no carrier was found within the resume timeout (--resume-timeout)"]);
});

Deno.test("a session that was replaced does not expire any more", async () => {
  const { clock, present } = setUp();
  present.session.resumeTimeoutMs = 60_000;
  present.expireLater();
  const former = present.replace();
  await clock.advance(600_000);
  assertEquals([former.error, clock.pendingTimers], [undefined, 0]);
});

Deno.test("users of a first contact that was refused are told why, and the next come to another session", () => {
  const { present } = setUp();
  const { session } = present;
  present.refuse("another token");
  assertEquals([session.error?.code, session.error?.message, present.session === session], [
    "refused",
    "another token",
    false,
  ]);
});
