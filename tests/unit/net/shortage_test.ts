/** Waiting for what a machine has run out of: in a line, with one look for all. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { dial } from "../../../lib/net/dial.ts";
import { type Shortage, shortageOf, Shortages } from "../../../lib/net/shortage.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

function lacking(code: string, address = "10.0.0.1"): Error {
  return Object.assign(new Error(`connect ${code}`), { code, address });
}

/** Connections that fail for want of something until there is enough. */
function world() {
  const clock = new FakeClock();
  const told: Shortage[] = [];
  const shortages = new Shortages(clock, (shortage) => void told.push(shortage));
  const counts = { attempts: 0, connected: [] as number[] };
  const free = new Map<string, number>();
  const open = (index: number, to = "there:1", code = "EMFILE", signal = new AbortController().signal) =>
    shortages.outlast(to, () => {
      counts.attempts++;
      const left = free.get(to) ?? 0;
      if (left === 0) return Promise.reject(lacking(code));
      free.set(to, left - 1);
      counts.connected.push(index);
      return Promise.resolve(index);
    }, signal);
  return { clock, told, counts, open, give: (count: number, to = "there:1") => void free.set(to, count) };
}

Deno.test("three thousand that wait for a descriptor cost ten attempts a second, not thirty thousand", async () => {
  const { clock, told, counts, open, give } = world();
  const all = Array.from({ length: 3_000 }, (_, index) => open(index));
  await settle();
  assertEquals([counts.attempts, told.length], [3_000, 3_000]);
  await clock.advance(1_000);
  assert(counts.attempts <= 3_000 + 11, `${counts.attempts} attempts`);
  assertEquals(counts.connected, []);

  give(3_000);
  await clock.advance(10_000);
  assertEquals((await Promise.all(all)).length, 3_000);
  assertEquals(new Set(counts.connected).size, 3_000);
});

Deno.test("those who wait go one after the other, and whoever gives up leaves the line", async () => {
  const { clock, counts, open, give } = world();
  const leaving = new AbortController();
  const first = open(1), second = open(2, "there:1", "EMFILE", leaving.signal), third = open(3);
  await settle();
  leaving.abort(new Error("the user has gone"));
  await assertRejects(() => second, Error, "the user has gone");
  give(2);
  await clock.advance(200);
  assertEquals(await Promise.all([first, third]), [1, 3]);
  assertEquals(counts.connected, [1, 3]);
});

Deno.test("without a local port to one address a stream waits, and those to another address do not wait behind it", async () => {
  const { clock, told, open, give } = world();
  const busy = Array.from({ length: 100 }, (_, index) => open(index, "busy:1", "EADDRNOTAVAIL"));
  await settle();
  const other = open(100, "other:1", "EADDRNOTAVAIL");
  await settle();
  assertEquals(new Set(told), new Set<Shortage>(["ports"]));
  give(1, "other:1");
  await clock.advance(101);
  assertEquals(await other, 100);
  give(100, "busy:1");
  await clock.advance(60_000);
  assertEquals((await Promise.all(busy)).length, 100);
});

Deno.test("a stream waits while who listens on a unix socket has no room for more", async () => {
  const clock = new FakeClock();
  const told: Shortage[] = [];
  const shortages = new Shortages(clock, (shortage) => void told.push(shortage));
  let room = 0;
  const connect = () => {
    if (room-- > 0) return Promise.resolve("connected");
    const cause = new Deno.errors.WouldBlock("Resource temporarily unavailable (os error 11)");
    return Promise.reject(new Error("unix:/there", { cause }));
  };
  const { signal } = new AbortController();
  const all = Array.from({ length: 20 }, () => shortages.outlast("unix:/there", connect, signal));
  await clock.advance(1_000);
  assertEquals(new Set(told), new Set<Shortage>(["backlog"]));
  room = 20;
  await clock.advance(1_000);
  assertEquals(new Set(await Promise.all(all)), new Set(["connected"]));
});

Deno.test("what waiting does not mend is told at once", async () => {
  const { open } = world();
  await assertRejects(() => open(1, "there:1", "ECONNREFUSED"), Error, "ECONNREFUSED");
  assertEquals(shortageOf(new Error("outer", { cause: lacking("EMFILE") })), "descriptors");
  assertEquals(shortageOf(lacking("EADDRNOTAVAIL")), "ports");
  const noIPv6 = Deno.networkInterfaces().every(({ family }) => family !== "IPv6");
  assertEquals(shortageOf(lacking("EADDRNOTAVAIL", "::1")), noIPv6 ? undefined : "ports");
  assertEquals(shortageOf(undefined), undefined);
});

Deno.test("a dial that is refused lacks nothing", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const error = await assertRejects(() => dial({ kind: "tcp", host: undefined, port }), Error, "refused");
  assertEquals(shortageOf(error), undefined);
});
