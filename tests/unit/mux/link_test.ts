/** A mux client and a mux server: limits, outages, and how sessions end. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { DialUser } from "../../../lib/mux/stream_dials.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { generated } from "../../support/random.ts";
import { echo, KIB, MuxWorld, text } from "../../support/mux_world.ts";
import { collect, readText } from "../../support/reading.ts";

Deno.test("more streams than the client allows are refused here, and room is made when one ends", async () => {
  await using world = new MuxWorld({ client: { maxStreams: 2 } });
  const first = world.open();
  world.open();
  const error = assertThrows(() => world.open(), TeleError);
  assertEquals(error.code, "refused");
  first.user.abort();
  await world.clock.settle();
  world.open();
});

Deno.test("more streams than the server allows are reset with a message that names the option", async () => {
  await using world = new MuxWorld({ server: { maxStreams: 2 } });
  const streams = [world.open(), world.open(), world.open()];
  await world.attached();
  const { end } = await world.run(collect(streams[2].user));
  assertStringIncludes(end, "--max");
  assertEquals(world.ends.client.map((end) => end.kind === "reset" && end.code), [3]);
  assertEquals([world.upstream.length, world.client.streamCount], [2, 2]);
  // The session goes on: data that was on its way for the refused stream does no harm, and room can be made.
  streams[0].user.abort();
  await world.clock.advance(10);
  const next = world.open();
  await world.run(next.user.write(text("hi")));
  assertEquals(await world.run(readText(world.upstream[2], 2)), "hi");
});

Deno.test("streams opened during an outage wait, and go when there is a carrier", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.attached();
  world.network.state = "unreachable";
  world.network.blackHole();
  await world.clock.advance(30_000);
  assertEquals(world.client.isAttached, false);
  const users = Array.from({ length: 5 }, () => world.open().user);
  const writing = users.map((user, at) => user.write(text(`from ${at}`)).then(() => user.closeWrite()));
  await world.clock.advance(120_000);
  assertEquals([world.upstream.length, world.client.streamCount], [0, 5]);
  world.network.state = "up";
  const received = await world.run(Promise.all(users.map((user) => collect(user))), 20_000);
  await Promise.all(writing);
  assertEquals(
    received.map(({ bytes, end }) => [new TextDecoder().decode(bytes), end]),
    users.map((_, at) => [`from ${at}`, "end"]),
  );
});

Deno.test("streams opened before the first carrier wait too", async () => {
  const network = { state: "refusing" as const };
  await using world = new MuxWorld({ serve: echo });
  world.network.state = network.state;
  const { user } = world.open();
  const writing = user.write(text("early"));
  await world.clock.advance(30_000);
  world.network.state = "up";
  assertEquals(await world.run(readText(user, 5)), "early");
  await writing;
});

Deno.test("the open of the first stream was lost with its carrier: the stream is opened on the next", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.attached();
  await world.clock.advance(5_000);
  const pipe = world.network.last!;
  pipe.aToB.blackHole();
  const { user } = world.open();
  await user.write(text("hello"));
  await world.clock.advance(100);
  world.network.state = "unreachable";
  pipe.cut();
  await world.clock.advance(50_000); // within the minute for which a session without streams is kept
  world.network.state = "up";
  assertEquals(await world.run(readText(user, 5)), "hello");
  assertEquals(world.ends.client, []);
});

Deno.test("a user that went away during an outage leaves nothing behind, whether its stream was opened or not", async () => {
  await using world = new MuxWorld();
  await world.attached();
  const opened = world.open();
  await world.clock.settle();
  const upstream = collect(world.upstream[0]);
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(1_000);
  const unopened = world.open();
  await world.clock.advance(1_000);
  assertEquals(world.client.streamCount, 2);
  opened.user.abort(new Error("gave up"));
  unopened.user.abort(new Error("gave up too"));
  await world.clock.settle();
  assertEquals(world.client.streamCount, 0);
  world.network.state = "up";
  assertEquals((await world.run(upstream)).end, "gave up");
  await world.clock.advance(1_000);
  assertEquals(world.upstream.length, 1, "nobody was dialed for the other");
});

Deno.test("the server restarts: streams it knew are cut and aborted, unopened ones move to the next session", async () => {
  await using world = new MuxWorld();
  await world.attached();
  const old = world.open();
  await world.run(old.user.write(text("half of it")));
  const oldReceived = collect(old.user);
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(1_000);
  const fresh = world.open();
  const writing = fresh.user.write(text("for the new one")).then(() => fresh.user.closeWrite());
  await world.clock.advance(1_000);
  world.restartServer();
  world.network.state = "up";
  const { end } = await world.run(oldReceived);
  assertStringIncludes(end, "restarted");
  const received = await world.run(
    (async () => {
      await writing;
      return await collect(world.upstream[1]);
    })(),
  );
  assertEquals([new TextDecoder().decode(received.bytes), received.end], ["for the new one", "end"]);
  assertEquals(world.ends.client.map(({ kind }) => kind), ["cut"]);
  assert(world.log.some((line) => line.includes("session lost")), world.log.join("\n"));
  // Both directions of the moved stream work.
  const answer = collect(fresh.user);
  await world.run(world.upstream[1].write(text("welcome")));
  await world.upstream[1].closeWrite();
  assertEquals(new TextDecoder().decode((await world.run(answer)).bytes), "welcome");
});

Deno.test("the session expires: streams are cut on both sides with an error, never a clean end", async () => {
  await using world = new MuxWorld({ client: { resumeTimeoutMs: 60_000 } });
  await world.attached();
  const { user } = world.open();
  await world.run(user.write(text("x")));
  const [here, there] = [collect(user), collect(world.upstream[0])];
  world.network.state = "refusing";
  world.network.cut();
  await world.clock.advance(130_000);
  const [client, server] = await Promise.all([here, there]);
  assertStringIncludes(client.end, "resume timeout");
  assertStringIncludes(server.end, "resume timeout");
  for (const [end] of [world.ends.client, world.ends.server]) {
    assertEquals(end!.kind === "cut" && end!.isWished, false, "nobody wished it");
  }
  // New connections work as soon as the network does.
  world.network.state = "up";
  const next = world.open();
  await world.run(next.user.write(text("again")));
  // Not at once if the last attempt was one of the last 200 ms.
  await world.clock.advanceUntil(() => world.upstream.length === 2, 1_000, "the next stream");
  assertEquals(await world.run(readText(world.upstream[1], 5)), "again");
});

Deno.test("an orderly end of either side cuts streams at once on both", async () => {
  for (const side of ["client", "server"] as const) {
    await using world = new MuxWorld();
    await world.attached();
    const { user } = world.open();
    await world.run(user.write(text("x")));
    const [here, there] = [collect(user), collect(world.upstream[0])];
    const before = world.clock.now();
    await world.run(world[side].stop("it was asked to"));
    const [client, server] = await world.run(Promise.all([here, there]));
    assert(world.clock.now() - before < 1_000);
    assertStringIncludes(client.end, "it was asked to");
    assertStringIncludes(server.end, "it was asked to");
    const other = side === "client" ? "server" : "client";
    const cut = { kind: "cut" as const, message: "it was asked to" };
    assertEquals(world.ends[other], [{ ...cut, isWished: true }], "nothing to warn of at the other end");
  }
});

Deno.test("a stream that is complete outlives its session: the user's server still gets what has come, and a clean end", async () => {
  await using world = new MuxWorld();
  await world.attached();
  const { user } = world.open();
  const here = collect(user);
  const bytes = generated(100 * KIB, 1);
  await world.run(user.write(bytes));
  await world.clock.advanceUntil(() => world.upstream.length === 1, 10_000, "the user's server");
  await world.upstream[0]!.closeWrite();
  await user.closeWrite();
  await world.run(here);
  await world.clock.advanceUntil(() => world.ends.client.length > 0, 10_000, "the end of the stream");
  assertEquals(world.ends.client, [{ kind: "finished" }]);
  await world.run(world.client.stop("its connection is over"));
  await world.clock.advance(1_000);
  assertEquals([world.server.sessionCount, world.ends.server], [0, []], "the user's server has not read anything yet");
  const { bytes: received, end } = await world.run(collect(world.upstream[0]!));
  assertEquals([received, end], [bytes, "end"]);
  await world.clock.advance(1_000);
  assertEquals(world.ends.server, [{ kind: "finished" }]);
});

Deno.test("a server that ends itself cuts even complete streams: it cannot wait for their users", async () => {
  await using world = new MuxWorld();
  await world.attached();
  const { user } = world.open();
  const here = collect(user);
  await world.run(user.write(generated(100 * KIB, 1)));
  await world.clock.advanceUntil(() => world.upstream.length === 1, 10_000, "the user's server");
  await world.upstream[0]!.closeWrite();
  await user.closeWrite();
  await world.run(here);
  const there = collect(world.upstream[0]!, 1_024);
  await world.run(world.server.stop("it was asked to"));
  assertStringIncludes((await world.run(there)).end, "it was asked to");
});

Deno.test("after the end nothing can be opened", async () => {
  await using world = new MuxWorld();
  await world.attached();
  await world.run(world.client.stop("done"));
  assertEquals(assertThrows(() => world.open(), TeleError).code, "closed");
});

Deno.test("streams reach the service that they name, and no other, whatever happens to carriers and sessions", async () => {
  const served: [service: string | undefined, words: string][] = [];
  const dial: DialUser = (_signal, { service }) => {
    const [near, far] = duplexPair();
    readText(near, 5).then((words) => served.push([service, words]));
    return Promise.resolve(far);
  };
  await using world = new MuxWorld({ server: { dial, hasServices: true }, client: { asksByName: true } });
  const say = (service?: string) => {
    const [user, far] = duplexPair();
    world.client.open(far, service);
    return user.write(text(`to ${(service ?? "--").padEnd(2)}`));
  };
  const early = [say("db"), say()];
  await world.attached();
  await world.run(Promise.all([...early, say("x1")]));
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(2_000);
  // Its session is lost before the server has heard of it.
  const late = say("y2");
  await world.restartServer();
  world.network.state = "up";
  await world.run(late);
  await world.clock.advance(100);
  assertEquals(served, [["db", "to db"], [undefined, "to --"], ["x1", "to x1"], ["y2", "to y2"]]);
});

Deno.test("a token's list of services is kept to, as it is now: what is not in it is refused, and nobody is dialled", async () => {
  const token = new Uint8Array(32).fill(7);
  const tokens = (...services: string[]) => ({ tokens: [{ name: "alice", token, services }] });
  const dialled: (string | undefined)[] = [];
  const dial: DialUser = (_signal, { service, tokenName }) => {
    dialled.push(`${tokenName} ${service}`);
    return Promise.resolve(duplexPair()[1]);
  };
  await using world = new MuxWorld({
    server: { dial, hasServices: true, ...tokens("db") },
    client: { asksByName: true, token, tokenName: "alice" },
  });
  await world.attached();
  const open = (service?: string) => {
    const [user, far] = duplexPair();
    world.client.open(far, service);
    return user;
  };
  open("db");
  const [{ end: ofOther }, { end: ofNameless }] = await world.run(
    Promise.all([collect(open("web")), collect(open())]),
  );
  assertStringIncludes(ofOther, "no service web for this client");
  assertStringIncludes(ofNameless, "no service without a name for this client");
  await world.run(world.server.renewTokens(tokens("db", "web")));
  open("web");
  await world.clock.advance(100);
  assertEquals(dialled, ["alice db", "alice web"]);
  assertEquals(world.server.sessionCount, 1);
});

Deno.test("a server that knows no names refuses a client that asks by name, with what helps; others it takes", async () => {
  await using world = new MuxWorld({ client: { asksByName: true } });
  const { user } = world.open();
  const { end } = await world.run(collect(user));
  assertStringIncludes(end, "finds no services by their names");
  assertEquals([world.upstream.length, world.client.isAttached], [0, false]);
});
