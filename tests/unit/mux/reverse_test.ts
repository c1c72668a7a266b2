/** Services of a client's side: streams that the server opens. */
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { MuxClient } from "../../../lib/mux/link.ts";
import type { Offers } from "../../../lib/mux/offers.ts";
import { TeleError } from "../../../lib/net/error.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { echo, MuxWorld, text } from "../../support/mux_world.ts";
import { collect, readText } from "../../support/reading.ts";

/** A client's services, and the connections that were made to them. */
class Services implements Offers {
  readonly dialled: { service: string | undefined; user: Duplex }[] = [];

  constructor(readonly names: readonly string[]) {}

  readonly dial: Offers["dial"] = (_signal, { service }) => {
    const [near, far] = duplexPair();
    this.dialled.push({ service, user: near });
    return Promise.resolve(far);
  };
}

/** A user of the server's side connects to `service`. */
function openAt(world: MuxWorld, service = "db"): Duplex {
  const [user, far] = duplexPair();
  world.server.open(far, service);
  return user;
}

/** A world whose client offers `db`, and whose server listens for it. */
function offering(services: Offers, client: object = {}): MuxWorld {
  return new MuxWorld({ client: { offers: services, ...client }, server: { listensFor: ["db"] } });
}

/** A second client of the server's. */
function another(world: MuxWorld, offers: Offers): MuxClient {
  const dial = (signal: AbortSignal) => world.network.dial(signal);
  const log = (level: string, message: string) => void world.log.push(`other ${level} ${message}`);
  return new MuxClient({ clock: world.clock, dial, offers, log });
}

Deno.test("a user of the server reaches the service of the client's side, and both directions end each by itself", async () => {
  const services = new Services(["db"]);
  await using world = offering(services);
  await world.attached();
  const user = openAt(world);
  await world.run(user.write(text("select")));
  await world.clock.advanceUntil(() => services.dialled.length === 1, 1_000, "the service");
  const [{ service, user: behind }] = services.dialled;
  assertEquals([service, await world.run(readText(behind, 6))], ["db", "select"]);
  await user.closeWrite();
  assertEquals((await world.run(collect(behind))).bytes.length, 0);
  await world.run(behind.write(text("rows")));
  await behind.closeWrite();
  assertEquals(new TextDecoder().decode((await world.run(collect(user))).bytes), "rows");
  await world.clock.advance(1_000);
  assertEquals([world.ends.client, world.ends.server], [[{ kind: "finished" }], [{ kind: "finished" }]]);
});

Deno.test("streams of both ends go side by side in one session", async () => {
  const services = new Services(["db"]);
  await using world = new MuxWorld({ client: { offers: services }, server: { listensFor: ["db"] }, serve: echo });
  await world.attached();
  const [{ user: forth }, back] = [world.open(), openAt(world)];
  await world.run(forth.write(text("forth")));
  await world.run(back.write(text("back")));
  await world.clock.advanceUntil(() => services.dialled.length === 1, 1_000, "the service");
  void echo(services.dialled[0].user);
  assertEquals([await world.run(readText(forth, 5)), await world.run(readText(back, 4))], ["forth", "back"]);
  assertEquals(world.client.streamCount, 2);
});

Deno.test("users of a session without a carrier wait, and nobody sees that the network was away", async () => {
  const services = new Services(["db"]);
  await using world = offering(services);
  await world.attached();
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(5_000);
  const user = openAt(world);
  await world.run(user.write(text("waits")));
  await world.clock.advance(60_000);
  assertEquals(services.dialled, []);
  world.network.state = "up";
  await world.clock.advanceUntil(() => services.dialled.length === 1, 60_000, "the service");
  assertEquals(await world.run(readText(services.dialled[0].user, 5)), "waits");
});

Deno.test("a service that nobody offers is refused at once, and so is one whose only client has ended", async () => {
  const services = new Services(["db"]);
  await using world = offering(services);
  assertThrows(() => openAt(world), TeleError, "no tele client offers db at the moment");
  await world.attached();
  openAt(world);
  assertThrows(() => openAt(world, "web"), TeleError, "no tele client offers web");
  await world.run(world.client.stop("it ends"));
  await world.clock.advance(1_000);
  assertThrows(() => openAt(world), TeleError, "no tele client offers db");
});

Deno.test("a second client that offers the same name is told so, and has it when the first has ended", async () => {
  const [first, second] = [new Services(["db"]), new Services(["db"])];
  await using world = offering(first);
  await world.attached();
  const standby = another(world, second);
  await world.clock.advanceUntil(() => standby.isAttached, 60_000, "its carrier");
  assertEquals(world.log.filter((line) => line.includes("other tele client offers")).length, 1);
  assertStringIncludes(world.log.join("\n"), "offers db, which another client has");
  openAt(world);
  await world.clock.advance(100);
  assertEquals([first.dialled.length, second.dialled.length], [1, 0]);
  await world.run(world.client.stop("the first ends"));
  await world.clock.advance(100);
  assertStringIncludes(world.log.join("\n"), "has the name db now");
  openAt(world);
  await world.clock.advance(100);
  assertEquals([first.dialled.length, second.dialled.length], [1, 1]);
  await world.run(standby.stop("the test ends"));
});

Deno.test("users who wait for a client that does not come back are led to the one that has its name then", async () => {
  const [first, second] = [new Services(["db"]), new Services(["db"])];
  await using world = offering(first, { resumeTimeoutMs: 10_000 });
  await world.attached();
  // The network is away for both, and comes back for the second alone.
  const standby = another(world, second);
  await world.clock.advanceUntil(() => standby.isAttached, 60_000, "its carrier");
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(1_000);
  const user = openAt(world);
  await world.run(user.write(text("still here")));
  await world.run(world.client.stop("killed"));
  await world.clock.advance(60_000);
  world.network.state = "up";
  await world.clock.advanceUntil(() => second.dialled.length === 1, 120_000, "the second client's service");
  assertEquals([first.dialled.length, await world.run(readText(second.dialled[0].user, 10))], [0, "still here"]);
  await world.run(standby.stop("the test ends"));
});

Deno.test("a service that cannot be reached resets the user, and the reason is told on both sides", async () => {
  const dial = () => Promise.reject(new TeleError("refused", "127.0.0.1:5432: connection refused"));
  await using world = offering({ names: ["db"], dial });
  await world.attached();
  const user = openAt(world);
  await assertRejects(() => world.run(user.read(new Uint8Array(1))));
  await world.clock.advance(100);
  const ends = [...world.ends.client, ...world.ends.server];
  assertEquals(ends.map((end) => end.kind === "reset" && [end.code, end.message]), [
    [1, "127.0.0.1:5432: connection refused"],
    [1, "127.0.0.1:5432: connection refused"],
  ]);
});

Deno.test("a client whose token does not allow a name offers it in vain, on both logs", async () => {
  const token = new Uint8Array(32).fill(7);
  const services = new Services(["db"]);
  await using world = new MuxWorld({
    client: { offers: services, token, tokenName: "alice" },
    server: { listensFor: ["db"], tokens: [{ name: "alice", token, services: ["web"] }] },
  });
  await world.attached();
  assertThrows(() => openAt(world), TeleError, "no tele client offers db");
  assertStringIncludes(world.log.join("\n"), "takes no service db of this client");
  assertStringIncludes(world.log.join("\n"), "offers db in vain");
});

Deno.test("a token that loses a name ends the session that has it", async () => {
  const token = new Uint8Array(32).fill(7);
  const tokens = (...reverse: string[]) => ({ tokens: [{ name: "alice", token, reverse }] });
  const services = new Services(["db"]);
  await using world = new MuxWorld({
    client: { offers: services, token, tokenName: "alice" },
    server: { listensFor: ["db", "web"], ...tokens("db") },
  });
  await world.attached();
  openAt(world);
  await world.server.renewTokens(tokens("db", "web"));
  assertEquals(world.server.sessionCount, 1);
  await world.server.renewTokens(tokens("web"));
  await world.clock.advance(5_000);
  assertThrows(() => openAt(world), TeleError, "no tele client offers db");
});

Deno.test("a client that restarts has its names again when its newer session was heard", async () => {
  const services = new Services(["db"]);
  await using world = offering(services);
  await world.attached();
  world.restartServer();
  assertThrows(() => openAt(world), TeleError, "no tele client offers db");
  await world.clock.advanceUntil(() => world.client.isAttached, 60_000, "another session");
  await world.clock.advance(100);
  openAt(world);
  await world.clock.advance(100);
  assertEquals(services.dialled.length, 1);
});

Deno.test("with half of the server's numbers used up another session begins, and takes what is opened next", async () => {
  const services = new Services(["db"]);
  await using world = offering(services, { lastStream: 20 });
  await world.attached();
  for (let count = 1; count <= 12; count++) {
    const user = openAt(world);
    await user.closeWrite();
    await world.clock.advanceUntil(() => services.dialled.length === count, 1_000, "the service");
    await services.dialled[count - 1].user.closeWrite();
    await world.run(collect(user));
    await world.clock.advance(1_000);
  }
  const begun = world.log.filter((line) => line.includes("former session: session ended"));
  assertEquals([begun.length > 1, world.ends.server.every(({ kind }) => kind === "finished")], [true, true]);
});

Deno.test("a client that drains leaves its names to the next one in that step, and serves the users that it has", async () => {
  const [services, others] = [new Services(["db"]), new Services(["db"])];
  await using world = offering(services);
  await world.attached();
  const former = openAt(world);
  await world.clock.advanceUntil(() => services.dialled.length === 1, 1_000, "the first user");
  const next = another(world, others);
  await world.clock.advanceUntil(() => next.isAttached, 1_000, "the other client");
  let isOver = false;
  world.client.drain().then(() => isOver = true);
  await world.clock.advance(500);
  openAt(world).abort();
  await world.clock.advance(500);
  assertEquals([services.dialled.length, others.dialled.length, isOver], [1, 1, false]);
  await world.run(former.write(text("still here")));
  assertEquals(await world.run(readText(services.dialled[0]!.user, 10)), "still here");
  await former.closeWrite();
  await services.dialled[0]!.user.closeWrite();
  await world.run(collect(former));
  await world.clock.advance(1_000);
  assertEquals(isOver, true);
  await world.run(next.stop("the test ends"));
});

Deno.test("a server that drains has a client's service carried by the next server, and ends when its users have", async () => {
  const services = new Services(["db"]);
  await using world = offering(services);
  await world.attached();
  const old = openAt(world);
  await world.clock.advanceUntil(() => services.dialled.length === 1, 1_000, "the first user");
  const former = world.handOver();
  let isOver = false;
  former.drain().then(() => isOver = true);
  await world.clock.advance(1_000);
  openAt(world).abort();
  await world.clock.advance(500);
  assertEquals([services.dialled.length, isOver], [2, false]);
  await old.closeWrite();
  await services.dialled[0]!.user.closeWrite();
  await world.run(collect(old));
  await world.clock.advance(1_000);
  assertEquals(isOver, true);
});
