import { assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { StreamLog } from "../../../../lib/tunnel/log/stream_log.ts";
import type { RelayEnds } from "../../../../lib/tunnel/rfd80/relay.ts";
import { Relays } from "../../../../lib/tunnel/rfd80/relays.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { until } from "../../../support/wait.ts";

/** What the next read gives: `null` at the end, and it rejects where the connection was cut. */
function readOn(duplex: Duplex): Promise<number | null> {
  return duplex.read(new Uint8Array(1));
}

/** Relays whose far end is in memory, and what their log says. */
function relays(maxStreams: number) {
  const lines: string[] = [];
  const clock = new FakeClock();
  const streamLog = new StreamLog(clock, (level, message) => void lines.push(`${level}: ${message}`));
  return { lines, clock, relays: new Relays({ clock, streamLog, maxStreams }) };
}

Deno.test("relays are carried up to a number, refused ones end at once with one line", async () => {
  const { lines, clock, relays: all } = relays(1);
  const [user, inner] = duplexPair();
  const [outer, network] = duplexPair();
  const carrying = all.carry(inner, () => Promise.resolve({ inner, outer, framing: undefined }));
  const [second, secondInner] = duplexPair();
  await all.carry(secondInner, () => Promise.reject(new Error("must not be asked")));
  await assertRejects(() => readOn(second));
  assertEquals(lines, ["warn: stream refused (in memory): there are 1 connections already; --max allows more"]);
  await Promise.all([user.closeWrite(), network.closeWrite(), readOn(user), readOn(network), carrying]);
  assertEquals(all.count, 0);
  await clock.advance(20_000);
});

Deno.test("a far end that cannot be reached ends the connection at once, with the reason in the log", async () => {
  const { lines, clock, relays: all } = relays(10);
  const [user, inner] = duplexPair();
  const carrying = all.carry(inner, () => Promise.reject(new TeleError("carrier-lost", "x:1: connection refused")));
  await assertRejects(() => readOn(user));
  await carrying;
  assertEquals(lines, ["warn: stream refused (in memory): x:1: connection refused"]);
  await clock.advance(20_000);
});

Deno.test("stopping aborts what is carried, what is being connected, and what comes later", async () => {
  const { lines, relays: all } = relays(10);
  const [user, inner] = duplexPair();
  const [outer, network] = duplexPair();
  const carried = all.carry(inner, () => Promise.resolve({ inner, outer, framing: undefined }));
  const [waiting, waitingInner] = duplexPair();
  const connecting = all.carry(
    waitingInner,
    (signal) => new Promise<RelayEnds>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  await Promise.resolve();
  all.stop();
  await Promise.all([carried, connecting]);
  const [late, lateInner] = duplexPair();
  await all.carry(lateInner, () => Promise.reject(new Error("must not be asked")));
  for (const end of [user, network, waiting, late]) await assertRejects(() => readOn(end));
  assertEquals([all.count, lines], [0, []]);
});

/** An end that always has as much as it is asked for, and remembers how much that was; what is written to it waits. */
function endless(): { duplex: Duplex; asked: () => number } {
  let asked = 0;
  const never = new Promise<never>(() => {});
  const duplex: Duplex = {
    peer: "an endless one",
    read: (into) => Promise.resolve(asked = into.length),
    write: () => never,
    closeWrite: () => never,
    abort() {},
    close() {},
  };
  return { duplex, asked: () => asked };
}

Deno.test("of thousands of relays whose readers take nothing each holds little, of a few each what is quick", async () => {
  const { relays: all } = relays(10_000);
  const held: (() => number)[] = [];
  for (let count = 0; count < 1_000; count++) {
    const inner = endless();
    const outer = endless();
    // Of each direction 512 KiB pass before the reader stops.
    let left = 512 * 1024;
    outer.duplex.write = (bytes) => (left -= bytes.length) > 0 ? Promise.resolve() : new Promise(() => {});
    held.push(inner.asked);
    all.carry(inner.duplex, () => Promise.resolve({ inner: inner.duplex, outer: outer.duplex, framing: undefined }));
  }
  while (held.at(-1)!() === 0) await new Promise((resolve) => setTimeout(resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const bytes = held.reduce((sum, asked) => sum + asked(), 0);
  assertLessOrEqual(bytes, 64 * 1024 * 1024);
  all.stop();

  const { relays: few } = relays(10);
  const [inner, outer] = [endless(), endless()];
  let left = 2 ** 20;
  outer.duplex.write = (bytes) => (left -= bytes.length) > 0 ? Promise.resolve() : new Promise(() => {});
  few.carry(inner.duplex, () => Promise.resolve({ inner: inner.duplex, outer: outer.duplex, framing: undefined }));
  await until(() => left <= 0, 5_000, "all that is taken");
  assertEquals(inner.asked(), 256 * 1024);
  few.stop();
});

Deno.test("relays that are drained take nobody, and are over with the last that they have", async () => {
  const { relays: all, clock } = relays(10);
  await all.drain();
  const { relays: busy } = relays(10);
  const [user, inner] = duplexPair();
  const [outer, network] = duplexPair();
  const carrying = busy.carry(inner, () => Promise.resolve({ inner, outer, framing: undefined }));
  let isOver = false;
  busy.drain().then(() => isOver = true);
  const [late, lateInner] = duplexPair();
  await busy.carry(lateInner, () => Promise.reject(new Error("must not be asked")));
  await assertRejects(() => readOn(late));
  await clock.settle();
  assertEquals([isOver, busy.count], [false, 1]);
  await Promise.all([user.closeWrite(), network.closeWrite(), readOn(user), readOn(network), carrying]);
  await clock.settle();
  assertEquals([isOver, busy.count], [true, 0]);
});
