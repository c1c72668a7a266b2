/** Names that clients want resolved: few at once, and each client in its turn. */
import { assertEquals, assertRejects } from "@std/assert";
import { Lookups } from "../../../../lib/tunnel/roles/lookups.ts";

/** Lookups that end when the test says so. */
function setUp() {
  const underWay = new Map<string, PromiseWithResolvers<string[]>>();
  const lookups = new Lookups((host) => {
    underWay.set(host, Promise.withResolvers());
    return underWay.get(host)!.promise;
  });
  const end = async (host: string) => {
    underWay.get(host)!.resolve([host]);
    underWay.delete(host);
    await settled();
  };
  const ask = (client: string | undefined, count: number, signal = new AbortController().signal) =>
    Array.from({ length: count }, (_, at) => {
      const addresses = lookups.resolve(`${client}${at}`, client, signal);
      addresses.catch(() => {}); // The test looks at some alone.
      return addresses;
    });
  return { lookups, underWay, ask, end };
}

/** All that needs no more than microtasks has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("a client that asks for a thousand names which nobody answers has four under way, and others their own", async () => {
  const { underWay, ask, end } = setUp();
  ask("mallory", 1_000);
  assertEquals(underWay.size, 4);
  const [first] = ask("alice", 1);
  await end("alice0");
  assertEquals(await first, ["alice0"]);
  ask(undefined, 1_000);
  assertEquals(underWay.size, 8, "and no more of all together");
});

Deno.test("clients that wait take turns, whoever has asked for more", async () => {
  const { underWay, ask, end } = setUp();
  ask("a", 4);
  ask("b", 4);
  ask("c", 3);
  ask("d", 3);
  for (const ended of ["a0", "a1", "b0", "b1"]) await end(ended);
  assertEquals([...underWay.keys()].slice(-4), ["c0", "d0", "c1", "d1"]);
});

Deno.test("who gives up is told why, and takes no turn; what is under way keeps its place", async () => {
  const { lookups, underWay, ask, end } = setUp();
  const gone = new AbortController();
  const asked = ask("a", 6, gone.signal);
  const last = lookups.resolve("last", "a", new AbortController().signal);
  gone.abort(new Error("the stream is over"));
  for (const one of asked) await assertRejects(() => one, Error, "the stream is over");
  assertEquals(underWay.size, 4);
  await end("a0");
  assertEquals([underWay.has("a4"), underWay.has("last")], [false, true]);
  await end("last");
  assertEquals(await last, ["last"]);
  await assertRejects(() => lookups.resolve("late", "a", gone.signal), Error, "the stream is over");
});

Deno.test("a name that cannot be resolved makes room as well", async () => {
  const { underWay, ask } = setUp();
  const asked = ask("a", 5);
  underWay.get("a0")!.reject(new Error("ENOTFOUND"));
  await assertRejects(() => asked[0]!, Error, "ENOTFOUND");
  await settled();
  assertEquals(underWay.has("a4"), true);
});
