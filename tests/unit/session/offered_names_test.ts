/** A name is for the first who offers it, until its session ends; then for the next. */
import { assertEquals } from "@std/assert";
import { OfferedNames, type Offerer } from "../../../lib/session/offered_names.ts";

/** A session of `client`, which a newer one of the same client replaces; of nobody's without one. */
function entryOf(client?: string): Offerer {
  const identity = client === undefined ? undefined : { client, slot: 0, lastSlot: 0 };
  const claim = { name: undefined, salt: new Uint8Array(32) };
  return { identity, claim, isReplacedBy: (newer) => client !== undefined && newer.identity?.client === client };
}

const all = () => true;

/** Names `db` and `web`, and how sessions offer them. */
function setUp() {
  const names = new OfferedNames<Offerer, string>(["db", "web"]);
  const offer = (entry: Offerer, upper: string, offered = ["db"]) => {
    const answers = names.answers(entry, offered, all);
    names.add({ entry, upper }, offered, all);
    return answers;
  };
  return { names, offer, holder: (name = "db") => names.holderOf(name)?.upper };
}

Deno.test("the first who offers a name has it, others wait in their order", () => {
  const { names, offer, holder } = setUp();
  const entries = [entryOf(), entryOf(), entryOf()];
  assertEquals(entries.map((entry, at) => offer(entry, `${at}`)), [["has"], ["waits"], ["waits"]]);
  assertEquals(holder(), "0");
  assertEquals(names.delete(entries[1]), []);
  assertEquals(names.delete(entries[0]), [["db", { entry: entries[2], upper: "2" }]]);
  assertEquals(holder(), "2");
  assertEquals([names.delete(entries[2]), holder()], [[], undefined]);
});

Deno.test("each name is a queue of its own, and one that the server does not listen for is refused", () => {
  const { offer, holder } = setUp();
  offer(entryOf(), "one", ["db"]);
  assertEquals(offer(entryOf(), "other", ["db", "mail", "web"]), ["waits", "refused", "has"]);
  assertEquals([holder("db"), holder("web"), holder("mail")], ["one", "other", undefined]);
});

Deno.test("what a client may not offer is refused, and it does not wait for it", () => {
  const { names, offer, holder } = setUp();
  const [one, rogue] = [entryOf(), entryOf()];
  offer(one, "one");
  assertEquals(names.answers(rogue, ["db", "web"], (name) => name === "web"), ["refused", "has"]);
  names.add({ entry: rogue, upper: "rogue" }, ["db", "web"], (name) => name === "web");
  names.delete(one);
  assertEquals([holder("db"), holder("web")], [undefined, "rogue"]);
});

Deno.test("a client that comes back has its name as soon as its former session ends, in front of who waited", () => {
  const { names, offer, holder } = setUp();
  const [former, standby, again] = [entryOf("a"), entryOf("b"), entryOf("a")];
  offer(former, "former");
  offer(standby, "standby");
  assertEquals(offer(again, "again"), ["has"]);
  // Not before: the accept of the newer one may have been lost.
  assertEquals(holder(), "former");
  names.delete(former);
  assertEquals(holder(), "again");
  names.delete(again);
  assertEquals(holder(), "standby");
});

Deno.test("a client that waited and comes back waits on, at its place", () => {
  const { names, offer, holder } = setUp();
  const [first, waiting, last, again] = [entryOf("a"), entryOf("b"), entryOf("c"), entryOf("b")];
  for (const entry of [first, waiting, last]) offer(entry, entry.identity!.client);
  assertEquals(offer(again, "again"), ["waits"]);
  names.delete(waiting);
  names.delete(first);
  assertEquals(holder(), "again");
});
