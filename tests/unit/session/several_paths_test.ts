/** A session over several paths: each has carriers, and what one loses goes on another. */
import { assertEquals, assertLess } from "@std/assert";
import { MemoryNetwork } from "../../support/memory_network.ts";
import { SessionWorld } from "../../support/session_world.ts";

const NAMES = ["wifi", "cable"];
const ADDRESSES = ["192.0.2.1", "198.51.100.1"];

/** A client that reaches its server by two networks, the first of which is the shorter one. */
async function setUp(delaysMs = [10, 20], client: { leastCarriers?: number } = {}, bytesPerSecond: number[] = []) {
  const networks: MemoryNetwork[] = [];
  const world = new SessionWorld({
    client: { carriers: 6, ...client, paths: NAMES, dial: (signal, _connected, path) => networks[path].dial(signal) },
  });
  delaysMs.forEach((delayMs, path) => {
    const localAddress = ADDRESSES[path];
    const onConnection = world.toServer;
    const rate = bytesPerSecond[path] === undefined ? {} : { bytesPerSecond: bytesPerSecond[path] };
    networks.push(new MemoryNetwork({ clock: world.clock, delayMs, localAddress, onConnection, ...rate }));
  });
  world.client;
  await world.untilAttached();
  await world.exchange(100);
  await world.clock.advance(2_000);
  const ends = () => [world.here, world.there].map(({ session }) => session!.carriers.attached);
  return {
    world,
    networks,
    /** How many carriers each path has, at both ends. */
    counts: () => ends().map(({ usable }) => [0, 1].map((path) => usable.filter((each) => each.path === path).length)),
    /** On which path the quiet carrier of each end is. */
    quiet: () => ends().map(({ quiets }) => quiets[0]?.path),
  };
}

Deno.test("each path has a carrier, and both ends send what is quiet on the shorter one", async () => {
  for (const [delaysMs, path] of [[[10, 20], 0], [[20, 10], 1]] as const) {
    const { world, counts, quiet } = await setUp([...delaysMs]);
    assertEquals([counts(), quiet()], [[[1, 1], [1, 1]], [path, path]]);
    assertEquals(world.client.session.carriers.attached.quiets.map(({ lane }) => lane), ["quiet", "quiet"]);
    await world.end();
  }
});

Deno.test("bulk carriers are dealt over the paths, and each path keeps a quiet one", async () => {
  const { world, counts } = await setUp([10, 20], { leastCarriers: 6 });
  await world.clock.advance(3_000);
  assertEquals(counts(), [[3, 3], [3, 3]]);
  const lanes = [world.here, world.there].map(({ session }) =>
    session!.carriers.attached.all.filter(({ lane }) => lane === "quiet").map(({ path }) => path).sort()
  );
  assertEquals(lanes, [[0, 1], [0, 1]]);
  await world.end();
});

Deno.test("when a path dies the session goes on, and a line each tells when it is lost and when it is back", async () => {
  const { world, networks, counts, quiet } = await setUp();
  networks[0].state = "refusing";
  networks[0].cut();
  await world.exchange(1_000, 1_000);
  assertEquals([counts(), quiet()], [[[0, 1], [0, 1]], [1, 1]]);
  await world.clock.advance(5_000);
  networks[0].state = "up";
  await world.clock.advance(12_000);
  assertEquals([counts(), quiet()], [[[1, 1], [1, 1]], [0, 0]]);
  assertEquals(world.linesWith("path wifi").map((line) => line.replace(/: (?!the).*;/, ": …;")), [
    "client warn: the path wifi is down: …; trying again",
    "client info: the path wifi is up",
  ]);
  assertEquals([world.linesWith("link lost"), world.linesWith("cable")], [[], []]);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a path that the server sees lost first is told as lost, too", async () => {
  const { world, networks, counts } = await setUp();
  networks[0].state = "unreachable";
  networks[0].blackHole();
  const { carriers } = world.there.session!;
  carriers.carrierLost(carriers.attached.all.find(({ path }) => path === 0)!.carrier, "seen there");
  await world.exchange(1_000, 1_000);
  assertEquals(counts(), [[0, 1], [0, 1]]);
  await world.clock.advance(1_000);
  assertEquals(world.linesWith("path wifi"), [
    "client warn: the path wifi is down: given up there; the session goes on without it; trying again",
  ]);
  world.assertUnbroken();
  await world.end();
});

Deno.test("while a path is down the others have its share of the carriers, and give it back when that is up", async () => {
  const { world, networks, counts } = await setUp([10, 20], { leastCarriers: 6 });
  networks[1].state = "refusing";
  networks[1].cut();
  await world.clock.advance(8_000);
  assertEquals(counts(), [[5, 0], [5, 0]]);
  networks[1].state = "up";
  await world.clock.advance(20_000);
  assertEquals(counts(), [[3, 3], [3, 3]]);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a path that never answered is told once, and takes nothing away from the others", async () => {
  const networks: MemoryNetwork[] = [];
  const world = new SessionWorld({
    client: { carriers: 6, paths: NAMES, dial: (signal, _connected, path) => networks[path].dial(signal) },
  });
  for (const state of ["unreachable", "up"] as const) {
    networks.push(new MemoryNetwork({ clock: world.clock, delayMs: 10, onConnection: world.toServer }));
    networks.at(-1)!.state = state;
  }
  const startedMs = world.clock.now();
  world.client;
  await world.untilAttached();
  assertLess(world.clock.now() - startedMs, 1_000);
  await world.exchange(1_000, 1_000);
  await world.clock.advance(60_000);
  assertEquals(world.linesWith("path wifi").length, 1);
  networks[0].state = "up";
  await world.clock.advance(60_000);
  assertEquals(world.linesWith("path wifi").at(-1), "client info: the path wifi is up");
  await world.end();
});

Deno.test("what was lost of all paths is one outage, and any of them ends it", async () => {
  const { world, networks } = await setUp();
  for (const network of networks) {
    network.state = "refusing";
    network.cut();
  }
  await world.clock.advance(3_000);
  networks[1].state = "up";
  await world.exchange(1_000, 2_000);
  assertEquals([world.linesWith("link lost").length, world.linesWith("client info: resumed").length], [1, 1]);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a path whose carriers stand still is left within a few round trips, and taken again when they move", async () => {
  const { world, networks, quiet } = await setUp();
  for (const pipe of networks[0].pipes) pipe.blackHole();
  world.here.send(100);
  world.there.send(100);
  await world.clock.advance(200);
  assertEquals([world.isDelivered, quiet()], [true, [1, 1]]);
  world.assertUnbroken();
  await world.end();
});

Deno.test("the address of one path is gone: the others go on at once, and it is dialed again when it is back", async () => {
  const { world, networks, counts } = await setUp();
  networks[0].state = "refusing";
  world.client.addressesChanged((address) => address !== ADDRESSES[0]);
  await world.clock.advance(100);
  assertEquals(counts()[0], [0, 1]);
  await world.clock.advance(30_000);
  networks[0].state = "up";
  world.client.addressesChanged(() => true);
  await world.clock.advance(200);
  assertEquals(counts()[0], [1, 1]);
  await world.end();
});

Deno.test("a client that ends is not held up by a path that died under its bytes: the other one has told the server", async () => {
  const { world, networks } = await setUp([10, 20], {}, [20_000, 2_000_000]);
  world.here.send(8 << 20);
  await world.clock.advance(2_000);
  networks[0].pipes.forEach((pipe) => pipe.hold());
  await world.clock.advance(100);
  const startMs = world.clock.now();
  await world.clock.run(world.client.stop("the tele client ends"), 60_000, "the client's end");
  assertLess(world.clock.now() - startMs, 1_500);
  assertEquals(world.there.error?.message, "the tele client ends");
  await world.end();
});
