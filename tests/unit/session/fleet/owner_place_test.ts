/** Asking an owner within its limit. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { askAt, type OwnerPlace } from "../../../../lib/session/fleet/owner_place.ts";
import type { OwnerAnswer } from "../../../../lib/session/handshake/preface.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";

function placeOf(dial: OwnerPlace["dial"]): OwnerPlace {
  return { name: "an owner", limitMs: 1_500, dial };
}

/** Whether the other end of a connection sees its end. */
function endOf(far: Duplex): Promise<string> {
  return far.read(new Uint8Array(1)).then((count) => count === null ? "an end" : "bytes", () => "a loss");
}

Deno.test("the connection is kept for who is here, and closed for all others", async () => {
  for (const answer of ["here", "gone", "away"] satisfies OwnerAnswer[]) {
    const clock = new FakeClock();
    const [near, far] = duplexPair();
    const reply = await askAt(placeOf(() => Promise.resolve(near)), clock, () => Promise.resolve(answer));
    assertEquals(reply, answer === "here" ? { answer, link: near } : { answer });
    if (answer === "here") near.close();
    assertEquals([await endOf(far) === "bytes", clock.pendingTimers], [false, 0]);
  }
});

Deno.test("nobody is asked where the process is over: its session is gone", async () => {
  const talk = () => Promise.reject(new Error("nobody is there to talk to"));
  const reply = await askAt(placeOf(() => Promise.resolve(undefined)), new FakeClock(), talk);
  assertEquals(reply, { answer: "gone" });
});

Deno.test("dialing and talking have one limit together, and what was dialed is closed then", async () => {
  const clock = new FakeClock();
  const [near, far] = duplexPair();
  const dial = async () => {
    await new Promise<void>((resolve) => void clock.setTimer(resolve, 1_000));
    return near;
  };
  const asking = askAt(placeOf(dial), clock, () => new Promise(() => {}));
  const refused = assertRejects(() => asking, Error, "no answer within 1.5 s");
  await clock.advance(1_499);
  await settle();
  assertEquals(clock.pendingTimers, 1);
  await clock.advance(1);
  await refused;
  assertEquals(await endOf(far) === "bytes", false);
});

Deno.test("what dialing throws is thrown, and its limit is over", async () => {
  const clock = new FakeClock();
  const place = placeOf(() => Promise.reject(new Error("connection refused")));
  await assertRejects(() => askAt(place, clock, () => Promise.resolve("here")), Error, "connection refused");
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("a process that was busy for long reads what came before it takes its owner for one that is away", async () => {
  const clock = new FakeClock();
  const [near] = duplexPair();
  let late = () => {};
  const busy = {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    setTimer(action: () => void) {
      late = action;
      return { cancel: () => void (late = () => {}) };
    },
  };
  const answer = Promise.withResolvers<OwnerAnswer>();
  const asking = askAt(placeOf(() => Promise.resolve(near)), busy, () => answer.promise);
  // Seconds late, and in front of what came meanwhile.
  for (let turn = 0; turn < 8; turn++) late();
  answer.resolve("here");
  assertEquals(await asking, { answer: "here", link: near });
  near.close();
});

Deno.test("a connection that comes when nobody waits for it any more is closed", async () => {
  const clock = new FakeClock();
  const [near, far] = duplexPair();
  const dial = () => new Promise<Duplex>((resolve) => void clock.setTimer(() => resolve(near), 5_000));
  const refused = assertRejects(
    () => askAt(placeOf(dial), clock, () => Promise.resolve("here")),
    Error,
    "no answer within 1.5 s",
  );
  await clock.advance(1_500);
  await refused;
  await clock.advance(4_000);
  assertEquals(await endOf(far) === "bytes", false);
});

/** Connections of which each is answered as `answers` says at its place; the time of each dial. */
function asked(clock: FakeClock, answers: (OwnerAnswer | "nothing")[]) {
  const links: Duplex[] = [], ends: Promise<string>[] = [], dialedAt: number[] = [];
  const dial = () => {
    const [near, far] = duplexPair();
    links.push(near);
    ends.push(endOf(far));
    dialedAt.push(clock.now() - beganAt);
    return Promise.resolve(near);
  };
  const talk = (link: Duplex) => {
    const answer = answers[links.indexOf(link)]!;
    return answer === "nothing" ? new Promise<never>(() => {}) : Promise.resolve(answer);
  };
  const beganAt = clock.now();
  const asking = askAt({ ...placeOf(dial), beside: { afterMs: 500, thenMs: 250 } }, clock, talk);
  return { asking, links, ends, dialedAt };
}

Deno.test("one that does not answer for long is asked by others beside, and who answers first is kept, all others closed", async () => {
  const clock = new FakeClock();
  const { asking, links, ends, dialedAt } = asked(clock, ["nothing", "nothing", "here"]);
  await clock.advance(750);
  assertEquals(await asking, { answer: "here", link: links[2]! });
  assertEquals([dialedAt, clock.pendingTimers], [[0, 500, 750], 0]);
  assertEquals((await Promise.all(ends.slice(0, 2))).includes("bytes"), false);
  links[2]!.close();
});

Deno.test("one that takes no connection is dialed once: a machine that is lost takes no other either", async () => {
  const clock = new FakeClock();
  let dials = 0;
  const dial = () => {
    dials++;
    return new Promise<never>(() => {});
  };
  const place = { ...placeOf(dial), beside: { afterMs: 500, thenMs: 250 } };
  const refused = assertRejects(() => askAt(place, clock, () => Promise.resolve("here")), Error, "no answer within");
  await clock.advance(1_500);
  await refused;
  assertEquals(dials, 1);
});

Deno.test("one that answers in time is asked once, and one that never does until its limit", async () => {
  const clock = new FakeClock();
  const quick = asked(clock, ["gone"]);
  assertEquals([await quick.asking, quick.dialedAt], [{ answer: "gone" }, [0]]);
  const never = asked(clock, Array.from({ length: 5 }, () => "nothing" as const));
  const refused = assertRejects(() => never.asking, Error, "no answer within 1.5 s");
  await clock.advance(1_500);
  await refused;
  assertEquals(never.dialedAt, [0, 500, 750, 1_000, 1_250]);
  assertEquals((await Promise.all(never.ends)).includes("bytes"), false);
});
