/** When a client dials: in an outage, and beside a carrier that is doubted. */
import { assertEquals } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { CarrierHistory } from "../../../../lib/session/reconnect/carrier_history.ts";
import { Redial } from "../../../../lib/session/reconnect/redial.ts";
import { FullError } from "../../../../lib/session/handshake/client_handshake.ts";
import type { Identity } from "../../../../lib/session/handshake/keys.ts";
import { LastTicket } from "../../../../lib/session/fleet/last_ticket.ts";
import { RefusalError } from "../../../../lib/session/ending.ts";
import type { Session } from "../../../../lib/session/session.ts";
import { EndCode } from "../../../../lib/session/session_constants.ts";
import { someIdentity } from "../../../support/hand_made.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** Dials that nobody answers, or that are refused at once. */
function setUp(isRefused = false, error = new Error("refused"), tickets?: LastTicket, identity?: Identity) {
  const clock = new FakeClock({ nowMs: 0 });
  const dials: AbortSignal[] = [];
  const session: { id: Uint8Array; isEmpty: boolean; carrier: unknown } = {
    id: new Uint8Array(0),
    isEmpty: true,
    carrier: undefined,
  };
  const dial = (signal: AbortSignal) => {
    dials.push(signal);
    if (isRefused) return Promise.reject(error);
    return new Promise<Duplex>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const redial = new Redial({ clock, dial, tickets, identity }, {
    session: () => session as unknown as Session,
    history: new CarrierHistory(0),
    commit: () => Promise.resolve(),
    attemptFailed: () => {},
  });
  return { clock, redial, session, dials, open: () => dials.filter((signal) => !signal.aborted).length };
}

Deno.test("nobody is dialled before it begins, and nobody after it has stopped", async () => {
  const { clock, redial, dials, open } = setUp();
  redial.hurry();
  redial.startOver();
  redial.stop();
  assertEquals([dials.length, redial.attempts, clock.pendingTimers], [0, 0, 0]);
  redial.begin();
  assertEquals([dials.length, redial.attempts, redial.isBeside], [1, 1, false]);
  redial.stop();
  await clock.advance(60_000);
  assertEquals([dials.length, open(), clock.pendingTimers], [1, 0, 0]);
});

Deno.test("one loop follows the other: what the former had under way is given up", () => {
  const { redial, dials, open } = setUp();
  redial.begin();
  redial.begin();
  assertEquals([dials.length, open(), redial.attempts], [2, 1, 1]);
  redial.stop();
});

Deno.test("what began beside a carrier ends when that is heard again", async () => {
  const { clock, redial, dials, open } = setUp();
  redial.beginBeside();
  assertEquals([redial.isBeside, open()], [true, 1]);
  redial.endBeside();
  await clock.advance(60_000);
  assertEquals([redial.isBeside, dials.length, open(), clock.pendingTimers], [false, 1, 0, 0]);
});

Deno.test("what began beside a carrier goes on when that is lost, and does not end with a doubt any more", () => {
  const { redial, dials, open } = setUp();
  redial.beginBeside();
  redial.carrierLost();
  redial.endBeside();
  assertEquals([redial.isBeside, dials.length, open()], [false, 1, 1]);
  redial.stop();
});

Deno.test("a carrier that is lost without a doubt is followed by a new loop", () => {
  const { redial, dials, open } = setUp();
  redial.begin();
  redial.stop();
  redial.carrierLost();
  assertEquals([redial.isBeside, dials.length, open()], [false, 2, 1]);
  redial.stop();
});

Deno.test("behind attempts that failed beside a carrier, an outage begins without their pause of a second", async () => {
  const { clock, redial, session, dials } = setUp(true);
  session.carrier = {};
  redial.beginBeside();
  await clock.advance(500);
  assertEquals(dials.length, 1);
  session.carrier = undefined;
  redial.carrierLost();
  await clock.advance(10);
  assertEquals(dials.length, 2);
  redial.stop();
});

Deno.test("a server that is drained makes the ticket that led to it void, if no session is to be found by that", async () => {
  for (
    const [code, id, isKept] of [[EndCode.draining, 0, false], [EndCode.draining, 16, true], [EndCode.full, 0, true]]
  ) {
    const tickets = new LastTicket(new Uint8Array(80));
    const refusal = new RefusalError({ code: code as number, message: "no" });
    const { clock, redial, session } = setUp(true, refusal, tickets);
    session.id = new Uint8Array(id as number);
    redial.begin();
    await clock.advance(10);
    assertEquals(tickets.newest !== undefined, isKept);
    redial.stop();
  }
});

Deno.test("a full server makes it void for a client that nobody knows again, which it would lead there for good", async () => {
  for (const identity of [undefined, await someIdentity()]) {
    const tickets = new LastTicket(new Uint8Array(80));
    const { clock, redial } = setUp(true, new FullError({ hasOthers: true }), tickets, identity);
    redial.begin();
    await clock.advance(10);
    assertEquals(tickets.newest !== undefined, identity !== undefined);
    redial.stop();
  }
});
