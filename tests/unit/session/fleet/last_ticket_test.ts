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

Deno.test("the next session begins without a ticket, and the next process has that of the newest session", () => {
  const told: Uint8Array[] = [];
  const [first, second, third] = [1, 2, 3].map((byte) => new Uint8Array(80).fill(byte));
  const former = new LastTicket(first, (ticket) => void told.push(ticket));
  const next = former.ofNext();
  assertEquals([former.newest, next.newest], [first, undefined]);
  former.take(ticketField(second));
  next.take(ticketField(third));
  assertEquals([former.newest, next.newest, told], [second, third, [third]]);
});

Deno.test("a ticket that leads to a server that takes nothing new is presented no more", () => {
  const tickets = new LastTicket(new Uint8Array(80));
  tickets.forget();
  assertEquals(tickets.newest, undefined);
});
