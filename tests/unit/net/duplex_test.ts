/** The contract that every kind of duplex keeps, over real sockets too. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { equals } from "@std/bytes/equals";
import { describePeer, type Duplex } from "../../../lib/net/duplex.ts";
import { hasNodeDuplex } from "../../../lib/net/node_duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { duplexFromStreams, streamsFromDuplex } from "../../../lib/net/web.ts";
import { generated } from "../../support/random.ts";
import { readAll, readExactly } from "../../support/reading.ts";
import { denoPair, LOOPBACK, type Pair, socketPair } from "../../support/sockets.ts";
import { webSockets } from "../../support/web_sockets.ts";
import { pause, within } from "../../support/wait.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Whether users' connections can be reset: Deno 2.9. Elsewhere the peer reads an end of file. */
const CAN_RESET = hasNodeDuplex();

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

async function webSocketPair(turned: boolean): Promise<Pair> {
  const pair = await socketPair(LOOPBACK);
  const [client, server] = await webSockets(pair.near, pair.far);
  return turned ? { ...pair, near: server, far: client } : { ...pair, near: client, far: server };
}

async function unixPair(): Promise<Pair> {
  const folder = await Deno.makeTempDir({ prefix: "tele-net-" });
  const pair = await socketPair({ kind: "unix", path: `${folder}/socket` });
  await Deno.remove(folder, { recursive: true });
  return pair;
}

async function denoUnixPair(): Promise<Pair> {
  const folder = await Deno.makeTempDir({ prefix: "tele-net-" });
  const pair = await denoPair(`${folder}/socket`);
  await Deno.remove(folder, { recursive: true });
  return pair;
}

let made: [up: Uint8Array, down: Uint8Array] | undefined;

/** More than any connection holds, for each direction; made once. */
function much(): [up: Uint8Array, down: Uint8Array] {
  return made ??= [generated(8 * MIB, 2), generated(8 * MIB + 1, 3)];
}

const KINDS: Record<string, () => Promise<Pair> | Pair> = {
  "a pipe in memory": pipePair,
  "Web Streams": webPair,
  "a pipe through both adapters": adaptedPair,
  "TCP": () => socketPair(LOOPBACK),
  "TCP over IPv6": () => socketPair({ kind: "tcp", host: "::1", port: 0 }),
  "TCP on Deno's own connections": () => denoPair(),
  "a unix socket": unixPair,
  "a unix socket on Deno's own connections": denoUnixPair,
  "a WebSocket, from its client": () => webSocketPair(false),
  "a WebSocket, from its server": () => webSocketPair(true),
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
    const [up, down] = much();
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
    assertEquals([equals(gotUp, up), equals(gotDown, down)], [true, true]);
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

Deno.test("a peer is shown with the name in its certificate, if it had to show one", () => {
  assertEquals(describePeer({ peer: "192.0.2.1:5", peerName: "laptop" }), "192.0.2.1:5 (laptop)");
  assertEquals(describePeer({ peer: "192.0.2.1:5" }), "192.0.2.1:5");
});
