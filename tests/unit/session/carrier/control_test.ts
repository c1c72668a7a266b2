/** Which control frames a carrier owes its peer, and when. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import {
  type ControlSource,
  decodeAcknowledge,
  decodeProbe,
  OutgoingControl,
} from "../../../../lib/session/carrier/control.ts";
import { BUSY_FOR_MS, BUSY_SILENCE_MS, FrameType, ProbeFlag } from "../../../../lib/session/session_constants.ts";

const PING_INTERVAL_MS = 30_000;

/** What there is to tell: counted bytes that came, and hints. */
function sourceOf(received: number, hints: number[] = []): ControlSource {
  return {
    received,
    get hasHints() {
      return hints.length > 0;
    },
    takeHints: (into) => {
      into.set(hints);
      return hints.splice(0).length;
    },
  };
}

/** A control that has sent its first probe at time 0. */
function setUp(pingIntervalMs = PING_INTERVAL_MS): OutgoingControl {
  const control = new OutgoingControl({ nowMs: 0, pingIntervalMs, received: 0 });
  control.take(0, false, sourceOf(0));
  return control;
}

/** The payloads of the frames that are due. */
function taken(control: OutgoingControl, nowMs: number, withData = false, source = sourceOf(0)): Uint8Array[] {
  const bytes = control.take(nowMs, withData, source) ?? new Uint8Array(0);
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
    const control = new OutgoingControl({ nowMs: 0, pingIntervalMs, received: 5 });
    const [probe, ...others] = taken(control, 0, true, sourceOf(5));
    assertEquals(others, []);
    assertEquals(decodeProbe(probe), { replyWanted: true, isReply: false, silenceMs });
    assertEquals(taken(control, 1, true, sourceOf(5)), []);
  }
});

Deno.test("an acknowledgement rides along with data, and goes alone only when it is due", () => {
  const control = setUp();
  assertEquals(taken(control, 1, false, sourceOf(10)), []);
  assertEquals(taken(control, 1, true, sourceOf(10)).map(decodeAcknowledge), [10]);
  assertEquals(control.acknowledged, 10);
  assertEquals(taken(control, 1, true, sourceOf(10)), [], "nothing new is acknowledged");
  control.acknowledgeDue = true;
  assertEquals(taken(control, 1, false, sourceOf(300)).map(decodeAcknowledge), [300]);
});

Deno.test("a reply is sent once, and a question may be in the same probe", () => {
  const control = setUp();
  control.replyDue = control.askDue = true;
  assertEquals(taken(control, 1).map(decodeProbe), [{ replyWanted: true, isReply: true, silenceMs: BUSY_SILENCE_MS }]);
  assertEquals(taken(control, 1), []);
});

Deno.test("the round trip is that of the first question, and is told once", () => {
  const control = setUp();
  assertEquals(control.replied(40), 40);
  assertEquals(control.replied(50), undefined);
  control.askDue = true;
  taken(control, 100);
  control.askDue = true;
  taken(control, 200);
  assertEquals(control.replied(350), 250);
});

Deno.test("a probe is due when nothing was written for as long as was promised", () => {
  const control = setUp();
  assertEquals(control.look(999, BUSY_SILENCE_MS - 1), false);
  assertEquals(control.look(1_000, BUSY_SILENCE_MS), true);
  assertEquals(taken(control, 1_000).map(decodeProbe).map(({ replyWanted }) => replyWanted), [false]);
  assertEquals(control.look(1_001, 0), false);
});

Deno.test("a minute after the last data the ping interval is promised, with the next data a second again at once", () => {
  const control = setUp();
  assertEquals([control.markBusy(500), control.look(500 + BUSY_FOR_MS - 1, 0)], [false, false]);
  assertEquals(control.look(500 + BUSY_FOR_MS, 0), true);
  assertEquals(taken(control, 70_000).map((probe) => decodeProbe(probe).silenceMs), [PING_INTERVAL_MS]);
  assertEquals([control.silenceMs, control.markBusy(80_000), control.silenceMs], [PING_INTERVAL_MS, true, 1_000]);
  assertEquals(taken(control, 80_000).map((probe) => decodeProbe(probe).silenceMs), [BUSY_SILENCE_MS]);
});

Deno.test("hints in one frame fit into a small packet; the others go in the next", () => {
  const control = setUp();
  const hints = Array<number>(1_500).fill(7);
  const source = {
    received: 0,
    get hasHints() {
      return hints.length > 0;
    },
    takeHints: (into: Uint8Array) => hints.splice(0, into.length).length,
  };
  const sizes = [1, 2].map((nowMs) => control.take(nowMs, false, source)!.length);
  assertEquals([sizes, hints.length], [[1_025, 485], 0]);
});

Deno.test("hints go behind the other frames, in one frame", () => {
  const control = setUp();
  control.acknowledgeDue = true;
  const frames = taken(control, 1, false, sourceOf(7, [1, 2, 3]));
  assertEquals(frames.map(([type]) => type), [FrameType.acknowledge, FrameType.hint]);
  assertEquals(frames[1], new Uint8Array([FrameType.hint, 1, 2, 3]));
  assertEquals(control.take(2, false, sourceOf(7)), undefined);
});

Deno.test("acknowledgements and probes of another length are errors, flags of later versions are not", () => {
  for (const [decode, bytes] of [[decodeAcknowledge, 9], [decodeProbe, 6]] as const) {
    for (const length of [0, bytes - 1, bytes + 1]) {
      assertEquals(assertThrows(() => decode(new Uint8Array(length)), TeleError).code, "protocol");
    }
  }
  const probe = new Uint8Array([FrameType.probe, 0xfc | ProbeFlag.reply, 0, 0, 1, 0]);
  assertEquals(decodeProbe(probe), { replyWanted: false, isReply: true, silenceMs: 256 });
});
