/** Three servers and carriers dealt to them in turn: who has the session gets its carriers, and nobody else loses it. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { makeIdentityKeys } from "../../../../lib/session/handshake/keys.ts";
import { Fleet } from "../../../../lib/session/fleet/fleet.ts";
import { FleetKeys } from "../../../../lib/session/fleet/fleet_keys.ts";
import { LastTicket } from "../../../../lib/session/fleet/last_ticket.ts";
import { sealTicket } from "../../../../lib/session/handshake/ticket.ts";
import { settle } from "../../../support/fake_clock.ts";
import { EchoUser, FleetWorld, SECRET } from "../../../support/fleet_world.ts";

Deno.test("a session goes on at its owner, whichever server its carriers reach", async () => {
  await using world = await FleetWorld.start();
  const client = world.addClient();
  const user = new EchoUser(world, client);
  assertEquals(await user.say("hello"), "hello");
  for (let round = 0; round < 12; round++) {
    world.cut();
    assertEquals(await user.say(`round ${round}`), `round ${round}`);
  }
  assertEquals(world.servers.map(({ server }) => server.sessionCount), [1, 0, 0]);
  assertEquals(world.servers[0]!.passedHere.length, 8);
  assertEquals(world.servers.map(({ refusedHere }) => refusedHere), [[], [], []]);
});

Deno.test("the owner knows a passed carrier by its client's address", async () => {
  await using world = await FleetWorld.start();
  const client = world.addClient();
  await world.attached(client);
  world.cut();
  await world.attached(client);
  const owner = world.servers[0]!;
  assert(owner.log.some((line) => /resumed after .* from 192.0.2.9:50001/.test(line)), owner.log.join("\n"));
  assertEquals(owner.passedHere, ["192.0.2.9:50001"]);
});

Deno.test("with several carriers those that reach another server are passed on too", async () => {
  await using world = await FleetWorld.start();
  const client = world.addClient({ carriers: 4, leastCarriers: 4 });
  const user = new EchoUser(world, client);
  await world.clock.advanceUntil(() => client.carrierCount === 4, 60_000, "four carriers");
  assertEquals(await user.say("by one of four"), "by one of four");
  assert(world.servers[0]!.passedHere.length >= 2);
});

Deno.test("an owner that another process has replaced is gone for certain: a new session begins at once", async () => {
  await using world = await FleetWorld.start();
  const client = world.addClient();
  const user = new EchoUser(world, client);
  await user.say("before");
  const owner = world.servers[0]!;
  await world.clock.run(owner.kill());
  owner.restart();
  await assertRejects(() => user.say("behind it"));
  const next = new EchoUser(world, client);
  assertEquals(await next.say("in another session"), "in another session");
  assertEquals(world.servers.map(({ server }) => server.sessionCount).toSorted(), [0, 0, 1]);
});

Deno.test("an owner that cannot be reached is an outage, and its streams go on when it is back", async () => {
  await using world = await FleetWorld.start();
  const client = world.addClient();
  const user = new EchoUser(world, client);
  await user.say("before");
  const owner = world.servers[0]!;
  owner.network.state = owner.nodeNetwork.state = "unreachable";
  owner.network.blackHole();
  owner.nodeNetwork.blackHole();
  world.cut();
  await world.clock.advance(90_000);
  assertEquals(client.isAttached, true, "in a session for those who come now");
  owner.network.state = owner.nodeNetwork.state = "up";
  assertEquals(await user.say("behind it"), "behind it");
  assertEquals(world.servers.map(({ server }) => server.streamCount), [1, 0, 0]);
  // Each of the others says it once, and not each time.
  for (const { log } of world.servers.slice(1)) {
    assertEquals(log.filter((line) => line.startsWith("warn the tele server at 10.0.0.1:40301")).length, 1);
  }
});

Deno.test("nobody waits for an owner that is away, but one who tries", async () => {
  await using world = await FleetWorld.start();
  world.isRoundRobin = false;
  const clients = Array.from({ length: 5 }, () => world.addClient());
  for (const client of clients) await world.attached(client);
  const owner = world.servers[0]!;
  owner.network.state = owner.nodeNetwork.state = "unreachable";
  world.next = 1;
  world.cut();
  const before = owner.nodeNetwork.dials;
  await world.clock.advance(30_000);
  // One in three seconds, two of which it takes to see that nobody answers; at first all five ask.
  assert(owner.nodeNetwork.dials - before <= 5 + 10, `${owner.nodeNetwork.dials - before} dials`);
  owner.network.state = owner.nodeNetwork.state = "up";
  for (const client of clients) await world.attached(client);
  assertEquals(owner.server.sessionCount, 5);
});

Deno.test("behind one balancer nobody waits for an owner that is lost but its own clients", async () => {
  await using world = await FleetWorld.start();
  world.isRoundRobin = false;
  // The address of all is the balancer's: more than may ask at once have their session at the owner that is lost.
  const theirs = Array.from({ length: 12 }, () => world.addClient());
  for (const client of theirs) await world.attached(client);
  world.next = 1;
  const client = world.addClient();
  const user = new EchoUser(world, client);
  await user.say("before");
  const [lost, other] = world.servers;
  for (const network of [lost!.network, lost!.nodeNetwork]) network.state = "unreachable";
  world.next = 2;
  lost!.network.cut();
  await world.clock.advance(300);
  other!.network.cut();
  const beganAt = world.clock.now();
  assertEquals(await user.say("at once"), "at once");
  const waitedMs = world.clock.now() - beganAt;
  assert(waitedMs < 500, `${waitedMs} ms`);
});

Deno.test("a client that was killed ends what it left at its owner, whichever server it comes to", async () => {
  await using world = await FleetWorld.start();
  const identity = { keys: await makeIdentityKeys(), slot: 0, lastSlot: 0 };
  let kept: Uint8Array | undefined;
  const first = world.addClient({ identity, tickets: new LastTicket(undefined, (ticket) => kept = ticket) });
  await new EchoUser(world, first).say("left behind");
  // Killed: nobody says goodbye, and its carriers are cut.
  world.servers[0]!.network.cut();
  const { network } = world.servers[0]!;
  network.state = "refusing";
  for (const { network } of world.servers) network.state = "refusing";
  const stopped = first.stop("killed");
  await world.clock.run(stopped);
  for (const { network } of world.servers) network.state = "up";
  assertEquals(world.servers[0]!.server.sessionCount, 1);
  world.next = 1;
  const second = world.addClient({ identity, tickets: new LastTicket(kept) });
  assertEquals(await new EchoUser(world, second).say("another life"), "another life");
  assertEquals(world.servers.map(({ server }) => server.sessionCount), [1, 0, 0]);
  assert(world.servers[0]!.log.some((line) => line.includes("a newer session of the same client")));
});

Deno.test("what a killed client left at an owner that is away ends when that is back, and nobody else's", async () => {
  await using world = await FleetWorld.start({ count: 2 });
  world.isRoundRobin = false;
  const owner = world.servers[0]!;
  const keys = await makeIdentityKeys();
  let kept: Uint8Array | undefined;
  const start = (slot: number) => {
    const tickets = new LastTicket(slot === 0 ? kept : undefined, (ticket) => kept = slot === 0 ? ticket : kept);
    return world.addClient({ identity: { keys, slot, lastSlot: slot }, tickets });
  };
  const leave = async (client: ReturnType<typeof start>) => {
    for (const { network } of world.servers) network.state = "refusing";
    owner.network.cut();
    await world.clock.run(client.stop("killed"));
    for (const { network } of world.servers) network.state = "up";
  };
  const [first, stranger] = [start(0), world.addClient({ identity: { keys: await makeIdentityKeys(), slot: 0 } })];
  await new EchoUser(world, first).say("left behind");
  const beside = new EchoUser(world, stranger);
  await beside.say("somebody else's");
  await leave(first);
  owner.network.state = owner.nodeNetwork.state = "unreachable";
  world.next = 1;
  const again = new EchoUser(world, start(0));
  assertEquals(await again.say("another life"), "another life");
  await world.clock.advance(60_000);
  assertEquals(owner.server.sessionCount, 2);
  owner.network.state = owner.nodeNetwork.state = "up";
  await world.clock.advance(11_000);
  assertEquals(owner.server.sessionCount, 1);
  assert(owner.log.some((line) => line.includes("a newer session of the same client")));
  assertEquals([await again.say("goes on"), await beside.say("as well")], ["goes on", "as well"]);
  const after = owner.nodeNetwork.dials;
  await world.clock.advance(60_000);
  assertEquals(owner.nodeNetwork.dials, after, "it is told once");
});

Deno.test("a ticket that no key opens is an outage until the owner itself is met", async () => {
  await using world = await FleetWorld.start({ count: 1 });
  const stranger = await world.addServer("10.0.0.2:40301", new Uint8Array(32).fill(9));
  const client = world.addClient();
  const user = new EchoUser(world, client);
  await user.say("before");
  world.isRoundRobin = false;
  world.next = 1;
  world.cut();
  await world.clock.advance(10_000);
  assertEquals([stranger.server.sessionCount, stranger.server.streamCount], [1, 0], "one for those who come now");
  assertEquals(stranger.log.filter((line) => line.startsWith("warn a carrier has the ticket of a key")).length, 1);
  world.next = 0;
  assertEquals(await user.say("behind it"), "behind it");
});

Deno.test("carriers find their owner while the key of the fleet is changed, one server after the other", async () => {
  await using world = await FleetWorld.start();
  const [former, next] = [new Uint8Array(32).fill(5), new Uint8Array(32).fill(6)];
  const client = world.addClient();
  const user = new EchoUser(world, client);
  await user.say("before");
  const around = async (words: string) => {
    for (const { node } of world.servers) {
      world.cut();
      assertEquals(await user.say(`${words}, ${node}`), `${words}, ${node}`);
    }
  };
  for (const secrets of [[former, next], [next, former], [next]]) {
    for (const { keys } of world.servers) {
      await keys.renew(secrets);
      await around("on the way");
    }
  }
  assertEquals(world.servers.map(({ server }) => server.sessionCount), [1, 0, 0]);
});

Deno.test("a carrier that was passed on is not passed on again", async () => {
  await using world = await FleetWorld.start();
  const [one, other] = world.servers as [typeof world.servers[0], typeof world.servers[0]];
  const ticket = await other.fleet.ticketFor(new Uint8Array(16).fill(3));
  const [near] = duplexPair();
  const passed = Object.assign(near, { isPassed: true });
  assertEquals(await one.fleet.pass(ticket, passed, "inner"), "unreachable");
  assertEquals(other.nodeNetwork.dials, 0);
});

Deno.test("a forged ticket asks nobody, and one of a session that nobody has is gone", async () => {
  await using world = await FleetWorld.start();
  const [one, other] = world.servers as [typeof world.servers[0], typeof world.servers[0]];
  const [near] = duplexPair();
  const forged = (await other.fleet.ticketFor(new Uint8Array(16).fill(3))).map((byte, at) =>
    at === 40 ? byte ^ 1 : byte
  );
  for (const ticket of [forged, new Uint8Array(80), new Uint8Array(3)]) {
    assertEquals(await one.fleet.pass(ticket, near, "inner"), "unreachable");
  }
  assertEquals(other.nodeNetwork.dials, 0);
  const unknown = await other.fleet.ticketFor(new Uint8Array(16).fill(3));
  assertEquals(await world.clock.run(one.fleet.pass(unknown, near, "inner")), "gone");
  assertEquals(other.nodeNetwork.dials, 1);
  // Known for a moment, for the same carrier asks again behind its TLS.
  assertEquals(await one.fleet.pass(unknown, undefined, "inner"), "gone");
  assertEquals(other.nodeNetwork.dials, 1);
  await world.clock.advance(11_000);
  assertEquals(await one.fleet.pass(unknown, undefined, "inner"), "unreachable");
});

Deno.test("an owner tells nobody of a session that another node's ticket names, or without a proof", async () => {
  await using world = await FleetWorld.start();
  const [one, other] = world.servers as [typeof world.servers[0], typeof world.servers[0]];
  // The ticket says 10.0.0.2, and a wrong address leads to 10.0.0.1.
  const { clock, keys } = { clock: world.clock, keys: other.keys };
  const astray = new Fleet({
    node: "10.0.0.3:40301",
    keys,
    clock,
    log: () => {},
    dial: (_node, signal) => one.nodeNetwork.dial(signal),
    splice: () => {},
  });
  const ticket = await other.fleet.ticketFor(new Uint8Array(16).fill(3));
  const [near] = duplexPair();
  assertEquals(await world.clock.run(astray.pass(ticket, near, "inner")), "unreachable");
  assertEquals(one.refusedHere, ["it asks for the node 10.0.0.2:40301, and this is 10.0.0.1:40301"]);
  const link = await one.nodeNetwork.dial();
  await link.write(new Uint8Array([0, 200, ...new Uint8Array(200)]));
  await settle();
  assertEquals(one.refusedHere.at(-1), "it does not prove that it has a key of this fleet");
});

Deno.test("a ticket holds for a year, and no longer", async () => {
  await using world = await FleetWorld.start();
  const [one, other] = world.servers as [typeof world.servers[0], typeof world.servers[0]];
  const content = { instance: new Uint8Array(8), sessionId: new Uint8Array(16), node: other.node };
  const old = await sealTicket(other.keys.sealing, content, world.clock.wallNow() - 31_622_400_000);
  const [near] = duplexPair();
  assertEquals(await one.fleet.pass(old, near, "inner"), "unreachable");
  const older = await sealTicket(other.keys.sealing, content, world.clock.wallNow() - 31_622_390_000);
  assertEquals(await world.clock.run(one.fleet.pass(older, near, "inner")), "gone");
});

Deno.test("a ticket that its owner does not answer for is the affair of that ticket: others find their owner", async () => {
  await using world = await FleetWorld.start({ count: 2 });
  const [one, owner] = world.servers as [typeof world.servers[0], typeof world.servers[0]];
  world.next = 1;
  world.isRoundRobin = false;
  const client = world.addClient();
  const user = new EchoUser(world, client);
  await user.say("before");
  // The passer knows a former key. A process that was started since does not.
  const former = new Uint8Array(32).fill(6);
  await one.keys.renew([SECRET, former]);
  const formerKey = await FleetKeys.make([former], { clock: world.clock, keptMs: 0 });
  const content = { instance: new Uint8Array(8), sessionId: new Uint8Array(16), node: owner.node };
  const old = await sealTicket(formerKey.sealing, content, world.clock.wallNow());
  for (let time = 0; time < 3; time++) {
    const [near] = duplexPair();
    assertEquals(await world.clock.run(one.fleet.pass(old, near, "inner")), "unreachable");
  }
  const lines = () => one.log.filter((line) => line.includes("without an answer for a ticket"));
  assertEquals(lines().length, 1, "it is told once");
  world.next = 0;
  world.cut();
  const before = world.clock.now();
  assertEquals(await user.say("behind it"), "behind it");
  assert(world.clock.now() - before < 1_000, `${world.clock.now() - before} ms`);
  assertEquals(one.log.filter((line) => line.includes("cannot be reached")), []);
});

Deno.test("for a carrier that was sent away while it waited nobody is asked", async () => {
  await using world = await FleetWorld.start();
  const [one, other] = world.servers as [typeof world.servers[0], typeof world.servers[0]];
  const ticket = await other.fleet.ticketFor(new Uint8Array(16).fill(3));
  const [near] = duplexPair();
  assertEquals(await world.clock.run(one.fleet.pass(ticket, near, "inner", () => true)), "unreachable");
  assertEquals(other.nodeNetwork.dials, 0);
});

Deno.test("a session of another server with the same node is an outage, and a line says what is wrong", async () => {
  await using world = await FleetWorld.start({ count: 2 });
  const [one, other] = world.servers as [typeof world.servers[0], typeof world.servers[0]];
  const client = world.addClient();
  const user = new EchoUser(world, client);
  await user.say("before");
  const { clock, keys } = { clock: world.clock, keys: one.keys };
  const log: string[] = [];
  const options = {
    node: one.node,
    keys,
    clock,
    log: (level: string, words: string) => void log.push(`${level} ${words}`),
  };
  const twin = new Fleet({ ...options, dial: () => Promise.reject(new Error("nobody")), splice: () => {} });
  const [near] = duplexPair();
  // Of what was here before it a new process cannot tell more than that it is over.
  assertEquals(await twin.pass(await one.fleet.ticketFor(new Uint8Array(16)), near, "inner"), "gone");
  await clock.advance(61_000);
  for (let time = 0; time < 2; time++) {
    assertEquals(await twin.pass(await one.fleet.ticketFor(new Uint8Array(16)), near, "inner"), "unreachable");
  }
  const line = `error another server of the fleet has the node ${one.node} too: each needs an address of its own, at ` +
    "which the others reach no other";
  assertEquals(log, [line]);
  // Who is asked in the other's place does not say that its session is gone.
  const young = await twin.ticketFor(new Uint8Array(16).fill(3));
  assertEquals(await world.clock.run(other.fleet.pass(young, near, "inner")), "unreachable");
  assertEquals(one.refusedHere, ["it asks for another server, which has the same node"]);
  twin.stop();
});

Deno.test("a server tells who was sent away while its carrier waits to be passed on", async () => {
  await using world = await FleetWorld.start({ count: 2 });
  world.isRoundRobin = false;
  world.next = 1;
  const client = world.addClient();
  await world.attached(client);
  const asked: (() => boolean)[] = [];
  world.servers[0]!.fleet.pass = (_ticket, _carrier, _layer, isGone) => {
    asked.push(isGone!);
    return new Promise(() => {});
  };
  world.next = 0;
  world.cut();
  await world.clock.advanceUntil(() => asked.length > 0, 5_000, "the question");
  assertEquals(asked[0]!(), false);
  await world.clock.advance(10_000);
  assertEquals(asked[0]!(), true);
  world.next = 1;
  await world.attached(client);
});
