/** A ticket that is told on a carrier which lives, since the key of the fleet has changed. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FrameLog } from "../../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { decodeTicket, DueTicket } from "../../../../lib/session/fleet/due_ticket.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { FrameType, MAX_TICKET_BYTES } from "../../../../lib/session/session_constants.ts";
import { LogBudget } from "../../../../lib/session/log_budget.ts";
import { EchoUser, FleetWorld } from "../../../support/fleet_world.ts";

/** What is told now. */
function toldBy(ticket: DueTicket): Uint8Array | undefined {
  const log = new FrameLog(new LogBudget({ limitBytes: 1000 }));
  ticket.tell(log);
  const frame = log.nextWrite(new WriteHold());
  return frame === undefined ? undefined : decodeTicket(frame.slice(4));
}

Deno.test("what is due is told once, and only the newest", () => {
  const ticket = new DueTicket();
  assertEquals(toldBy(ticket), undefined);
  ticket.due(new Uint8Array(80).fill(1));
  ticket.due(new Uint8Array(80).fill(2));
  assertEquals([toldBy(ticket), toldBy(ticket)], [new Uint8Array(80).fill(2), undefined]);
});

Deno.test("a ticket has a byte at the least and 140 at the most, and the one that is read is a copy", () => {
  const payload = new Uint8Array([FrameType.ticket, ...new Uint8Array(MAX_TICKET_BYTES).fill(7)]);
  const read = decodeTicket(payload);
  payload.fill(0);
  assertEquals(read, new Uint8Array(MAX_TICKET_BYTES).fill(7));
  for (const length of [0, MAX_TICKET_BYTES + 1]) {
    assertThrows(() => decodeTicket(new Uint8Array(1 + length)), TeleError, `a ticket of ${length} bytes is none`);
  }
});

const [FORMER, NEXT] = [new Uint8Array(32).fill(5), new Uint8Array(32).fill(6)];

for (const carriers of [1, 3]) {
  Deno.test(`a session whose carriers, ${carriers} at the most, live through a whole change of the key is found by its next ticket`, async () => {
    await using world = await FleetWorld.start({ keptMs: 60_000 });
    world.isRoundRobin = false;
    const client = world.addClient({ carriers });
    const user = new EchoUser(world, client);
    await user.say("before");
    for (const secrets of [[FORMER, NEXT], [NEXT, FORMER], [NEXT]]) {
      for (const { keys, fleet } of world.servers) {
        await keys.renew(secrets);
        fleet.keysChanged();
      }
      await world.clock.advance(70_000);
    }
    world.next = 1;
    world.cut();
    assertEquals(await user.say("behind it"), "behind it");
    assertEquals(world.servers.map(({ server }) => server.sessionCount), [1, 0, 0]);
    assert(world.servers[0]!.passedHere.length > 0, "by the others");
    assertEquals(
      world.servers.flatMap(({ log }) => log.filter((line) => line.startsWith("warn a carrier has the ticket"))),
      [],
    );
  });
}
