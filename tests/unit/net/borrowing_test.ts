/**
 * Real connections borrow memory until their promises settle, after a close too: what comes behind that is never sent.
 */
import net from "node:net";
import { assert, assertEquals } from "@std/assert";
import { DenoDuplex } from "../../../lib/net/deno_duplex.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { hasNodeDuplex, NodeDuplex } from "../../../lib/net/node_duplex.ts";
import { takeHandle } from "../../../lib/net/runtime.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { duplexFromStreams, streamsFromDuplex } from "../../../lib/net/web.ts";
import { FramedDuplex } from "../../../lib/ping/framed_duplex.ts";
import { certificates, tlsTest, TlsWorld } from "../../support/tls_world.ts";
import { denoPair, socketPair } from "../../support/sockets.ts";
import { webSockets } from "../../support/web_sockets.ts";
import { within } from "../../support/wait.ts";

const MINE = 65;
const OTHERS = 66;
/** More than the system's buffers take. */
const BYTES = 16 * 1024 * 1024;

type Pair = [near: Duplex, far: Duplex];

async function denoEnds(path?: string): Promise<Pair> {
  const { near, far } = await denoPair(path);
  return [near, far];
}

async function nodePair(): Promise<Pair> {
  const { promise: accepted, resolve } = Promise.withResolvers<NodeDuplex>();
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    resolve(NodeDuplex.accepted(takeHandle(socket)));
  });
  await new Promise<void>((ready) => void server.listen(0, "127.0.0.1", ready));
  const far = await Deno.connect({ hostname: "127.0.0.1", port: (server.address() as net.AddressInfo).port });
  const near = await accepted;
  server.close();
  return [near, new DenoDuplex(far)];
}

async function unixPair(): Promise<Pair> {
  const folder = await Deno.makeTempDir({ prefix: "tele-borrowing-" });
  const { near, far } = await socketPair({ kind: "unix", path: `${folder}/socket` });
  await Deno.remove(folder, { recursive: true });
  return [near, far];
}

async function webPair(): Promise<Pair> {
  const [near, far] = await denoEnds();
  return [duplexFromStreams(streamsFromDuplex(near)), far];
}

/** Reads all there is, until the end or an error; returns how many bytes were not `MINE`. */
async function strangers(far: Duplex): Promise<{ total: number; strange: number }> {
  const into = new Uint8Array(256 * 1024);
  let [total, strange] = [0, 0];
  try {
    for (let count = await far.read(into); count !== null; count = await far.read(into)) {
      total += count;
      for (let at = 0; at < count; at++) if (into[at] !== MINE) strange++;
    }
  } catch {
    // A reset; what came before it was read.
  }
  return { total, strange };
}

/** A write waits and the connection ends; its memory is used for others as soon as the promise has settled. */
async function checkWrite([near, far]: Pair, end: "close" | "abort", isFramed = false): Promise<void> {
  const bytes = new Uint8Array(BYTES).fill(MINE);
  const writing = near.write(bytes).then(() => {}, () => {}).then(() => void bytes.fill(OTHERS));
  await new Promise((resolve) => setTimeout(resolve, 30));
  assertEquals([bytes[0], bytes.at(-1)], [MINE, MINE], "it waits");
  near[end]();
  // Together: Deno 2.6.8 does not cancel a write, which then settles when the peer has read it.
  const [{ strange }] = await within(Promise.all([strangers(far), writing]), 10_000, "the end of the connection");
  assert(isFramed ? strange < 10_000 : strange === 0, `${strange} bytes of others were sent`);
  far.close();
}

/** A read waits and the connection ends; then its memory is somebody else's. */
async function checkRead([near, far]: Pair, end: "close" | "abort"): Promise<void> {
  const into = new Uint8Array(1024);
  const reading = near.read(into).catch(() => {}).then(() => void into.fill(OTHERS));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const writing = far.write(new Uint8Array(1024).fill(MINE)).catch(() => {});
  near[end]();
  await within(Promise.all([reading, writing]), 5_000, "the end of the read");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert(into.every((byte) => byte === OTHERS), "nothing is read into it any more");
  far.close();
}

const PAIRS: Record<string, () => Promise<Pair>> = {
  "a Deno.Conn over TCP": () => denoEnds(),
  "a Deno.Conn over a unix socket": async () => {
    const folder = await Deno.makeTempDir({ prefix: "tele-borrowing-" });
    try {
      return await denoEnds(`${folder}/socket`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  "Web Streams": webPair,
  "a WebSocket's client": async () => await webSockets(...await denoEnds()),
  "a WebSocket's server": async () => (await webSockets(...await denoEnds())).reverse() as Pair,
  "a pair in memory": () => Promise.resolve(duplexPair()),
};
if (hasNodeDuplex()) {
  PAIRS["a handle of node:net"] = nodePair;
  PAIRS["the handle of a unix socket"] = unixPair;
}

for (const [name, pair] of Object.entries(PAIRS)) {
  for (const end of ["close", "abort"] as const) {
    Deno.test(`${name}: memory of a write or read under way at ${end} is borrowed until that settles`, async () => {
      await checkWrite(await pair(), end);
      await checkRead(await pair(), end);
    });
  }
}

Deno.test("ping framing over a connection: frames are in memory of its own, headers aside", async () => {
  const [near, far] = await denoEnds();
  await checkWrite([new FramedDuplex(near), far], "close", true);
});

tlsTest("memory of a write or read under way at the end is borrowed until that settles", async () => {
  await certificates();
  const world = await TlsWorld.start();
  try {
    for (const end of ["close", "abort"] as const) {
      for (const check of [checkWrite, checkRead]) {
        const [dialed, accepted] = await world.pair();
        await check([accepted.duplex, dialed.duplex], end);
      }
    }
  } finally {
    world.close();
  }
});
