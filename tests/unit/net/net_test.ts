/** The connections beneath everything: every kind of duplex keeps the same contract, over real sockets too. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Address, parseAddress } from "../../../lib/net/address.ts";
import { sleep, systemClock } from "../../../lib/net/clock.ts";
import { DenoDuplex } from "../../../lib/net/deno_duplex.ts";
import { dial } from "../../../lib/net/dial.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { reasonOf, TeleError } from "../../../lib/net/error.ts";
import { listen, type Listening, type ListenOptions } from "../../../lib/net/listen.ts";
import { silentLog } from "../../../lib/net/log.ts";
import { hasNodeDuplex } from "../../../lib/net/node_duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { duplexFromStreams, streamsFromDuplex } from "../../../lib/net/web.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { generated, sha256 } from "../../support/random.ts";
import { onUnix } from "../../support/skip.ts";
import { pause, until, within } from "../../support/wait.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Whether users' connections can be reset: Deno 2.9. Elsewhere the peer reads an end of file. */
const CAN_RESET = hasNodeDuplex();

async function readAll(duplex: Duplex, bufferBytes = 64 * KIB): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const into = new Uint8Array(bufferBytes);
  for (let count = await duplex.read(into); count !== null; count = await duplex.read(into)) {
    assert(count >= 1 && count <= bufferBytes);
    parts.push(into.slice(0, count));
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

async function readExactly(duplex: Duplex, bytes: number): Promise<Uint8Array> {
  const whole = new Uint8Array(bytes);
  for (let filled = 0; filled < bytes;) {
    const count = await duplex.read(whole.subarray(filled));
    if (count === null) throw new Error(`the end came after ${filled} of ${bytes} bytes`);
    filled += count;
  }
  return whole;
}

/** Two ends of one connection, and what to clean up behind them. */
interface Pair {
  near: Duplex;
  far: Duplex;
  close(): void;
}

const listenDefaults = { defaultHosts: ["127.0.0.1", "::1"], clock: systemClock, log: silentLog };

/** A connection through `listen` and `dial`, as the roles make them. */
async function socketPair(address: Address, use: ListenOptions["use"], dialedHost?: string): Promise<Pair> {
  const accepted = Promise.withResolvers<Duplex>();
  const listening = await listen(address, { ...listenDefaults, use, onConnection: accepted.resolve });
  const where = parseAddress(listening.addresses[0]);
  const near = await dial(dialedHost === undefined ? where : { ...where, host: dialedHost } as Address, use);
  const far = await within(accepted.promise, 5_000, "the accepted connection");
  listening.close();
  return {
    near,
    far,
    close() {
      near.close();
      far.close();
    },
  };
}

function webPair(): Pair {
  const [there, back] = [0, 1].map(() => new TransformStream<Uint8Array, Uint8Array>());
  const near = duplexFromStreams({ readable: back.readable, writable: there.writable });
  const far = duplexFromStreams({ readable: there.readable, writable: back.writable });
  return { near, far, close: () => [near, far].forEach((each) => each.close()) };
}

function pipePair(): Pair {
  const [near, far] = duplexPair();
  return { near, far, close: () => [near, far].forEach((each) => each.close()) };
}

/** Through both adapters and back. */
function adaptedPair(): Pair {
  const [near, far] = duplexPair().map((duplex) => duplexFromStreams(streamsFromDuplex(duplex)));
  return { near, far, close: () => [near, far].forEach((each) => each.close()) };
}

async function unixPair(): Promise<Pair> {
  const folder = await Deno.makeTempDir({ prefix: "tele-net-" });
  const pair = await socketPair({ kind: "unix", path: `${folder}/socket` }, "user");
  await Deno.remove(folder, { recursive: true });
  return pair;
}

const LOOPBACK: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };

const KINDS: Record<string, () => Promise<Pair> | Pair> = {
  "a pipe in memory": pipePair,
  "Web Streams": webPair,
  "a pipe through both adapters": adaptedPair,
  "a carrier over TCP": () => socketPair(LOOPBACK, "carrier"),
  "a user's connection over TCP": () => socketPair(LOOPBACK, "user"),
  "a user's connection over IPv6": () => socketPair({ kind: "tcp", host: "::1", port: 0 }, "user"),
  "a unix socket": unixPair,
};

const OVER_SOCKETS = new Set(Object.keys(KINDS).slice(3));

for (const [kind, make] of Object.entries(KINDS)) {
  const test = (sentence: string, body: (pair: Pair) => Promise<void>) =>
    Deno.test(`${kind}: ${sentence}`, async () => {
      const pair = await make();
      try {
        await within(body(pair), 10_000, "this test");
      } finally {
        pair.close();
        await pause(5); // lets the runtime take its sockets apart
      }
    });

  test("the end that dialed ends its direction first, and the other goes on", async ({ near, far }) => {
    const reading = readAll(far);
    await near.write(new Uint8Array([1, 2, 3]));
    await near.closeWrite();
    assertEquals(await reading, new Uint8Array([1, 2, 3]));
    assertEquals(await far.read(new Uint8Array(1)), null, "the end is read again");
    const answer = readAll(near);
    for (let turn = 0; turn < 20; turn++) {
      await far.write(new Uint8Array(1000).fill(turn));
      if (turn % 10 === 0) await pause(1);
    }
    await far.closeWrite();
    assertEquals((await answer).length, 20_000);
  });

  test("the end that was dialed ends its direction first, and the other goes on", async ({ near, far }) => {
    const reading = readAll(near);
    await far.write(new Uint8Array([7]));
    await far.closeWrite();
    assertEquals(await reading, new Uint8Array([7]));
    const [got] = await Promise.all([
      readAll(far),
      near.write(new Uint8Array([8, 9])).then(() => near.closeWrite()),
    ]);
    assertEquals(got, new Uint8Array([8, 9]));
  });

  test("an end without a byte before it is read as one", async ({ near, far }) => {
    await near.closeWrite();
    assertEquals(await far.read(new Uint8Array(10)), null);
  });

  test("what comes is read in buffers of any size, one byte and more", async ({ near, far }) => {
    const data = generated(3_000, 1);
    const writing = near.write(data).then(() => near.closeWrite());
    const sizes = [1, 1, 2, 3, 7, 1, 64, 1_000];
    const parts: number[] = [];
    for (let turn = 0;; turn++) {
      const into = new Uint8Array(sizes[turn % sizes.length] + 2).fill(0xee);
      const count = await far.read(into.subarray(1, into.length - 1));
      assertEquals([into[0], into.at(-1)], [0xee, 0xee], "nothing beside the buffer is touched");
      if (count === null) break;
      parts.push(...into.subarray(1, 1 + count));
    }
    await writing;
    assertEquals(new Uint8Array(parts), data);
  });

  test("what comes before anyone reads is kept", async ({ near, far }) => {
    const writing = near.write(new Uint8Array([1, 2, 3]));
    await pause(20);
    assertEquals(await readExactly(far, 1), new Uint8Array([1]));
    await pause(20);
    assertEquals(await readExactly(far, 2), new Uint8Array([2, 3]));
    await writing;
  });

  test("a large transfer both ways at once is whole", async ({ near, far }) => {
    const [up, down] = [generated(8 * MIB, 2), generated(8 * MIB + 1, 3)];
    const send = async (duplex: Duplex, data: Uint8Array) => {
      for (let at = 0, turn = 0; at < data.length; turn++) {
        const size = [1, 100_000, 5, 262_144, 1_000][turn % 5];
        await duplex.write(data.subarray(at, at + size));
        at += size;
      }
      await duplex.closeWrite();
    };
    const [gotUp, gotDown] = await Promise.all([
      readAll(far, 100_000),
      readAll(near, 30_001),
      send(near, up),
      send(far, down),
    ]);
    assertEquals([sha256(gotUp), sha256(gotDown)], [sha256(up), sha256(down)]);
  });

  test("a pending read and a pending write reject when it is closed here, and so do later ones", async ({ near, far }) => {
    const reading = assertRejects(() => near.read(new Uint8Array(1)));
    const writing = assertRejects(async () => {
      for (;;) await near.write(new Uint8Array(1 * MIB));
    });
    await pause(20);
    near.close();
    await reading;
    // Deno 2.6 lets go of a socket only when a write that is under way has ended, which here is when the peer closes.
    if (CAN_RESET || !OVER_SOCKETS.has(kind)) await writing;
    else far.close();
    await assertRejects(() => near.read(new Uint8Array(1)));
    await assertRejects(() => near.write(new Uint8Array(1)));
    await assertRejects(() => near.closeWrite());
  });

  test("the same when it is aborted here, and neither close nor abort minds a second call", async ({ near }) => {
    const reading = assertRejects(() => near.read(new Uint8Array(1)));
    await pause(5);
    near.abort(new Error("enough"));
    await reading;
    await assertRejects(() => near.write(new Uint8Array(1)));
    near.abort();
    near.close();
    near.close();
    near.abort("again");
  });

  test("a peer that closes after its end has told it: the end is read whenever one asks", async ({ near, far }) => {
    const writing = near.write(new Uint8Array([1, 2]));
    assertEquals(await readExactly(far, 2), new Uint8Array([1, 2]));
    await writing;
    await near.closeWrite();
    near.close();
    await pause(20);
    assertEquals(await far.read(new Uint8Array(1)), null);
  });

  test("it names its peer", ({ near, far }) => {
    assert(near.peer.length > 0 && far.peer.length > 0);
    return Promise.resolve();
  });
}

Deno.test("a pipe in memory: a write settles when all of it was read, however small the reads", async () => {
  const [near, far] = duplexPair();
  let written = false;
  const writing = near.write(generated(10, 1)).then(() => written = true);
  assertEquals(await readExactly(far, 9), generated(10, 1).subarray(0, 9));
  await settle();
  assertEquals(written, false);
  await readExactly(far, 1);
  await writing;
});

Deno.test("a pipe in memory: an abort reaches the peer with its reason, even behind an end that was not read", async () => {
  const [near, far] = duplexPair();
  await near.closeWrite();
  near.abort(new Error("it was cut"));
  await assertRejects(() => far.read(new Uint8Array(1)), Error, "it was cut");
  await assertRejects(() => far.write(new Uint8Array(1)), Error, "it was cut");
});

Deno.test("a pipe in memory: closing without an end is no end", async () => {
  const [near, far] = duplexPair();
  near.close();
  await assertRejects(() => far.read(new Uint8Array(1)), Error, "closed");
});

Deno.test("Web Streams: aborting a writable stops a write that nobody reads", async () => {
  const [near, far] = duplexPair();
  const { writable } = streamsFromDuplex(near);
  const writer = writable.getWriter();
  const writing = assertRejects(() => writer.write(new Uint8Array(1000)));
  await settle();
  const aborting = writer.abort(new Error("enough"));
  await writing;
  await aborting.catch(() => {});
  await assertRejects(() => far.read(new Uint8Array(1)), Error, "enough");
});

Deno.test("Web Streams: a stream that fails fails the duplex, with the same error", async () => {
  const failing = new ReadableStream<Uint8Array>({
    pull: () => Promise.reject(new Error("the socket of this stream broke")),
  });
  const sink = new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error("so did its other side")) });
  const duplex = duplexFromStreams({ readable: failing, writable: sink });
  await assertRejects(() => duplex.read(new Uint8Array(1)), Error, "this stream broke");
  await assertRejects(() => duplex.write(new Uint8Array(1)), Error, "other side");
  duplex.close();
});

Deno.test("Web Streams: a chunk that was written belongs to its writer again", async () => {
  const kept: Uint8Array[] = [];
  const sink = new WritableStream<Uint8Array>({ write: (chunk) => void kept.push(chunk) });
  const duplex = duplexFromStreams({ readable: new ReadableStream(), writable: sink });
  const bytes = new Uint8Array([1, 2, 3]);
  await duplex.write(bytes);
  bytes.fill(9);
  assertEquals(kept, [new Uint8Array([1, 2, 3])]);
  duplex.close();
});

Deno.test("Web Streams: empty chunks are no end", async () => {
  const readable = ReadableStream.from([new Uint8Array(0), new Uint8Array([5]), new Uint8Array(0)]);
  const duplex = duplexFromStreams({ readable, writable: new WritableStream() });
  const into = new Uint8Array(4);
  assertEquals([await duplex.read(into), into[0]], [1, 5]);
  assertEquals(await duplex.read(into), null);
  duplex.close();
});

Deno.test("Web Streams: a byte stream's consumer may bring its own buffer", async () => {
  const [near, far] = duplexPair();
  const { readable, writable } = streamsFromDuplex(near);
  const reader = readable.getReader({ mode: "byob" });
  const writing = far.write(new Uint8Array([1, 2, 3, 4, 5]));
  const first = await reader.read(new Uint8Array(2));
  assertEquals(first.value, new Uint8Array([1, 2]));
  const second = await reader.read(new Uint8Array(10));
  assertEquals(second.value, new Uint8Array([3, 4, 5]));
  await writing;
  await far.closeWrite();
  assertEquals((await reader.read(new Uint8Array(1))).done, true);
  await writable.getWriter().write(new Uint8Array(0)); // nobody reads: an empty chunk must not wait
  near.close();
});

/** A Deno connection to what `listen` accepts, to see what a user's program sees. */
async function userProgram(use: ListenOptions["use"]): Promise<{ user: Deno.TcpConn; duplex: Duplex; close(): void }> {
  const accepted = Promise.withResolvers<Duplex>();
  const listening = await listen(LOOPBACK, { ...listenDefaults, use, onConnection: accepted.resolve });
  const port = Number(listening.addresses[0].split(":").at(-1));
  const user = await Deno.connect({ hostname: "127.0.0.1", port });
  const duplex = await accepted.promise;
  return {
    user,
    duplex,
    close() {
      listening.close();
      duplex.close();
      user.close();
    },
  };
}

/** How a read that waits ends: `"end"` for an end of file, else the name of the error. */
const endingOf = (user: Deno.TcpConn) =>
  user.read(new Uint8Array(1)).then((count) => count === null ? "end" : `${count} bytes`, (error) => error.name);

Deno.test("an abort of a user's connection that was accepted is a reset, where the runtime can", async () => {
  const { user, duplex, close } = await userProgram("user");
  const ending = endingOf(user);
  duplex.abort(new Error("the stream was cut"));
  assertEquals(await within(ending, 5_000, "the end"), CAN_RESET ? "ConnectionReset" : "end");
  close();
  await pause(5);
});

Deno.test("an abort of a user's connection that was dialed is a reset, where the runtime can", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [duplex, user] = await Promise.all([
    dial({ kind: "tcp", host: "127.0.0.1", port: listener.addr.port }, "user"),
    listener.accept(),
  ]);
  const ending = endingOf(user);
  duplex.abort();
  assertEquals(await within(ending, 5_000, "the end"), CAN_RESET ? "ConnectionReset" : "end");
  user.close();
  await pause(5);
});

Deno.test("an abort resets even behind data that was written and an end that was told", async () => {
  const { user, duplex, close } = await userProgram("user");
  await duplex.write(new Uint8Array([1]));
  await duplex.closeWrite();
  await pause(5);
  duplex.abort();
  await pause(20);
  const into = new Uint8Array(10);
  let ending: string;
  try {
    let count = await user.read(into);
    while (count !== null) count = await user.read(into);
    ending = "end";
  } catch (error) {
    ending = (error as Error).name;
  }
  // With the end already read by the kernel of the peer, an end of file is as good an answer as a reset.
  assert(["end", "ConnectionReset"].includes(ending), ending);
  close();
  await pause(5);
});

Deno.test("a write to a user's connection is done at once until the user does not read, and then when it does", async () => {
  const { user, duplex, close } = await userProgram("user");
  assertEquals(duplex.writeNow !== undefined, CAN_RESET);
  if (duplex.writeNow !== undefined) {
    // The first one waits until the runtime has heard that the connection takes anything.
    await duplex.write(new Uint8Array([1]));
    assertEquals(await user.read(new Uint8Array(1)), 1);
    let blocks = 0, isDone = false;
    const block = (number: number) => new Uint8Array(64 * 1024).fill(number);
    let waiting = duplex.writeNow(block(blocks++));
    for (; waiting === undefined; waiting = duplex.writeNow(block(blocks++))) assert(blocks < 4_096, "256 MiB at once");
    assert(blocks > 1, "not even the first was done at once");
    waiting.then(() => isDone = true);
    await pause(20);
    assert(!isDone);
    const all = new Uint8Array(blocks * 64 * 1024);
    for (let at = 0; at < all.length;) at += await within(user.read(all.subarray(at)), 5_000, "the rest") ?? all.length;
    await within(waiting, 5_000, "the end of the write");
    for (let number = 0; number < blocks; number++) assertEquals(all[number * 64 * 1024], number % 256);
  }
  close();
  await pause(5);
});

Deno.test("a user's connection calls back with bytes, with the end and with a failure", async () => {
  for (const last of ["end", "reset"]) {
    const { user, duplex, close } = await userProgram("user");
    assertEquals(duplex.readWith !== undefined, CAN_RESET);
    if (duplex.readWith !== undefined) {
      const into = new Uint8Array(16);
      const read = () =>
        new Promise<string>((resolve) =>
          duplex.readWith!(into, (count) => resolve(`${count}`), (error) => resolve(reasonOf(error)))
        );
      // More of them than it takes to begin to read ahead: what was read ahead is there at once.
      for (let round = 1; round <= 8; round++) {
        const reading = read();
        await user.write(new Uint8Array(20).fill(round));
        assertEquals([await reading, into[0]], ["16", round]);
        let isThere = false;
        duplex.readWith(into, (count) => isThere = count === 4, () => {});
        await pause(round <= 4 ? 2 : 0);
        assert(isThere, `round ${round}`);
      }
      const reading = read();
      if (last === "end") await user.closeWrite();
      else duplex.abort(new Error("that was it"));
      const ending = await within(reading, 5_000, "the last call");
      if (last === "end") assertEquals([ending, await read()], ["null", "null"]);
      else assert(/reset/.test(ending) && /reset/.test(await read()), ending);
    }
    close();
    await pause(5);
  }
});

Deno.test("a close of a user's connection is a clean end, not a reset", async () => {
  const { user, duplex, close } = await userProgram("user");
  const ending = endingOf(user);
  duplex.close();
  assertEquals(await within(ending, 5_000, "the end"), "end");
  close();
  await pause(5);
});

Deno.test("a user's program that resets is told apart from one that ends", async () => {
  const { ResettableConnection } = await import("../../support/user_programs.ts");
  const accepted = Promise.withResolvers<Duplex>();
  const listening = await listen(LOOPBACK, { ...listenDefaults, use: "user", onConnection: accepted.resolve });
  const user = await ResettableConnection.connect(Number(listening.addresses[0].split(":").at(-1)));
  const duplex = await accepted.promise;
  const reading = duplex.read(new Uint8Array(1)).then(
    (count) => count === null ? "end" : "bytes",
    (error) => reasonOf(error),
  );
  if (CAN_RESET) user.reset();
  else user[Symbol.dispose]();
  const ending = await within(reading, 5_000, "the end of the read");
  if (CAN_RESET) assert(/reset/i.test(ending), ending);
  else assertEquals(ending, "end", "there node:net cannot reset either");
  duplex.close();
  listening.close();
  user[Symbol.dispose]();
  await pause(5);
});

Deno.test("a user's program that has gone makes writes fail in the end", async () => {
  const { user, duplex, close } = await userProgram("user");
  user.close();
  await within(
    assertRejects(async () => {
      for (;;) {
        await duplex.write(new Uint8Array(64 * KIB));
        await pause(1);
      }
    }),
    5_000,
    "a write that fails",
  );
  duplex.close();
  try {
    close();
  } catch {
    // The user's end was closed above.
  }
  await pause(5);
});

Deno.test("small writes are not held back for an acknowledgement: Nagle is off at both ends", async () => {
  for (const use of ["user", "carrier"] as const) {
    const { near, far, close } = await socketPair(LOOPBACK, use);
    const before = performance.now();
    for (let turn = 0; turn < 20; turn++) {
      for (const [from, to] of [[near, far], [far, near]]) {
        await from.write(new Uint8Array([1]));
        await from.write(new Uint8Array([2]));
        await readExactly(to, 2);
      }
    }
    const eachMs = (performance.now() - before) / 40;
    assert(eachMs < 15, `${use}: ${eachMs} ms for each write-write-read`);
    close();
    await pause(5);
  }
});

Deno.test("a carrier knows the address it left from", async () => {
  const { near, close } = await socketPair(LOOPBACK, "carrier");
  assertEquals(near.localAddress, "127.0.0.1");
  close();
  await pause(5);
});

Deno.test("a connection of a socket of both families tells its IPv4 addresses as IPv4, at both ends", async () => {
  for (const use of ["user", "carrier"] as const) {
    const { near, far, close } = await socketPair(parseAddress("[::]:0"), use, "::ffff:127.0.0.1");
    assertEquals([near.localAddress, far.localAddress], ["127.0.0.1", "127.0.0.1"]);
    assert(far.peer.startsWith("127.0.0.1:"), far.peer);
    close();
    await pause(5);
  }
});

Deno.test("a Deno connection of any kind becomes a duplex, once", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [conn, other] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  const duplex = new DenoDuplex(conn);
  assertEquals(duplex.peer, `127.0.0.1:${listener.addr.port}`);
  other.close();
  assertEquals(await duplex.read(new Uint8Array(1)), null);
  duplex.close();
});

// Listening.

/** Listens, and closes when the test is over. */
async function listenFor(
  address: Address | undefined,
  options: Partial<ListenOptions> = {},
): Promise<Listening & Disposable & { accepted: Duplex[] }> {
  const accepted: Duplex[] = [];
  const listening = await listen(address, {
    ...listenDefaults,
    use: "user",
    onConnection: (duplex) => void accepted.push(duplex),
    ...options,
  });
  return {
    ...listening,
    accepted,
    [Symbol.dispose]() {
      listening.close();
      for (const duplex of accepted) duplex.close();
    },
  };
}

function portOf(address: string): number {
  return Number(address.split(":").at(-1));
}

const hasIPv6 = (() => {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
})();

for (const use of ["user", "carrier"] as const) {
  Deno.test(`listening (${use}): without an address it is a free port on loopback, in both families`, async () => {
    using listening = await listenFor(undefined, { use });
    const [first, second] = listening.addresses;
    assert(portOf(first) > 0);
    assertEquals(first, `127.0.0.1:${portOf(first)}`);
    assertEquals(second, hasIPv6 ? `[::1]:${portOf(first)}` : undefined);
    assertEquals(listening.isExposed, false);
    for (const address of listening.addresses) (await dial(parseAddress(address), use)).close();
    // `:port` dials loopback.
    (await dial({ kind: "tcp", host: undefined, port: portOf(first) }, use)).close();
    await until(() => listening.accepted.length === listening.addresses.length + 1, 5_000, "all connections");
  });

  Deno.test(`listening (${use}): two free ports are two ports`, async () => {
    using first = await listenFor(undefined, { use });
    using second = await listenFor(undefined, { use });
    assert(portOf(first.addresses[0]) !== portOf(second.addresses[0]));
  });

  Deno.test(`listening (${use}): ":port" of a server means every interface, and is exposed`, async () => {
    const probe = await listenFor(undefined, { use });
    const port = portOf(probe.addresses[0]);
    probe[Symbol.dispose]();
    await pause(5);
    using listening = await listenFor(
      { kind: "tcp", host: undefined, port },
      { use, defaultHosts: ["::", "0.0.0.0"] },
    );
    // `[::]` takes IPv4 as well, but on Windows.
    const hosts = !hasIPv6 ? ["0.0.0.0"] : Deno.build.os === "windows" ? ["[::]", "0.0.0.0"] : ["[::]"];
    assertEquals(listening.addresses, hosts.map((host) => `${host}:${port}`));
    assertEquals(listening.isExposed, true);
    for (const host of hasIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]) {
      (await dial({ kind: "tcp", host, port }, use)).close();
    }
    await until(() => listening.accepted.length === (hasIPv6 ? 2 : 1), 5_000, "both connections");
  });

  Deno.test(`listening (${use}): a host that was named is the only one`, async () => {
    using listening = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 }, { use });
    assertEquals(listening.addresses, [`127.0.0.1:${portOf(listening.addresses[0])}`]);
    assertEquals(listening.isExposed, false);
    using named = await listenFor({ kind: "tcp", host: "localhost", port: 0 }, { use });
    assertEquals(named.isExposed, false);
    if (!hasIPv6) return;
    using mapped = await listenFor({ kind: "tcp", host: "::ffff:127.0.0.1", port: 0 }, { use });
    assertEquals(mapped.isExposed, false, "loopback in another spelling");
  });

  Deno.test(`listening (${use}): a port that is taken is told in one sentence`, async () => {
    using first = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 }, { use });
    const port = portOf(first.addresses[0]);
    for (const host of ["127.0.0.1", undefined]) {
      const error = await assertRejects(() => listenFor({ kind: "tcp", host, port }, { use }), TeleError);
      assertEquals(error.code, "bad-input");
      assertEquals(
        error.message,
        `cannot listen on 127.0.0.1:${port}: another program does; choose another port`,
      );
    }
    const everywhere = () =>
      listenFor({ kind: "tcp", host: undefined, port }, { use, defaultHosts: ["::", "0.0.0.0"] });
    assertStringIncludes((await assertRejects(everywhere, TeleError)).message, "another program does");
  });

  Deno.test(`listening (${use}): an address of another machine, and a name of none, are told`, async () => {
    const elsewhere = await assertRejects(
      () => listenFor({ kind: "tcp", host: "192.0.2.1", port: 0 }, { use }),
      TeleError,
    );
    assertEquals(elsewhere.code, "bad-input");
    assertStringIncludes(elsewhere.message, "this machine does not have that address");
    const nowhere = await assertRejects(
      () => listenFor({ kind: "tcp", host: "no-such-host.invalid", port: 0 }, { use }),
      TeleError,
    );
    assertEquals(nowhere.code, "bad-input");
    assertStringIncludes(nowhere.message, "cannot listen on no-such-host.invalid:0: that name cannot be resolved; ");
  });

  Deno.test(`listening (${use}): what was closed takes nobody, and its port is free again`, async () => {
    const listening = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 }, { use });
    const port = portOf(listening.addresses[0]);
    listening.close();
    await pause(10);
    await assertRejects(() => dial({ kind: "tcp", host: "127.0.0.1", port }, use), TeleError, "connection refused");
    using again = await listenFor({ kind: "tcp", host: "127.0.0.1", port }, { use });
    assertEquals(portOf(again.addresses[0]), port);
  });

  Deno.test(`listening (${use}): a burst of connections is taken whole`, async () => {
    using listening = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 }, { use });
    const address = parseAddress(listening.addresses[0]);
    const dialed = await Promise.all(Array.from({ length: 200 }, () => dial(address, use)));
    await until(() => listening.accepted.length === 200, 5_000, "all connections");
    for (const duplex of dialed) duplex.close();
    await pause(5);
  });
}

Deno.test("listening: a listener on node:net leaves no timer behind", async () => {
  const clock = new FakeClock();
  const listening = await listenFor(undefined, { clock });
  await clock.advance(10_000);
  (await dial(parseAddress(listening.addresses[0]), "user")).close();
  await until(() => listening.accepted.length === 1, 5_000, "the connection");
  listening[Symbol.dispose]();
  assertEquals(clock.pendingTimers, 0);
  await pause(5);
});

// Unix sockets.

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tele-net-" });
  try {
    await body(folder);
    await pause(5);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(
  "a unix socket is for its owner only, and its file goes with the listener",
  onUnix(),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/socket`;
      const listening = await listenFor({ kind: "unix", path });
      assertEquals(listening.addresses, [`unix:${path}`]);
      assertEquals(listening.isExposed, false);
      assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
      const dialed = await dial({ kind: "unix", path }, "user");
      assertEquals(dialed.peer, `unix:${path}`);
      await until(() => listening.accepted.length === 1, 5_000, "the connection");
      assertEquals(listening.accepted[0]!.peer, `unix:${path}`, "who comes has no address but the one it came to");
      dialed.close();
      listening[Symbol.dispose]();
      await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
    }),
);

Deno.test("a socket file that a killed process left is replaced", onUnix(), () =>
  inFolder(async (folder) => {
    const path = `${folder}/socket`;
    // What SIGKILL leaves: the file without a listener.
    const script = `Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} }); Deno.kill(Deno.pid, "SIGKILL");`;
    await new Deno.Command(Deno.execPath(), { args: ["eval", script], stderr: "null" }).output();
    assert((await Deno.lstat(path)).isSocket);
    using listening = await listenFor({ kind: "unix", path });
    (await dial({ kind: "unix", path }, "user")).close();
    await until(() => listening.accepted.length === 1, 5_000, "the connection");
  }));

Deno.test("a socket on which another program listens is left alone", onUnix(), () =>
  inFolder(async (folder) => {
    const path = `${folder}/socket`;
    using first = await listenFor({ kind: "unix", path });
    const error = await assertRejects(() => listenFor({ kind: "unix", path }), TeleError);
    assertEquals(error.code, "bad-input");
    assertEquals(error.message, `cannot listen on unix:${path}: another program does; choose another path`);
    const before = first.accepted.length;
    (await dial({ kind: "unix", path }, "user")).close();
    await until(() => first.accepted.length === before + 1, 5_000, "the connection to the first");
  }));

Deno.test("a file that is no socket is never removed", onUnix(), () =>
  inFolder(async (folder) => {
    const path = `${folder}/precious`;
    await Deno.writeTextFile(path, "data");
    const error = await assertRejects(() => listenFor({ kind: "unix", path }), TeleError);
    assertEquals(error.message, `cannot listen on unix:${path}: a file that is no socket is there`);
    assertEquals(await Deno.readTextFile(path), "data");
  }));

Deno.test("a unix socket in a folder that does not exist is told with its path", onUnix(), async () => {
  const error = await assertRejects(() => listenFor({ kind: "unix", path: "/no/such/folder/socket" }), TeleError);
  assertEquals(error.code, "bad-input");
  assertStringIncludes(error.message, "cannot listen on unix:/no/such/folder/socket: ");
});

// Dialing.

Deno.test("dialing a port that nobody listens on says so, in the same words for everyone", async () => {
  const probe = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 });
  const port = portOf(probe.addresses[0]);
  probe[Symbol.dispose]();
  await pause(10);
  for (const use of ["user", "carrier"] as const) {
    const error = await assertRejects(() => dial({ kind: "tcp", host: "127.0.0.1", port }, use), TeleError);
    assertEquals([error.code, error.message], ["carrier-lost", `127.0.0.1:${port}: connection refused`]);
    const anywhere = await assertRejects(() => dial({ kind: "tcp", host: undefined, port }, use), TeleError);
    assertEquals(anywhere.message, `:${port}: connection refused`);
  }
});

Deno.test("dialing a name that does not exist, or a socket file that does not, names it", async () => {
  for (const use of ["user", "carrier"] as const) {
    const name = await assertRejects(
      () => dial({ kind: "tcp", host: "no-such-host.invalid", port: 1 }, use),
      TeleError,
    );
    assertEquals(name.code, "carrier-lost");
    assert(/^no-such-host\.invalid:1: ./.test(name.message), name.message);
  }
  const file = await assertRejects(() => dial({ kind: "unix", path: "/no/such/socket" }, "user"), TeleError);
  assertStringIncludes(file.message, "unix:/no/such/socket: ");
  assert(!file.message.includes("os error"), file.message);
});

Deno.test("`:port` finds a user's server in whichever family it listens", async () => {
  if (!hasIPv6) return;
  using listener = Deno.listen({ hostname: "::1", port: 0 });
  const dialing = dial({ kind: "tcp", host: undefined, port: listener.addr.port }, "user");
  const [duplex, accepted] = await Promise.all([dialing, listener.accept()]);
  assertEquals(duplex.peer, `[::1]:${listener.addr.port}`);
  duplex.close();
  accepted.close();
  await pause(5);
});

Deno.test("a dial that is given up ends at once, whether it began or not", async () => {
  for (const use of ["user", "carrier"] as const) {
    const early = new AbortController();
    early.abort();
    await assertRejects(() => dial({ kind: "tcp", host: "127.0.0.1", port: 1 }, use, early.signal), TeleError);
    // 192.0.2.0/24 (RFC 5737) is nobody's: an answer would take minutes, or comes at once as "no route".
    const late = new AbortController();
    const dialing = dial({ kind: "tcp", host: "192.0.2.1", port: 9 }, use, late.signal).then(
      (duplex) => duplex.close(),
      () => {},
    );
    await pause(20);
    late.abort();
    await within(dialing, 2_000, `the end of a dial (${use})`);
    await pause(5);
  }
});

// What is left of the layer.

Deno.test("the system's clock fires and cancels timers, and sleeps until told otherwise", async () => {
  let fired = 0;
  const timer = systemClock.setTimer(() => fired++, 5);
  systemClock.setTimer(() => fired += 100, 1).cancel();
  // Longer than a timer of the runtime can be; it must not fire at once.
  const long = systemClock.setTimer(() => fired += 1000, 2 ** 31 + 5);
  await sleep(systemClock, 20);
  long.cancel();
  timer.cancel();
  assertEquals(fired, 1);
  const controller = new AbortController();
  const before = performance.now();
  setTimeout(() => controller.abort(), 5);
  await sleep(systemClock, 60_000, controller.signal);
  await sleep(systemClock, 60_000, controller.signal);
  assert(performance.now() - before < 5_000);
});

Deno.test("a reason is a sentence without the operating system's number", () => {
  assertEquals(reasonOf(new Error("Connection refused (os error 111)")), "connection refused");
  assertEquals(reasonOf(new Error("Not a directory (os error 20): mkdir '/x'")), "not a directory: mkdir '/x'");
  assertEquals(reasonOf(new Error("connect ECONNRESET 127.0.0.1:22")), "connection reset by peer");
  assertEquals(reasonOf(new Error("write EPIPE")), "the other side takes no more");
  assertEquals(reasonOf(new Error("read EDOM")), "read EDOM", "better than nothing");
  assertEquals(reasonOf("just words"), "just words");
  assertEquals(reasonOf(undefined), "undefined");
});
