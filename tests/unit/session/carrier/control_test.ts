/** Which control frames a carrier owes its peer, and when. */
import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import {
  decodeAcknowledge,
  decodeProbe,
  MOST_CONTROL_BYTES,
  OutgoingControl,
} from "../../../../lib/session/carrier/control.ts";
import {
  BUSY_FOR_MS,
  BUSY_SILENCE_MS,
  FrameType,
  FRESH_FOR_MS,
  HEADROOM_BYTES,
  ProbeFlag,
} from "../../../../lib/session/session_constants.ts";

const PING_INTERVAL_MS = 30_000;

/** A control that has sent its first probe at time 0. */
function setUp(pingIntervalMs = PING_INTERVAL_MS): OutgoingControl {
  const control = new OutgoingControl({ nowMs: 0, pingIntervalMs });
  control.take(0, false, 0);
  return control;
}

/** The payloads of the frames that are due. */
function taken(control: OutgoingControl, nowMs: number, withData = false, received = 0): Uint8Array[] {
  const bytes = control.take(nowMs, withData, received) ?? new Uint8Array(0);
  const payloads = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
    payloads.push(bytes.slice(at + 4, end));
    at = end;
  }
  return payloads;
}

Deno.test("the first frame is a probe that asks for a reply, and promises a second of silence or the ping interval", () => {
  for (const [pingIntervalMs, silenceMs] of [[PING_INTERVAL_MS, BUSY_SILENCE_MS], [200, 200]]) {
    const control = new OutgoingControl({ nowMs: 0, pingIntervalMs });
    const [probe, ...others] = taken(control, 0, true);
    assertEquals(others, []);
    assertEquals(decodeProbe(probe), { replyWanted: true, isReply: false, silenceMs, mark: 1, cameMs: 0 });
    assertEquals(taken(control, 1, true), []);
  }
});

Deno.test("an acknowledgement rides along with data, and goes alone only when it is due", () => {
  const control = setUp();
  assertEquals(taken(control, 1, false, 10), []);
  assertEquals(taken(control, 1, true, 10).map(decodeAcknowledge), [10]);
  assertEquals(control.acknowledged, 10);
  assertEquals(taken(control, 1, true, 10), [], "nothing new is acknowledged");
  control.acknowledgeDue = true;
  assertEquals(taken(control, 1, false, 300).map(decodeAcknowledge), [300]);
});

Deno.test("a reply is sent once, and a question may be in the same probe", () => {
  const control = setUp();
  control.replyDue = control.askDue = true;
  control.replyMark = 0xfedc;
  control.replyCameMs = 70.2;
  const reply = { replyWanted: true, isReply: true, silenceMs: BUSY_SILENCE_MS, mark: 0xfedc, cameMs: 70.125 };
  assertEquals(taken(control, 1).map(decodeProbe), [reply]);
  assertEquals(taken(control, 1), []);
  control.askDue = true;
  assertEquals(taken(control, 2).map((probe) => decodeProbe(probe).cameMs), [0], "no reply, no time");
});

Deno.test("a reply tells when its question came in eighths of a millisecond, and begins again after 2^29 of these", () => {
  const control = setUp();
  const told = [2 ** 29 - 0.01, 2 ** 29 + 3.99, 5 * 2 ** 29].map((cameMs) => {
    Object.assign(control, { replyDue: true, replyCameMs: cameMs });
    return decodeProbe(taken(control, 1)[0]).cameMs;
  });
  assertEquals(told, [2 ** 29 - 0.125, 3.875, 0]);
});

/** Asks at `nowMs`; returns the question's mark. */
function ask(control: OutgoingControl, nowMs: number): number {
  control.askDue = true;
  return decodeProbe(taken(control, nowMs)[0]).mark;
}

Deno.test("the round trip is that of the question whose mark the reply has, and is told once", () => {
  const control = setUp();
  assertEquals(control.replied(1, 40), 40);
  assertEquals(control.replied(1, 50), undefined);
  const [first, second] = [ask(control, 100), ask(control, 200)];
  assertEquals(control.replied(second, 350), 150);
  assertEquals(control.replied(first, 360), undefined, "what was asked before is answered by that, or never");
  assertEquals(control.replied(ask(control, 400), 401), 1);
});

Deno.test("a reply to a question that was never asked measures nothing", () => {
  const control = setUp();
  const mark = ask(control, 100);
  assertEquals(control.replied(mark + 1, 150), undefined);
  assertEquals(control.replied(mark, 150), 50);
});

Deno.test("a question that is a reply as well goes by the mark of that", () => {
  const control = setUp();
  control.replyDue = true;
  control.replyMark = 7;
  assertEquals(ask(control, 100), 7);
  assertEquals(control.replied(7, 130), 30);
});

Deno.test("marks go round, and of many questions without an answer the last ones are remembered", () => {
  const control = setUp();
  const marks = new Set<number>();
  for (let at = 0; at < 0x1_0000; at++) marks.add(ask(control, at));
  assertEquals(marks.size, 0x1_0000);
  const asked = Array.from({ length: 20 }, (_, at) => ask(control, 100_000 + at));
  assertEquals(control.replied(asked[3], 200_000), undefined);
  assertEquals(control.replied(asked[4], 200_000), 99_996);
});

Deno.test("a probe is due when nothing was written for as long as was promised", () => {
  const control = setUp();
  assertEquals(control.look(999, BUSY_SILENCE_MS - 1), false);
  assertEquals(control.look(1_000, BUSY_SILENCE_MS), true);
  assertEquals(taken(control, 1_000).map(decodeProbe).map(({ replyWanted }) => replyWanted), [false]);
  assertEquals(control.look(1_001, 0), false);
});

Deno.test("a fresh carrier is in use for some seconds, and for as long as what the session carried on others makes it", () => {
  const use = { untilMs: 0 };
  const setUp = (nowMs: number) => {
    const control = new OutgoingControl({ nowMs, pingIntervalMs: PING_INTERVAL_MS, use });
    control.take(nowMs, false, 0);
    return control;
  };
  const until = (control: OutgoingControl, ms: number) => [control.look(ms - 1, 0), control.look(ms, 0)];
  const first = setUp(0);
  assertEquals([...until(first, FRESH_FOR_MS), first.silenceMs], [false, true, PING_INTERVAL_MS]);
  first.markBusy(10_000);
  assertEquals(until(setUp(12_000), 10_000 + BUSY_FOR_MS), [false, true], "what the one before carried");
  assertEquals(until(setUp(68_000), 68_000 + FRESH_FOR_MS), [false, true], "that one carried it long ago");
});

Deno.test("a minute after the last data the ping interval is promised, with the next data a second again at once", () => {
  const control = setUp();
  assertEquals([control.markBusy(500), control.look(500 + BUSY_FOR_MS - 1, 0)], [false, false]);
  assertEquals(control.look(500 + BUSY_FOR_MS, 0), true);
  assertEquals(taken(control, 70_000).map((probe) => decodeProbe(probe).silenceMs), [PING_INTERVAL_MS]);
  assertEquals([control.silenceMs, control.markBusy(80_000), control.silenceMs], [PING_INTERVAL_MS, true, 1_000]);
  assertEquals(taken(control, 80_000).map((probe) => decodeProbe(probe).silenceMs), [BUSY_SILENCE_MS]);
});

Deno.test("an acknowledgement goes in front of a probe, and both are all that may come at once", () => {
  const control = setUp();
  control.acknowledgeDue = control.askDue = true;
  const frames = taken(control, 1, false, 7);
  assertEquals(frames.map(([type]) => type), [FrameType.acknowledge, FrameType.probe]);
  assertEquals(frames.reduce((sum, payload) => sum + 4 + payload.length, 0), MOST_CONTROL_BYTES);
  assertLessOrEqual(MOST_CONTROL_BYTES, HEADROOM_BYTES, "it fits in front of counted frames");
  assertEquals(control.take(2, false, 7), undefined);
});

Deno.test("acknowledgements and probes of another length are errors, flags of later versions are not", () => {
  for (const [decode, bytes] of [[decodeAcknowledge, 9], [decodeProbe, 12]] as const) {
    for (const length of [0, bytes - 1, bytes + 1]) {
      assertEquals(assertThrows(() => decode(new Uint8Array(length)), TeleError).code, "protocol");
    }
  }
  const probe = new Uint8Array([FrameType.probe, 0xfc | ProbeFlag.reply, 0, 0, 1, 0, 2, 3, 0, 0, 0, 12]);
  assertEquals(decodeProbe(probe), { replyWanted: false, isReply: true, silenceMs: 256, mark: 0x0203, cameMs: 1.5 });
});
