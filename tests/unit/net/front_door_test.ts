/** The door: WebSockets, pages, all others; and newcomers who are slow, loud, or many. */
import { assert, assertEquals } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { FrontDoor, type FrontDoorOptions } from "../../../lib/net/front_door.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { leafOf } from "../../../lib/net/leaf.ts";
import { sealClient } from "../../../lib/net/seal_client.ts";
import { SealServer } from "../../../lib/net/seal_server.ts";
import { openWebSocket } from "../../../lib/net/websocket/websocket_client.ts";
import { derOf } from "../../support/certificates.ts";
import { certificates, tlsTest } from "../../support/tls_world.ts";
import { until } from "../../support/wait.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { collect, readExactly } from "../../support/reading.ts";
import { REQUEST, upgradeRequest } from "../../support/web_sockets.ts";

const encode = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** A door, and what came of those who came. */
class World {
  readonly clock = new FakeClock();
  readonly sockets: Duplex[] = [];
  readonly others: Duplex[] = [];
  readonly lines: string[] = [];
  readonly door: FrontDoor;

  constructor(seal?: SealServer, passOn?: FrontDoorOptions["passOn"]) {
    this.door = new FrontDoor({
      clock: this.clock,
      seal,
      passOn,
      onWebSocket: (carrier) => void this.sockets.push(carrier),
      onOther: (carrier) => void this.others.push(carrier),
      onRefused: (_peer, reason) => void this.lines.push(`refused: ${reason}`),
      onLeft: (_peer, reason) => void this.lines.push(`left: ${reason}`),
    });
  }

  /** Somebody comes; what this returns is the other end. */
  come(): Duplex {
    const [near, far] = duplexPair();
    this.door.welcome(near);
    return far;
  }
}

Deno.test("a WebSocket is handed on, and works", async () => {
  const world = new World();
  const client = await openWebSocket(world.come(), REQUEST);
  await settle();
  const writing = client.write(encode("hello"));
  assertEquals(await readExactly(world.sockets[0]!, 5), encode("hello"));
  await writing;
  assertEquals([world.others, world.lines, world.door.count, world.clock.pendingTimers], [[], [], 0, 0]);
  client.close();
});

Deno.test("whoever does not speak HTTP is handed on as it came", async () => {
  const world = new World();
  await world.come().write(encode("\0\0\0\x48"));
  await settle();
  assertEquals(await readExactly(world.others[0]!, 4), encode("\0\0\0\x48"));
  assertEquals([world.sockets, world.lines, world.door.count, world.clock.pendingTimers], [[], [], 0, 0]);
});

tlsTest(
  "who seals is unsealed first, in front of everything or in a WebSocket, and counts as a newcomer meanwhile",
  async () => {
    const { server } = await certificates();
    const world = new World(new SealServer(server, "tele/2"));
    const peer = { address: "there", protocol: "tele/2" };
    const far = world.come();
    assertEquals(world.door.count, 1);
    const sealing = sealClient(far, peer);
    const inWebSocket = sealClient(await openWebSocket(world.come(), REQUEST), peer);
    const clients = await Promise.all([sealing, inWebSocket]);
    await until(() => world.others.length + world.sockets.length === 2, 5_000, "both carriers");
    for (const [at, carrier] of [world.others[0]!, world.sockets[0]!].entries()) {
      assertEquals([carrier.leaf, clients[at]!.leaf], [leafOf(derOf(server)), leafOf(derOf(server))]);
      const writing = clients[at]!.write(encode("hello"));
      assertEquals(await readExactly(carrier, 5), encode("hello"));
      await writing;
    }
    assertEquals([world.lines, world.door.count, world.clock.pendingTimers], [[], 0, 0]);
    clients.forEach((client) => client.close());
  },
);

tlsTest("where others seal, who does not is handed on as ever", async () => {
  const { server } = await certificates();
  const world = new World(new SealServer(server, "tele/2"));
  await world.come().write(encode("\0\0\0\x48"));
  const client = await openWebSocket(world.come(), REQUEST);
  const writing = client.write(encode("\0\0\0\x48"));
  await until(() => world.others.length + world.sockets.length === 2, 5_000, "both carriers");
  for (const carrier of [world.others[0]!, world.sockets[0]!]) {
    assertEquals([carrier.leaf, await readExactly(carrier, 4)], [undefined, encode("\0\0\0\x48")]);
  }
  await writing;
  client.close();
});

tlsTest("a hello of TLS that goes on with nonsense is refused, and one that is silent has ten seconds", async () => {
  const { server } = await certificates();
  const world = new World(new SealServer(server, "tele/2"));
  const loud = world.come();
  await loud.write(encode("\x16\x03\x01\0\x05hello"));
  const silent = world.come();
  await silent.write(encode("\x16\x03"));
  await until(() => world.lines.length === 1, 5_000, "the refusal");
  assert(world.lines[0]!.startsWith("refused: "), world.lines[0]);
  await world.clock.advance(10_000);
  await until(() => world.lines.length === 2, 5_000, "the end of the silent one");
  assert(world.lines[1]!.startsWith("refused: "), world.lines[1]);
  assertEquals([world.door.count, world.others], [0, []]);
});

Deno.test("a page, a silent check, and one that is cut within its request are no news", async () => {
  const world = new World();
  const page = world.come();
  const reading = collect(page);
  await page.write(encode("GET / HTTP/1.1\r\n\r\n"));
  await page.closeWrite();
  assert(String.fromCharCode(...(await reading).bytes).startsWith("HTTP/1.1 200 OK"));
  await world.come().closeWrite();
  const cut = world.come();
  await cut.write(encode("GET / HT"));
  await cut.closeWrite();
  world.come().abort(new Error("reset"));
  await settle();
  assertEquals(world.lines.sort(), [
    "left: it closed the connection without a word",
    "left: it was a web client, and has its page",
    "left: reset",
    "left: the connection ended within the head of an HTTP message",
  ]);
  assertEquals([world.door.count, world.clock.pendingTimers], [0, 0]);
});

Deno.test("a request that is no good is refused, with its reason", async () => {
  const world = new World();
  const browser = world.come();
  const reading = collect(browser);
  await browser.write(encode(upgradeRequest({ Origin: "https://example.com" })));
  await browser.closeWrite();
  await reading;
  await settle();
  assertEquals(world.lines, ["refused: a web client was refused: a page in a browser may not use this server"]);
});

Deno.test("who is silent, slow, or never ends its request goes after 10 s", async () => {
  const world = new World();
  const [silent, slow] = [world.come(), world.come()];
  await slow.write(encode("GET / HTTP/1.1\r\n"));
  for (let second = 0; second < 9; second++) {
    await world.clock.advance(1_000);
    await slow.write(encode(`X-${second}: y\r\n`));
  }
  assertEquals(world.door.count, 2);
  await world.clock.advance(1_000);
  assertEquals(world.lines, Array(2).fill("refused: no complete handshake within 10 s"));
  assertEquals([world.door.count, world.clock.pendingTimers], [0, 0]);
  for (const gone of [silent, slow]) assertEquals((await collect(gone)).end, "the connection was closed");
});

Deno.test("beyond 512 newcomers the oldest goes", async () => {
  const world = new World();
  const first = world.come();
  for (let count = 0; count < 512; count++) world.come();
  await settle();
  assertEquals(world.door.count, 512);
  assertEquals(world.lines, ["refused: too many handshakes were in progress, and it was the oldest"]);
  assertEquals((await collect(first)).end, "the connection was closed");
});

Deno.test("a door that closes sends all newcomers away, and nobody is let in behind that", async () => {
  const world = new World();
  const late = world.come();
  world.door.close();
  await settle();
  assertEquals(world.lines, ["refused: the tele server ends"]);
  assertEquals((await collect(late)).end, "the connection was closed");
  assertEquals(world.clock.pendingTimers, 0);
});

tlsTest("what begins as TLS is asked about before its TLS ends, and may be somebody else's from then on", async () => {
  const { server } = await certificates();
  const asked: Duplex[] = [];
  const world = new World(new SealServer(server, "tele/2"), (carrier) => {
    asked.push(carrier);
    return Promise.resolve(asked.length === 1 ? undefined : carrier);
  });
  const first = world.come();
  await first.write(encode("\x16\x03\x01 and more"));
  await settle();
  assertEquals(await readExactly(asked[0]!, 4), encode("\x16\x03\x01 "));
  assertEquals([world.others, world.lines, world.door.count, world.clock.pendingTimers], [[], [], 0, 0]);
  const sealed = await sealClient(world.come(), { address: "there", protocol: "tele/2", others: ["a ticket"] });
  await until(() => world.others.length === 1, 5_000, "the carrier");
  assertEquals([asked.length, world.lines], [2, []]);
  sealed.close();
  await world.come().write(encode("\0\0\0\x48"));
  await settle();
  assertEquals([asked.length, world.others.length], [2, 2], "what is in plain is not asked about");
});

tlsTest("who asks for another server is told that its carrier was sent away meanwhile", async () => {
  const { server } = await certificates();
  const asked: (() => boolean)[] = [];
  const world = new World(new SealServer(server, "tele/2"), (_carrier, isGone) => {
    asked.push(isGone);
    return new Promise(() => {});
  });
  await world.come().write(encode("\x16\x03\x01 and more"));
  await openWebSocket(world.come(), REQUEST).then((client) => client.write(encode("\x16\x03\x01 and more")));
  await until(() => asked.length === 2, 5_000, "both");
  assertEquals(asked.map((isGone) => isGone()), [false, false]);
  await world.clock.advance(10_000);
  assertEquals(asked.map((isGone) => isGone()), [true, true]);
});
