/** Tickets: sealed for the servers of a fleet alone, and short enough for ALPN. */
import { assert, assertEquals } from "@std/assert";
import { deriveFleetKey } from "../../../../lib/session/fleet/fleet_keys.ts";
import {
  isNodeText,
  openTicket,
  sealTicket,
  ticketIn,
  ticketProtocol,
} from "../../../../lib/session/handshake/ticket.ts";
import { MAX_NODE_BYTES, MAX_TICKET_BYTES, TICKET_LIFE_MS } from "../../../../lib/session/session_constants.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const [KEY, OTHER] = await Promise.all([5, 6].map((byte) => deriveFleetKey(new Uint8Array(32).fill(byte))));
const CONTENT = {
  instance: new Uint8Array(8).fill(1),
  sessionId: new Uint8Array(16).fill(2),
  node: "10.0.0.7:40301",
};

Deno.test("a ticket says what was sealed, to who has the key", async () => {
  const ticket = await sealTicket(KEY!, CONTENT, NOW_MS);
  const opened = { ...CONTENT, untilMs: NOW_MS + TICKET_LIFE_MS, key: KEY! };
  assertEquals(await openTicket([KEY!], ticket, NOW_MS), opened);
  assertEquals(await openTicket([OTHER!, KEY!], ticket, NOW_MS), opened);
  assertEquals(await openTicket([OTHER!], ticket, NOW_MS), undefined);
  assertEquals(await openTicket([], ticket, NOW_MS), undefined);
});

Deno.test("no two tickets of a session are alike, and none shows what it says", async () => {
  const [one, other] = [await sealTicket(KEY!, CONTENT, NOW_MS), await sealTicket(KEY!, CONTENT, NOW_MS)];
  assert(one.some((byte, at) => byte !== other[at]));
  assert(!new TextDecoder("latin1").decode(one).includes("10.0.0.7"));
});

Deno.test("a ticket with one bit changed, cut, longer, or out of time is none", async () => {
  const ticket = await sealTicket(KEY!, CONTENT, NOW_MS);
  for (let at = 0; at < ticket.length; at++) {
    assertEquals(await openTicket([KEY!], ticket.with(at, ticket[at]! ^ 1), NOW_MS), undefined);
  }
  for (
    const wrong of [ticket.subarray(1), ticket.subarray(0, -1), new Uint8Array(0), new Uint8Array(MAX_TICKET_BYTES + 1)]
  ) {
    assertEquals(await openTicket([KEY!], wrong, NOW_MS), undefined);
  }
  assert(await openTicket([KEY!], ticket, NOW_MS + TICKET_LIFE_MS - 1) !== undefined);
  assertEquals(await openTicket([KEY!], ticket, NOW_MS + TICKET_LIFE_MS), undefined);
});

Deno.test("the ticket of the longest node has 200 bytes of ALPN at the most", async () => {
  const node = "n".repeat(MAX_NODE_BYTES);
  const ticket = await sealTicket(KEY!, { ...CONTENT, node }, NOW_MS);
  assertEquals(ticket.length, MAX_TICKET_BYTES);
  assert(ticketProtocol(ticket).length <= 200);
  assertEquals((await openTicket([KEY!], ticket, NOW_MS))?.node, node);
  assertEquals([node, `${node}n`, "", "ä".repeat(40), "ä".repeat(41)].map(isNodeText), [
    true,
    false,
    false,
    true,
    false,
  ]);
});

Deno.test("a ticket comes by ALPN as it went, and what is none does not count", () => {
  for (const length of [61, 62, 63, MAX_TICKET_BYTES]) {
    const ticket = crypto.getRandomValues(new Uint8Array(length));
    assertEquals(ticketIn(["tele/2", ticketProtocol(ticket), "h2"]), ticket);
  }
  const long = "A".repeat(100);
  for (
    const name of [
      "tele-ticket=",
      "tele-ticket=AAAA",
      `tele-ticket=${long}=`,
      `tele-ticket=${long}+`,
      "ticket",
      `x${long}`,
    ]
  ) {
    assertEquals(ticketIn(["tele/2", name]), undefined, name);
  }
  assertEquals(ticketIn([`tele-ticket=${"A".repeat(101)}`]), undefined, "no number of bytes has 101 characters");
});
