/** A carrier is watched without a read or a write: it asks, doubts, trusts and gives up by the clock. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { OutgoingControl } from "../../../../lib/session/carrier/control.ts";
import { Watch } from "../../../../lib/session/carrier/watch.ts";
import { PathWait } from "../../../../lib/session/path/path_wait.ts";
import type { Answer } from "../../../../lib/session/path/return_delay.ts";
import { FRESH_FOR_MS } from "../../../../lib/session/session_constants.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** A watch over a carrier that writes as soon as it is woken, unless it is held. */
function setUp({ roundTripMs = 0, patienceMs = 0, opening = undefined as Uint8Array | undefined } = {}) {
  const clock = new FakeClock({ nowMs: 0 });
  const control = new OutgoingControl({ nowMs: 0, pingIntervalMs: 30_000 });
  const log = { handed: 0, acknowledged: 0 };
  const answers: Answer[] = [];
  const onAnswer = (answer: Answer) => void answers.push(answer);
  const wait = new PathWait();
  const flight = { rateBytesPerMs: 0, roundTripMs: 0, onAnswer, wait };
  const told: string[] = [];
  const writesMs: number[] = [];
  const world = { isHeld: false };
  const write = () => {
    if (world.isHeld) return;
    watch.preparing(clock.now(), false);
    if (control.take(clock.now(), false, 0) === undefined) return;
    watch.wrote(clock.now());
    writesMs.push(clock.now());
  };
  const tell = (what: string) => void told.push(`${what} at ${clock.now()}`);
  const watch: Watch = new Watch({
    clock,
    control,
    log,
    flight,
    roundTripMs,
    patienceMs,
    opening,
    listener: {
      wake: () => write(),
      doubted: () => tell("doubted"),
      trusted: () => tell("trusted"),
      lost: (reason) => {
        tell(reason);
        watch.stop();
      },
    },
  });
  return { clock, control, log, flight, answers, told, writesMs, world, write, watch };
}

/** A reply to the last question of the carrier. */
function reply(mark: number) {
  return { replyWanted: false, isReply: true, silenceMs: 1_000, mark, cameMs: 777 };
}

Deno.test("the promised silence is kept, busy or idle, by probes in time", async () => {
  const { clock, writesMs, watch, write } = setUp();
  write();
  for (let at = 0; at < 1_000; at++) {
    await clock.advance(200);
    watch.came(1);
  }
  for (let at = 1; at < writesMs.length; at++) {
    assertLessOrEqual(writesMs[at] - writesMs[at - 1], writesMs[at] <= FRESH_FOR_MS ? 1_000 : 30_000);
  }
  assert(writesMs.filter((ms) => ms > FRESH_FOR_MS + 1_000).length < 10, "an idle carrier is quiet");
  watch.stop();
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("a carrier that becomes busy again promises a short silence at once, and is looked at more often", async () => {
  const { clock, control, writesMs, watch, write } = setUp();
  write();
  for (let at = 0; at < 500; at++) {
    await clock.advance(200);
    watch.came(1);
  }
  assertEquals(control.silenceMs, 30_000);
  const before = writesMs.length;
  watch.preparing(clock.now(), true);
  assertEquals([control.silenceMs, writesMs.length], [1_000, before + 1]);
  assertEquals(clock.nextDueMs, clock.now() + 250);
  watch.markBusy(clock.now());
  assertEquals(writesMs.length, before + 1, "a promise that stands is not told again");
});

Deno.test("silence is found without a write that works, and is told once", async () => {
  const { clock, told, world } = setUp();
  world.isHeld = true;
  await clock.advance(10_000);
  assertEquals(told, ["silent for 3.0 s at 3000"]);
});

Deno.test("patience and the round trip of the handshake put off the verdict", async () => {
  const patient = setUp({ patienceMs: 3_000 });
  await patient.clock.advance(20_000);
  assertEquals(patient.told, ["silent for 6.0 s at 6000"]);
  const far = setUp({ roundTripMs: 2_000 });
  assertEquals(far.watch.roundTripMs, 2_000);
  await far.clock.advance(20_000);
  assertEquals(far.told.map((line) => line.split(" at ")[0]), ["doubted"]);
  await far.clock.advance(20_000);
  assertEquals(far.told.map((line) => line.split(" at ")[0]), ["doubted", "silent for 23.0 s"]);
});

Deno.test("what the peer sends at first is waited for by the round trip of the handshake, until it came", async () => {
  for (
    const [cameBytes, told] of [[100, "doubted, silent for 9.0 s"], [32 * 1024, "silent for 3.3 s"]] as const
  ) {
    const { clock, ...seen } = setUp({ roundTripMs: 20 });
    seen.watch.came(cameBytes);
    await clock.advance(20_000);
    assertEquals(seen.told.map((line) => line.split(" at ")[0]).join(", "), told);
  }
});

Deno.test("the round trip is that of data, else that of the last reply, else that of the handshake", async () => {
  const { clock, flight, answers, watch, write } = setUp({ roundTripMs: 70 });
  assertEquals(watch.roundTripMs, 70);
  write();
  await clock.advance(40);
  watch.came(12);
  watch.probed(reply(1));
  assertEquals(watch.roundTripMs, 40);
  watch.probed(reply(1));
  assertEquals(watch.roundTripMs, 40, "the same reply again says nothing");
  assertEquals(answers, [{ nowMs: 40, roundTripMs: 40, cameMs: 777 }], "and the path is told");
  flight.roundTripMs = 30;
  assertEquals(watch.roundTripMs, 30);
  watch.stop();
});

Deno.test("a carrier that is asked to sends a probe at once, and its path is told of the reply", async () => {
  const { clock, answers, watch, write, writesMs } = setUp();
  write();
  watch.probed(reply(1));
  await clock.advance(100);
  const before = writesMs.length;
  watch.ask();
  assertEquals(writesMs.slice(before), [100]);
  await clock.advance(30);
  watch.probed(reply(2));
  assertEquals(answers.at(-1), { nowMs: 130, roundTripMs: 30, cameMs: 777 });
  watch.stop();
});

Deno.test("a question of the peer is answered at once, with its mark, its time and an acknowledgement", async () => {
  const { clock, control, watch, world, writesMs, write } = setUp();
  const question = { replyWanted: true, isReply: false, silenceMs: 1_000, mark: 9, cameMs: 0 };
  write();
  await clock.advance(70);
  world.isHeld = true;
  watch.probed(question);
  assertEquals([control.replyDue, control.acknowledgeDue], [true, true]);
  assertEquals([control.replyMark, control.replyCameMs], [9, 70]);
  world.isHeld = false;
  watch.probed(question);
  assertEquals(writesMs, [0, 70]);
  watch.stop();
});

Deno.test("without progress the peer is asked, and then the carrier is dead, though bytes come all the while", async () => {
  const { clock, log, told, watch, write, control } = setUp();
  write();
  log.handed = 100;
  let asked = 0;
  const { take } = control;
  control.take = function (...args) {
    if (this.askDue) asked++;
    return take.apply(this, args);
  };
  for (let at = 0; at < 60 && told.length === 0; at++) {
    await clock.advance(100);
    watch.came(1);
  }
  assertEquals([asked, told.map((line) => line.split(" at ")[0])], [1, ["nothing acknowledged for 4.3 s"]]);
});

Deno.test("progress starts the time anew", async () => {
  const { clock, log, told, watch, write } = setUp();
  write();
  log.handed = 1_000;
  for (let at = 0; at < 200; at++) {
    await clock.advance(100);
    watch.came(1);
    if (at % 20 === 19) {
      log.acknowledged++;
      watch.progressed();
    }
  }
  assertEquals(told, []);
  watch.stop();
});

Deno.test("behind a sleep the carrier is doubted once, asks, and is trusted when it shows that it is alive", async () => {
  const { clock, told, watch, write, writesMs } = setUp();
  write();
  watch.came(1);
  await clock.advance(100);
  watch.suspect();
  watch.suspect();
  assertEquals([told, watch.doubt?.kind], [["doubted at 100"], "slept"]);
  assert(writesMs.includes(100), "it asks");
  watch.came(1);
  watch.reconsider();
  assertEquals(told.length, 1, "that may have waited through the sleep");
  await clock.advance(500);
  watch.came(1);
  watch.reconsider();
  assertEquals([told.slice(1), watch.doubt], [["trusted at 600"], undefined]);
  watch.reconsider();
  assertEquals(told.length, 2);
  watch.stop();
});

Deno.test("a carrier that is not watched any more is not judged", async () => {
  const { clock, told, watch } = setUp();
  watch.stop();
  assertEquals(clock.pendingTimers, 0);
  await clock.advance(60_000);
  assertEquals(told, []);
});

Deno.test("what a carrier learns of answers its path knows, and what others of the path learn counts for it", async () => {
  const { clock, flight: { wait }, told, watch, write } = setUp({ roundTripMs: 40 });
  write();
  assertEquals(wait.answerMs(clock.now()), 40);
  // While the answer is due, much comes that stands in front of it.
  for (let ms = 0; ms < 2_000; ms += 250) {
    watch.came(1_000);
    await clock.advance(250);
  }
  assertEquals(wait.answerMs(clock.now()), 1_750);
  watch.probed(reply(1));
  wait.took(clock.now(), 6_000);
  await clock.advance(11_500);
  assertEquals(told, []);
  await clock.advance(1_000);
  assertEquals(told, ["silent for 12.3 s at 14000"]);
});

Deno.test("bytes that others of the path have under way prolong the silence that is allowed", async () => {
  for (const [inFlight, atMs] of [[0, 3_000], [20_000, 16_000]]) {
    const { clock, flight: { wait }, told, write } = setUp();
    wait.add({ inFlight, acknowledged: 0, sentMs: 0 });
    write();
    await clock.advance(20_000);
    assertEquals(told.at(-1)?.endsWith(` at ${atMs}`), true, told.join());
  }
});

Deno.test("a round trip of the handshake counts until others of the path are quicker, or it has one of its own", async () => {
  const { clock, flight, watch } = setUp({ roundTripMs: 2_300 });
  const { wait } = flight;
  watch.ask();
  wait.arrived(-10, 5);
  assertEquals(watch.roundTripMs, 2_300, "what was sent before says nothing of now");
  wait.arrived(0, 40);
  assertEquals(watch.roundTripMs, 40);
  wait.arrived(10, 9_000);
  assertEquals(watch.roundTripMs, 2_300, "a longer one may be that one's own");
  await clock.advance(60);
  watch.probed(reply(1));
  assertEquals(watch.roundTripMs, 60);
  wait.arrived(100, 1);
  assertEquals(watch.roundTripMs, 60);
  watch.stop();
});

Deno.test("at a server what comes first tells the round trip of the accept, if that is shorter than the handshake's", async () => {
  for (const [cameMs, roundTripMs] of [[60, 60], [3_000, 2_300]]) {
    const { clock, watch } = setUp({ roundTripMs: 2_300, opening: new Uint8Array(1) });
    await clock.advance(cameMs);
    watch.came(12);
    await clock.advance(5);
    watch.came(12);
    assertEquals(watch.roundTripMs, roundTripMs);
    watch.stop();
  }
  const { watch } = setUp({ roundTripMs: 2_300 });
  watch.came(12);
  assertEquals(watch.roundTripMs, 2_300, "a client need not have asked for it");
  watch.stop();
});
