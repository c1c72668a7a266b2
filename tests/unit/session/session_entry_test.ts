/** What a server calls a session, and whose newer session replaces it. */
import { assertEquals } from "@std/assert";
import type { ProvenIdentity } from "../../../lib/session/handshake/keys.ts";
import type { Session } from "../../../lib/session/session.ts";
import { SessionEntry } from "../../../lib/session/session_entry.ts";

const session = { name: "0badcafe", isEmpty: true, detachedAt: 7 } as Session;

function entryOf(identity?: ProvenIdentity, name?: string): SessionEntry {
  return new SessionEntry(session, { identity, claim: { name, salt: new Uint8Array(32) }, host: "192.0.2.1" });
}

Deno.test("a session is called by its identifier, and by the name of its client's token, else of its certificate", () => {
  const entry = entryOf();
  assertEquals([entry.title, entry.fields], ["session 0badcafe", { session: "0badcafe" }]);
  entry.certificate = "laptop";
  assertEquals([entry.title, entry.fields], ["session 0badcafe (laptop)", { session: "0badcafe", client: "laptop" }]);
  // Who has the token, not who has the certificate, may resume the session.
  const named = entryOf(undefined, "alice");
  named.certificate = "laptop";
  assertEquals([named.title, named.fields], ["session 0badcafe (alice)", { session: "0badcafe", client: "alice" }]);
});

Deno.test("the choice who goes sees the session's state, and whether its client can be known again", () => {
  assertEquals([entryOf().isEmpty, entryOf().detachedAt, entryOf().hasIdentity], [true, 7, false]);
  assertEquals(entryOf({ client: "a", slot: 0, lastSlot: 3 }).hasIdentity, true);
});

Deno.test("a newer session of the same client replaces that of its slot, and those of slots it has no more", () => {
  const newer = entryOf({ client: "a", slot: 1, lastSlot: 3 });
  const replaced = [0, 1, 2, 3, 4, 9].filter((slot) => entryOf({ client: "a", slot, lastSlot: 9 }).isReplacedBy(newer));
  assertEquals(replaced, [1, 4, 9]);
  assertEquals(entryOf({ client: "b", slot: 1, lastSlot: 9 }).isReplacedBy(newer), false);
  assertEquals(entryOf().isReplacedBy(newer), false);
  assertEquals(entryOf().isReplacedBy(entryOf()), false);
});

Deno.test("a client that has a copy of another's identity, and another token, replaces none of its sessions", () => {
  const identity = { client: "a", slot: 0, lastSlot: 0 };
  const names = [undefined, "alice", "bob"];
  for (const own of names) {
    const replaced = names.filter((name) => entryOf(identity, name).isReplacedBy(entryOf(identity, own)));
    assertEquals(replaced, [own]);
  }
});

Deno.test("a carrier tells where its client is now, and the layers above who it is", () => {
  const own = { ...session } as Session;
  const claim = { name: "alice", salt: new Uint8Array(32) };
  const entry = new SessionEntry(own, { identity: undefined, claim, host: "192.0.2.1" });
  let isCancelled = false;
  entry.expiry = { cancel: () => isCancelled = true };
  entry.cameBy({ peer: "192.0.2.9:50123", peerName: "laptop", localAddress: "192.0.2.1", localPort: 443 });
  assertEquals([entry.host, entry.certificate, isCancelled], ["192.0.2.9", "laptop", true]);
  assertEquals([own.client, own.tokenName], ["alice", "alice"]);
  assertEquals(own.clientAddresses?.toHex(), "c0000209c0000201c3cb01bb");
  entry.cameBy({ peer: "unix:/run/a" });
  assertEquals(own.clientAddresses, undefined);
});
