/** What the peer says in frames of the carriers of a session: who may say it, where, and what comes of it. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import type { Carrier } from "../../../lib/session/carrier/carrier.ts";
import { CarrierFrames } from "../../../lib/session/carrier_frames.ts";
import { AttachedCarrier, Carriers } from "../../../lib/session/carriers.ts";
import type { Want } from "../../../lib/session/frames.ts";
import type { Receipt } from "../../../lib/session/handshake/fields.ts";

/** An end with two carriers, numbers 0 and 1, which notes what it is told. */
function world(end: "client" | "server") {
  const attached = new Carriers();
  const told: unknown[] = [];
  const carriers = [0, 1].map((number) => ({ number, wake: () => void told.push(`wake ${number}`) }) as Carrier);
  for (const carrier of carriers) attached.add(new AttachedCarrier(carrier, "quiet", true));
  let letsGo: Carrier[] = [];
  const frames = new CarrierFrames({
    end,
    attached,
    joins: {
      received: (receipt: Receipt, isClient: boolean) => {
        told.push([receipt, isClient]);
        for (const carrier of letsGo) attached.remove(carrier, "given up there");
      },
    },
    sending: { want: (want: Want) => void told.push(want) },
    onTicket: (ticket) => void told.push(ticket),
    onDetached: (reason) => void told.push(reason),
    onDoubted: () => void told.push("doubted"),
  });
  const letGoOf = (...gone: Carrier[]) => void (letsGo = gone);
  return { attached, carriers, frames, told, letGoOf };
}

Deno.test("a receipt for the carrier on which it comes is an error", () => {
  const { carriers, frames, told } = world("server");
  assertThrows(() => frames.receipt({ number: 1, taken: 5 }, carriers[1]), TeleError, "on which it comes");
  assertEquals(told, []);
});

Deno.test("behind a receipt there may be something to send", () => {
  const { carriers, frames, told, letGoOf } = world("client");
  letGoOf(carriers[0]);
  frames.receipt({ number: 0, taken: 5 }, carriers[1]);
  assertEquals(told, [[{ number: 0, taken: 5 }, true], "wake 1"]);
  assertEquals(frames.takenBytes, 17, "which is no progress");
});

Deno.test("a receipt that lets go of the last carrier detaches the session, and says so once", () => {
  const { attached, carriers, frames, told, letGoOf } = world("server");
  attached.find(carriers[1])!.isLeaving = true;
  attached.changed();
  letGoOf(carriers[0]);
  frames.receipt({ number: 0, taken: 5 }, carriers[1]);
  frames.receipt({ number: 0, taken: 5 }, carriers[1]);
  assertEquals(told.filter((each) => typeof each === "string"), [
    "the other side has let go of the connection",
    "wake 1",
  ]);
});

Deno.test("a receipt that lets go of the last carrier that is not in doubt says so once", () => {
  const { attached, carriers, frames, told, letGoOf } = world("client");
  attached.find(carriers[1])!.isDoubted = true;
  attached.changed();
  letGoOf(carriers[0]);
  for (let times = 0; times < 2; times++) frames.receipt({ number: 0, taken: 5 }, carriers[1]);
  assertEquals(told.filter((each) => each === "doubted").length, 1);
});

Deno.test("a lane is chosen by a client, on the carrier that it is for", () => {
  const { attached, carriers, frames } = world("server");
  frames.lane({ number: 1, lane: "bulk" }, carriers[1]);
  assertEquals([attached.find(carriers[1])!.lane, attached.quiet], ["bulk", carriers[0]]);
  assertThrows(() => frames.lane({ number: 0, lane: "bulk" }, carriers[1]), TeleError, "another carrier than 0");
  const client = world("client");
  assertThrows(() => client.frames.lane({ number: 1, lane: "bulk" }, client.carriers[1]), TeleError, "only clients do");
});

Deno.test("a lane of a carrier that is gone changes nothing", () => {
  const { attached, carriers, frames, told } = world("server");
  attached.remove(carriers[1], "reset");
  frames.lane({ number: 1, lane: "bulk" }, carriers[1]);
  assertEquals([attached.find(carriers[0])!.lane, told], ["quiet", []]);
});

Deno.test("what the peer wants goes to who sends", () => {
  const { frames, told } = world("client");
  frames.want({ rise: 1, count: 3 });
  assertEquals(told, [{ rise: 1, count: 3 }]);
});

Deno.test("a client is told of a ticket, which is no progress, and a server is given none", () => {
  const { frames, told } = world("client");
  frames.ticket(new Uint8Array(80));
  assertEquals([told, frames.takenBytes], [[new Uint8Array(80)], 85]);
  assertThrows(() => world("server").frames.ticket(new Uint8Array(80)), TeleError, "which only servers do");
});
