import { assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { type PingFraming, relay } from "../../../../lib/tunnel/rfd80/relay.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { readAll, readExactly } from "../../../support/reading.ts";

const FRAMING: PingFraming = { maxMessageBytes: 1_000, pingIntervalMs: undefined };
const text = (text: string) => new TextEncoder().encode(text);
const frame = (text: string) => new Uint8Array([0, 0, 0, text.length, ...new TextEncoder().encode(text)]);
const PING = new Uint8Array(4);

/** A relay between a user and a network, both in memory. */
function start(framing: PingFraming | undefined, clock = new FakeClock()) {
  const [user, inner] = duplexPair();
  const [outer, network] = duplexPair();
  return { user, network, clock, relaying: relay({ outer, inner, framing }, clock) };
}

for (
  const [name, framing, wire] of [["with", FRAMING, frame("hello")], ["without", undefined, text("hello")]] as const
) {
  Deno.test(`${name} framing bytes go both ways, and each half-close goes its own way`, async () => {
    const { user, network, relaying } = start(framing);
    await network.write(wire);
    assertEquals(await readExactly(user, 5), text("hello"));
    await network.closeWrite();
    assertEquals(await readAll(user), new Uint8Array(), "end of file at the user's");
    await user.write(text("hello"));
    await user.closeWrite();
    assertEquals(await readAll(network), wire, "the other direction went on");
    await relaying;
  });
}

/** Bytes one by one, each there at once; then the end. What is written to it is kept. */
class Callbacks implements Duplex {
  readonly peer = "a test";
  readonly written: number[] = [];
  waiting: PromiseWithResolvers<void> | undefined;
  /** Calls that would have made a promise. */
  promises = 0;
  #left: number;

  constructor(left: number) {
    this.#left = left;
  }

  readWith(into: Uint8Array, onRead: (count: number | null) => void): void {
    if (this.#left === 0) return onRead(null);
    into[0] = this.#left-- % 256;
    onRead(1);
  }

  writeNow(bytes: Uint8Array): Promise<void> | undefined {
    this.written.push(...bytes);
    return this.waiting?.promise;
  }

  read(): Promise<number | null> {
    this.promises++;
    return Promise.resolve(null);
  }

  write(): Promise<void> {
    this.promises++;
    return Promise.resolve();
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  abort(): void {}

  close(): void {}
}

Deno.test("between two that call back no chunk makes a promise, and many that are there at once no deep call", async () => {
  const [outer, inner] = [new Callbacks(100_000), new Callbacks(0)];
  await relay({ outer, inner, framing: undefined }, new FakeClock());
  assertEquals([outer.promises, inner.promises, inner.written.length], [0, 0, 100_000]);
});

Deno.test("while a write waits nothing more is read from who calls back, and its failure is the relay's", async () => {
  const [outer, inner] = [new Callbacks(3), new Callbacks(0)];
  inner.waiting = Promise.withResolvers();
  const relaying = relay({ outer, inner, framing: undefined }, new FakeClock());
  await settle();
  assertEquals(inner.written, [3]);
  inner.waiting.resolve();
  await settle();
  assertEquals(inner.written, [3, 2, 1]);
  await relaying;
  const failing = new Callbacks(0);
  failing.waiting = Promise.withResolvers();
  failing.waiting.reject(new Error("it takes no more"));
  const other = relay({ outer: new Callbacks(3), inner: failing, framing: undefined }, new FakeClock());
  await assertRejects(() => other, Error, "it takes no more");
});

Deno.test("a message comes in any pieces with pings around it, and none of them reaches the user", async () => {
  const { user, network, relaying } = start(FRAMING);
  const reading = readAll(user);
  for (const byte of [...PING, ...frame("ab"), ...PING, ...PING, ...frame("c"), ...PING]) {
    await network.write(new Uint8Array([byte]));
  }
  await network.closeWrite();
  assertEquals(await reading, text("abc"));
  await user.closeWrite();
  await Promise.all([readAll(network), relaying]);
});

Deno.test("the side that is told to sends a ping at every interval, until its direction has ended", async () => {
  const { user, network, clock, relaying } = start({ ...FRAMING, pingIntervalMs: 30_000 });
  const reading = readAll(network);
  await clock.advance(29_000);
  await user.write(text("a"));
  await clock.advance(61_500);
  await user.closeWrite();
  assertEquals(await reading, concat([frame("a"), PING, PING, PING]));
  await clock.advance(100_000);
  await network.closeWrite();
  await Promise.all([readAll(user), relaying]);
  assertEquals(clock.pendingTimers, 0, "no timer is left");
});

Deno.test("a message above the limit ends both connections, and nothing of it arrives", async () => {
  const { user, network, relaying } = start(FRAMING);
  const failing = assertRejects(() => relaying, TeleError, "1001");
  const reading = assertRejects(() => readAll(user));
  await network.write(new Uint8Array([0, 0, 3, 233, 65])).catch(() => {});
  assertEquals((await failing).code, "protocol");
  await reading;
  await assertRejects(() => network.write(text("x")));
});

Deno.test("an end inside a message is a failure, not an end", async () => {
  const { user, network, relaying } = start(FRAMING);
  const failing = assertRejects(() => relaying, TeleError, "inside a frame");
  const reading = assertRejects(() => readAll(user), Error, "inside a frame");
  await network.write(frame("hello").subarray(0, 6));
  await network.closeWrite();
  await Promise.all([failing, reading]);
});

Deno.test("a user that breaks off breaks the outer connection: what was half written is not continued", async () => {
  const { user, network, clock, relaying } = start(FRAMING);
  const failing = assertRejects(() => relaying);
  await user.write(text("half"));
  assertEquals(await readExactly(network, 8), frame("half"));
  const reading = assertRejects(() => readAll(network));
  user.abort(new Error("reset by the user"));
  // What was sent last is given time to arrive.
  await clock.advance(1_000);
  await Promise.all([failing, reading]);
  assertEquals(clock.pendingTimers, 0);
});

/** An end of a connection that takes nothing more, and still has `says` to be read. */
function refusing(duplex: Duplex, says: Uint8Array[]): Duplex {
  return {
    ...duplex,
    peer: "one that refuses",
    readsAfterFailedWrite: true,
    read: (into) => {
      const piece = says.shift() ?? new Uint8Array(0);
      into.set(piece);
      return Promise.resolve(piece.length || null);
    },
    write: () => Promise.reject(new Error("it takes no more")),
    closeWrite: () => Promise.resolve(),
    abort: (reason) => duplex.abort(reason),
    close: () => duplex.close(),
  };
}

for (const [name, framing] of [["with", FRAMING], ["without", undefined]] as const) {
  Deno.test(`${name} framing, what a user's server says before it breaks off arrives, and then no clean end`, async () => {
    const clock = new FakeClock();
    const [user, userEnd] = duplexPair();
    const [outer, network] = duplexPair();
    const inner = refusing(userEnd, [text("no: "), text("too large")]);
    const failing = assertRejects(() => relay({ outer, inner, framing }, clock), Error, "it takes no more");
    network.write(framing === undefined ? text("upload") : frame("upload")).catch(() => {});
    const expected = framing === undefined ? text("no: too large") : [...frame("no: "), ...frame("too large")];
    assertEquals(await readExactly(network, expected.length), new Uint8Array(expected));
    const reading = assertRejects(() => readAll(network));
    await clock.advance(1_000);
    await Promise.all([failing, reading, assertRejects(() => readAll(user))]);
    assertEquals(clock.pendingTimers, 0);
  });
}

Deno.test("what came before a message that is too large, or before the connection was cut, reaches the user first", async () => {
  for (const end of ["too large", "cut"] as const) {
    const { user, network, relaying } = start(FRAMING);
    const failing = assertRejects(() => relaying);
    const writing = end === "cut"
      ? network.write(frame("ok")).then(() => network.abort(new Error("cut")))
      : network.write(new Uint8Array([...frame("ok"), 0, 0, 3, 233]));
    assertEquals(await readExactly(user, 2), text("ok"));
    await assertRejects(() => readAll(user));
    await Promise.all([failing, writing.catch(() => {})]);
  }
});

Deno.test("last words that nobody takes are given up after ten seconds", async () => {
  const clock = new FakeClock();
  const [, userEnd] = duplexPair();
  const [outer, network] = duplexPair();
  const failing = assertRejects(() =>
    relay({ outer, inner: refusing(userEnd, [text("no")]), framing: undefined }, clock)
  );
  network.write(text("upload")).catch(() => {});
  await clock.advance(9_900);
  assertEquals(clock.pendingTimers, 1);
  await clock.advance(200);
  await failing;
});
