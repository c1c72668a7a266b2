/** What a server calls a session, and whose newer session replaces it. */
import { assertEquals } from "@std/assert";
import type { ProvenIdentity } from "../../../lib/session/handshake/keys.ts";
import type { Session } from "../../../lib/session/session.ts";
import { SessionEntry } from "../../../lib/session/session_entry.ts";

const session = { name: "0badcafe", isEmpty: true, detachedAt: 7 } as Session;

function entryOf(identity?: ProvenIdentity): SessionEntry {
  return new SessionEntry(session, identity, "192.0.2.1");
}

Deno.test("a session is called by its identifier, and by the name in its client's certificate where there is one", () => {
  const entry = entryOf();
  assertEquals([entry.title, entry.fields], ["session 0badcafe", { session: "0badcafe" }]);
  entry.clientName = "laptop";
  assertEquals([entry.title, entry.fields], ["session 0badcafe (laptop)", { session: "0badcafe", client: "laptop" }]);
});

Deno.test("the choice who goes sees the session's state, and whether its client can be known again", () => {
  assertEquals([entryOf().isEmpty, entryOf().detachedAt, entryOf().hasIdentity], [true, 7, false]);
  assertEquals(entryOf({ client: "a", slot: 0, lastSlot: 3 }).hasIdentity, true);
});

Deno.test("a newer session of the same client replaces that of its slot, and those of slots it has no more", () => {
  const newer = { client: "a", slot: 1, lastSlot: 3 };
  const replaced = [0, 1, 2, 3, 4, 9].filter((slot) => entryOf({ client: "a", slot, lastSlot: 9 }).isReplacedBy(newer));
  assertEquals(replaced, [1, 4, 9]);
  assertEquals(entryOf({ client: "b", slot: 1, lastSlot: 9 }).isReplacedBy(newer), false);
  assertEquals(entryOf().isReplacedBy(newer), false);
});
