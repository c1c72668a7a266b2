/** Asking owners in turn, and remembering what they said. */
import { assertEquals } from "@std/assert";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { hearQuestion } from "../../../../lib/session/fleet/exchange.ts";
import { deriveFleetKey } from "../../../../lib/session/fleet/fleet_keys.ts";
import { OwnerAsker } from "../../../../lib/session/fleet/owner_asker.ts";
import type { OwnerPlace } from "../../../../lib/session/fleet/owner_place.ts";
import type { OwnerAnswer } from "../../../../lib/session/handshake/preface.ts";
import type { OpenedTicket } from "../../../../lib/session/handshake/ticket.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const KEY = await deriveFleetKey(new Uint8Array(32).fill(5));
const PREFACE = { layer: "inner", client: { peer: "192.0.2.9:50000" }, ticket: new Uint8Array(80).fill(3) } as const;

function ticketOf(byte: number): OpenedTicket {
  const content = { untilMs: 0, instance: new Uint8Array(8), sessionId: new Uint8Array(16).fill(byte), node: "there" };
  return { ...content, key: KEY };
}

function setUp(answer: OwnerAnswer | "nobody" | "nothing") {
  const clock = new FakeClock();
  const lines: string[] = [];
  const world = { clock, lines, answer, dials: 0 };
  const asker = new OwnerAsker(clock, (level, message) => void lines.push(`${level} ${message}`));
  const place: OwnerPlace = {
    name: "the tele server at there",
    limitMs: 2_000,
    dial() {
      world.dials++;
      const { answer } = world;
      if (answer === "nobody") return Promise.reject(new Error("connection refused"));
      const [near, far] = duplexPair();
      void hearQuestion(far, [KEY]).then((question) =>
        answer === "nothing" ? far.closeWrite() : question.answer(answer)
      );
      return Promise.resolve(near);
    },
  };
  return {
    world,
    ask: async (byte: number, isGone = false) => (await asker.ask(place, ticketOf(byte), PREFACE, () => isGone)).answer,
  };
}

Deno.test("a session that is gone is asked for once, another one of that owner again", async () => {
  const { world, ask } = setUp("gone");
  assertEquals([await ask(1), await ask(1), world.dials], ["gone", "gone", 1]);
  assertEquals([await ask(2), world.dials], ["gone", 2]);
});

Deno.test("who is not there is left alone for a moment, and both that and its end are told once", async () => {
  const { world, ask } = setUp("nobody");
  assertEquals([await ask(1), await ask(2), world.dials], ["away", "away", 1]);
  world.answer = "here";
  await world.clock.advance(100);
  assertEquals([await ask(1), world.dials], ["here", 2]);
  assertEquals(world.lines, [
    "warn the tele server at there, which holds a session, cannot be reached: connection refused",
    "info the tele server at there can be reached again",
  ]);
});

Deno.test("a server whose worker is away has answered, and is asked for others at once", async () => {
  const { world, ask } = setUp("away");
  assertEquals([await ask(1), await ask(2), await ask(1), world.dials, world.lines], ["away", "away", "away", 3, []]);
});

Deno.test("who hears a question and closes is asked for others at once, and a line a minute tells of it", async () => {
  const { world, ask } = setUp("nothing");
  assertEquals([await ask(1), await ask(2)], ["away", "away"]);
  world.answer = "here";
  assertEquals([await ask(3), world.dials], ["here", 3]);
  assertEquals(world.lines, [
    "warn the tele server at there closed the connection without an answer for a ticket: if this goes on, it does not " +
    "have the key of that ticket, or is another one; all servers of a fleet need the same keys",
  ]);
});

Deno.test("nobody is asked for a carrier that was sent away", async () => {
  const { world, ask } = setUp("here");
  assertEquals([await ask(1, true), world.dials, world.lines], ["away", 0, []]);
  assertEquals([await ask(1), world.dials], ["here", 1]);
});
