/** The server's end: carriers that get to no session. */
import { assert, assertEquals } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { FrameType } from "../../../lib/session/session_constants.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";
import { frameOf } from "../../support/hand_made.ts";
import { SessionWorld } from "../../support/session_world.ts";

const MINUTE_MS = 60_000;

Deno.test("a new session whose accept is lost is forgotten by both", async () => {
  const world = new SessionWorld();
  world.network.onPipe = (pipe, index) => {
    if (index === 0) pipe.bToA.cutAfter(120); // inside the accept
  };
  world.here.send(100);
  await world.untilAttached();
  await world.untilDelivered();
  assertEquals([world.clientUsers.length, world.serverUsers.length], [1, 2]);
  await world.clock.advance(61 * MINUTE_MS);
  assertEquals(world.server.sessionCount, 1);
  assert(world.serverUsers[0].error !== undefined);
  assertEquals(world.linesWith("lost"), []);
  await world.end();
});

Deno.test("strangers end their carrier only: one log line each, within 10 s, and nothing stays", async () => {
  const strangers: Record<string, (duplex: Duplex) => Promise<void>> = {
    garbage: (duplex) => duplex.write(new Uint8Array(5000).fill(0xab)),
    http: (duplex) => duplex.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: tele\r\n\r\n")),
    truncated: (duplex) => duplex.write(frameOf(FrameType.hello, new TextEncoder().encode("tele")).subarray(0, 6)),
    cut: (duplex) => duplex.write(new Uint8Array([0, 0])).then(() => duplex.close()),
    huge: (duplex) => duplex.write(new Uint8Array([255, 255, 255, 255])),
    pings: (duplex) => duplex.write(new Uint8Array(400)),
    "deaf and slow": (duplex) => duplex.write(new Uint8Array([0])),
  };
  for (const [name, act] of Object.entries(strangers)) {
    const world = await SessionWorld.attached();
    const before = world.lines.length;
    const pipe = memoryPipe({ names: ["198.51.100.1:1", "server"] });
    world.toServer(pipe.b);
    await act(pipe.a);
    await world.clock.advance(10_000);
    const told = world.lines.slice(before);
    assertEquals([pipe.isOver, told.length], [true, 1], `${name}: ${told}`);
    assert(told[0].includes("carrier from 198.51.100.1:1 ended before it was attached"), told[0]);
    await world.exchange(100);
    assertEquals(world.server.sessionCount, 1);
    world.assertUnbroken();
    await world.end();
    assertEquals(world.clock.pendingTimers, 0);
  }
});

Deno.test("a carrier that closes before its first byte is counted, not logged", async () => {
  const world = new SessionWorld();
  for (let i = 0; i < 20; i++) {
    const { a, b } = memoryPipe();
    world.toServer(b);
    if (i % 2 === 0) a.close();
    else a.abort();
  }
  await world.clock.advance(100);
  assertEquals([world.server.silentCarriers, world.lines], [20, []]);
  await world.end();
});
