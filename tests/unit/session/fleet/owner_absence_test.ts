/** An owner that is away for long: users who come go to another session, and what is there waits. */
import { assert, assertEquals } from "@std/assert";
import { type AwaitingSession, OwnerAbsence } from "../../../../lib/session/fleet/owner_absence.ts";
import { OwnerAwayError } from "../../../../lib/session/fleet/owner_away.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { EchoUser, type FleetServer, FleetWorld } from "../../../support/fleet_world.ts";

function setUp() {
  const clock = new FakeClock({ nowMs: 1_000 });
  const told: number[] = [];
  const session: { -readonly [Key in keyof AwaitingSession]: AwaitingSession[Key] } = {
    detachedAt: 1_000,
    losesNoUser: false,
  };
  const absence = new OwnerAbsence({ clock, onOwnerAway: () => void told.push(clock.now()) }, () => session);
  return { clock, told, session, absence };
}

Deno.test("an absence is long three seconds behind the loss of the carrier, once a server has said that it is one", async () => {
  const { clock, told, absence } = setUp();
  await clock.advance(5_000);
  assertEquals(absence.isLong, false, "the network may be down");
  absence.failed(new Error("reset"));
  assertEquals([absence.isLong, told], [false, []]);
  absence.failed(new OwnerAwayError());
  assertEquals([absence.isLong, told], [true, [6_000]]);
  const early = setUp();
  early.absence.failed(new OwnerAwayError());
  await early.clock.advance(2_999);
  assertEquals(early.absence.isLong, false);
  await early.clock.advance(1);
  assertEquals([early.absence.isLong, early.told], [true, []]);
});

Deno.test("it is over with a carrier, and another outage begins with none", async () => {
  const { clock, session, absence } = setUp();
  await clock.advance(4_000);
  absence.failed(new OwnerAwayError());
  session.detachedAt = undefined;
  assertEquals(absence.isLong, false);
  await clock.advance(1_000);
  session.detachedAt = clock.now();
  await clock.advance(4_000);
  assertEquals(absence.isLong, false);
});

Deno.test("a session that loses nothing is not waited for, and nobody is told to go elsewhere", async () => {
  const { clock, told, session, absence } = setUp();
  await clock.advance(4_000);
  session.losesNoUser = true;
  assertEquals(absence.isGivenUp, false, "nobody has said so");
  absence.failed(new OwnerAwayError());
  assertEquals([absence.isGivenUp, told], [true, []]);
  session.losesNoUser = false;
  assertEquals(absence.isGivenUp, false, "a user came");
  session.losesNoUser = true;
  absence.failed(new Error("reset"));
  await clock.advance(2_999);
  assertEquals(absence.isGivenUp, true);
  await clock.advance(1);
  assertEquals(absence.isGivenUp, false, "the owner is looked for again");
});

/** A client with a user at one of three servers, which nobody can reach any more. */
async function abandoned(world: FleetWorld) {
  const client = world.addClient();
  await world.attached(client);
  const old = new EchoUser(world, client);
  await old.say("before");
  const owner = world.servers.find(({ server }) => server.sessionCount === 1)!;
  setState(owner, "refusing");
  world.cut();
  return { client, old, owner };
}

function setState({ network, nodeNetwork }: FleetServer, state: "refusing" | "up"): void {
  network.state = nodeNetwork.state = state;
}

Deno.test("users come to another session three seconds behind, and the streams of the first wait for its owner", async () => {
  await using world = await FleetWorld.start();
  const { client, old, owner } = await abandoned(world);
  await world.clock.advance(1_000);
  assertEquals(world.servers.map(({ server }) => server.sessionCount).toSorted(), [0, 0, 1], "not at once");
  const waiting = new EchoUser(world, client);
  const beganAt = world.clock.now();
  assertEquals(await waiting.say("waited"), "waited");
  assert(world.clock.now() - beganAt < 3_500, `${world.clock.now() - beganAt} ms`);
  assertEquals(await new EchoUser(world, client).say("elsewhere"), "elsewhere");
  assertEquals(world.servers.map(({ server }) => server.sessionCount).toSorted(), [0, 1, 1]);
  await world.clock.advance(60_000);
  setState(owner, "up");
  assertEquals(await old.say("the owner is back"), "the owner is back");
  assertEquals(await waiting.say("still there"), "still there");
});

Deno.test("when the owner is gone for certain, its streams end at once, and those of the other session go on", async () => {
  await using world = await FleetWorld.start();
  const { client, old, owner } = await abandoned(world);
  await world.clock.advance(5_000);
  const elsewhere = new EchoUser(world, client);
  await elsewhere.say("elsewhere");
  await owner.kill();
  owner.restart();
  const ended = await old.say("to nobody").then(() => "answered", (error) => error.message);
  assert(ended !== "answered" && !ended.includes("to nobody"), ended);
  assertEquals(await elsewhere.say("still there"), "still there");
  await world.clock.advance(60_000);
  assertEquals(
    world.servers.reduce((sum, { server }) => sum + server.sessionCount, 0),
    1,
    "nothing is left of the first",
  );
});

Deno.test("each session presents its own ticket: both are led to their owners through cuts", async () => {
  await using world = await FleetWorld.start();
  const { client, old, owner } = await abandoned(world);
  await world.clock.advance(5_000);
  const elsewhere = new EchoUser(world, client);
  await elsewhere.say("elsewhere");
  setState(owner, "up");
  for (let cut = 0; cut < 10; cut++) {
    await old.say(`of the first ${cut}`);
    await elsewhere.say(`of the second ${cut}`);
    world.cut();
  }
});
