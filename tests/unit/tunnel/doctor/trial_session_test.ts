import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { DoctorWorld } from "../../../support/doctor_world.ts";

const NEVER = new AbortController().signal;

Deno.test("a session is begun, and asked how long a round trip takes", async () => {
  const world = new DoctorWorld();
  const { session, first } = await world.clock.run(world.begin());
  assertEquals([world.server.sessionCount, session.isAttached, session.id.length], [1, true, 16]);
  await world.clock.advance(100);
  assertEquals(await world.clock.run(session.roundTrip(first.duplex)), 20);
  await world.clock.run(session.end("over"));
});

Deno.test("a session whose connection is lost says so, and goes on by another", async () => {
  const world = new DoctorWorld();
  const { session, first } = await world.clock.run(world.begin());
  const lost = session.lost();
  first.duplex.close();
  await world.clock.run(lost);
  assertEquals(session.isAttached, false);
  const second = await world.clock.run(world.answered(session.id));
  await world.clock.run(session.join(second, NEVER));
  assertEquals([session.isAttached, world.server.sessionCount], [true, 1]);
  assertEquals(await world.clock.run(session.roundTrip(second.duplex)), 20);
  await world.clock.run(session.end("over"));
});

Deno.test("a question on a connection that dies is no round trip", async () => {
  const world = new DoctorWorld();
  const { session, first } = await world.clock.run(world.begin());
  const asking = assertRejects(() => session.roundTrip(first.duplex), TeleError);
  world.network.cut();
  await world.clock.run(asking);
});

Deno.test("a server that does not know the session is told apart", async () => {
  const world = new DoctorWorld();
  const { session } = await world.clock.run(world.begin());
  world.server = world.makeServer();
  const second = await world.clock.run(world.answered(session.id));
  const error = await assertRejects(() => session.join(second, NEVER), TeleError, "does not know the session");
  assertEquals(error.code, "unknown-session");
});

Deno.test("its end is told to the server, which keeps nothing of it", async () => {
  const world = new DoctorWorld();
  const { session } = await world.clock.run(world.begin());
  await world.clock.run(session.end("tele doctor has seen enough"));
  assertEquals(world.server.sessionCount, 0);
  assertEquals(world.lines.some((line) => line.endsWith("ended: tele doctor has seen enough")), true);
});
