/** What a server answers to offers, tells its log, and does with users when a session ends. */
import { assertEquals } from "@std/assert";
import { SessionEntry } from "../../../lib/session/session_entry.ts";
import { SessionOffers } from "../../../lib/session/session_offers.ts";
import type { Session } from "../../../lib/session/session.ts";

function entryOf(name?: string): SessionEntry {
  const session = { name: "0badcafe" } as Session;
  const claim = { name, salt: new Uint8Array(32) };
  return new SessionEntry(session, { identity: undefined, claim, host: "192.0.2.1" });
}

/** A server that listens for `db`, whose clients may offer what `mayOffer` says; sessions are called by their uppers. */
function setUp(mayOffer: (name: string | undefined, service: string) => boolean = () => true) {
  const lines: string[] = [];
  const heirs: (string | undefined)[][] = [];
  const offers = new SessionOffers<string>({
    listensFor: ["db"],
    bequeath: (from, heirOf) => void heirs.push([from, heirOf("db"), heirOf(undefined)]),
  }, {
    tokens: { mayOffer },
    lines: { tell: (_event, level, { title }, words) => void lines.push(`${level} ${title} ${words}`) },
  });
  return { offers, lines, heirs };
}

Deno.test("who offers a name has it from the step on in which its session is there", () => {
  const { offers, lines } = setUp();
  const entry = entryOf("alice");
  const offer = offers.ask(entry, ["db"]);
  assertEquals([offer.answers, offers.offererOf("db")], [["has"], undefined]);
  offer.take(entry, "mux");
  assertEquals([offers.offererOf("db"), offers.offererOf("web"), offers.offererOf(undefined)], [
    "mux",
    undefined,
    undefined,
  ]);
  assertEquals(lines, ["info session 0badcafe (alice) has the name db"]);
});

Deno.test("an answer does not stand when another was faster, or the token changed meanwhile", () => {
  let allowed = "alice bob";
  const { offers } = setUp((name) => allowed.includes(name ?? "-"));
  const [alice, bob] = [entryOf("alice"), entryOf("bob")];
  const [one, other] = [offers.ask(alice, ["db"]), offers.ask(bob, ["db"])];
  assertEquals([one.stands, other.stands], [true, true]);
  one.take(alice, "alice");
  assertEquals([other.answers, other.stands], [["has"], false]);
  const again = offers.ask(bob, ["db"]);
  assertEquals([again.answers, again.stands], [["waits"], true]);
  allowed = "alice";
  assertEquals(again.stands, false);
});

Deno.test("a session that ends leaves its names and its users to the next", () => {
  const { offers, lines, heirs } = setUp();
  const [one, other] = [entryOf("alice"), entryOf("bob")];
  offers.ask(one, ["db"]).take(one, "alice");
  offers.ask(other, ["db"]).take(other, "bob");
  offers.passOn(one, "alice");
  assertEquals(lines.at(-1), "info session 0badcafe (bob) has the name db now");
  offers.passOn(other, "bob");
  assertEquals(heirs, [["alice", "bob", undefined], ["bob", undefined, undefined]]);
});
