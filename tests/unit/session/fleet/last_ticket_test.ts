/** The newest ticket of a client. */
import { assertEquals } from "@std/assert";
import { LastTicket } from "../../../../lib/session/fleet/last_ticket.ts";
import { ticketField } from "../../../../lib/session/handshake/fields.ts";

Deno.test("the newest ticket is kept and told, beginning with that of a former process", () => {
  const told: Uint8Array[] = [];
  const [first, second] = [1, 2].map((byte) => new Uint8Array(80).fill(byte));
  const tickets = new LastTicket(first, (ticket) => void told.push(ticket));
  assertEquals([tickets.newest, told], [first, []]);
  tickets.take(ticketField(second));
  assertEquals([tickets.newest, told], [second, [second]]);
});

Deno.test("an accept without a ticket is of a server alone: none is presented any more", () => {
  const told: Uint8Array[] = [];
  const tickets = new LastTicket(new Uint8Array(80), (ticket) => void told.push(ticket));
  tickets.take(new Map());
  assertEquals([tickets.newest, told], [undefined, []]);
});
