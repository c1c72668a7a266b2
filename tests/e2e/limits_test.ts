/** Few file descriptors and many connections: service goes on when some close. */
import { assert, assertEquals } from "@std/assert";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { closeQuietly, connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";

const OPEN_FILES = 100;
const CONNECTIONS = 150;
const LEAST_SERVED = 20;

/** One user's connection and how far it got. */
interface Attempt {
  connection: Deno.TcpConn;
  state: "waiting" | "served" | "ended";
}

/** Opens connections, each of which asks for one echo. */
async function openMany(port: number): Promise<Attempt[]> {
  return await Promise.all(Array.from({ length: CONNECTIONS }, async (_, index) => {
    const attempt: Attempt = { connection: await connectTo(port), state: "waiting" };
    roundTrip(attempt.connection, `hello from ${index}`).then(
      () => attempt.state = "served",
      () => attempt.state = "ended",
    );
    return attempt;
  }));
}

function count(attempts: Attempt[], state: Attempt["state"]): number {
  return attempts.filter((attempt) => attempt.state === state).length;
}

function closeServed(attempts: Attempt[]): void {
  for (const attempt of attempts) {
    if (attempt.state === "served") closeQuietly(attempt.connection);
  }
}

/** Waits until some are served, and then until no connection has been for a second. */
async function untilNoMoreAreServed(attempts: Attempt[]): Promise<number> {
  await until(() => count(attempts, "served") >= LEAST_SERVED, 60_000, "service for some");
  for (let before = -1; count(attempts, "served") !== before;) {
    before = count(attempts, "served");
    await pause(1_000);
  }
  return count(attempts, "served");
}

Deno.test({
  name: "a tele client with 100 file descriptors serves 150 connections, some of them later",
  ...requires("bash"),
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { client, breaker, port } = await s.tunnel(user.port, { client: { openFiles: OPEN_FILES } });
    const attempts = await openMany(port);
    s.defer(() => attempts.forEach(({ connection }) => closeQuietly(connection)));
    const served = await untilNoMoreAreServed(attempts);
    assert(served < OPEN_FILES, `${served} served at first`);

    closeServed(attempts);
    await until(() => count(attempts, "waiting") < CONNECTIONS - served, 20_000, "service for one that waited");
    while (count(attempts, "waiting") > 0) {
      await until(() => attempts.some(({ state }) => state === "served"), 20_000, "service for the others");
      closeServed(attempts);
      await pause(50);
    }
    assertEquals(count(attempts, "served"), CONNECTIONS);
    closeServed(attempts);

    breaker.reset();
    using again = await connectTo(port);
    await within(roundTrip(again, "after all that"), 20_000, "an echo at the end");
    assert(client.log.length < 50, `no flood: ${client.log.length} lines`);
  }),
});

Deno.test({
  name: "a tele client without free file descriptors still replaces a broken carrier",
  ...requires("bash"),
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { breaker, port } = await s.tunnel(user.port, { client: { openFiles: OPEN_FILES } });
    const attempts = await openMany(port);
    s.defer(() => attempts.forEach(({ connection }) => closeQuietly(connection)));
    const served = await untilNoMoreAreServed(attempts);
    assert(served < OPEN_FILES, `${served} served at first`);

    // The descriptor of the broken carrier must not go to a waiting user connection: without a carrier none can end.
    breaker.reset();
    await pause(1_000);
    closeServed(attempts);
    for (let turn = 0; turn < 400 && count(attempts, "waiting") > 0; turn++) {
      await pause(50);
      closeServed(attempts);
    }
    assertEquals(count(attempts, "served"), CONNECTIONS);
  }),
});

Deno.test({
  name: "a tele server with 100 file descriptors goes on serving when some of 150 connections close",
  ...requires("bash"),
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { server, client, breaker, port } = await s.tunnel(user.port, { server: { openFiles: OPEN_FILES } });
    const attempts = await openMany(port);
    s.defer(() => attempts.forEach(({ connection }) => closeQuietly(connection)));
    const served = await untilNoMoreAreServed(attempts);
    assert(served < OPEN_FILES, `${served} served at first`);

    const one = attempts.find(({ state }) => state === "served")!;
    breaker.reset();
    await within(roundTrip(one.connection, "over the next carrier"), 20_000, "an echo without free descriptors");

    closeServed(attempts);
    const isSettled = () => count(attempts, "waiting") === 0;
    for (let turn = 0; turn < 400 && !isSettled(); turn++) {
      await pause(50);
      closeServed(attempts);
    }
    assert(isSettled(), `${count(attempts, "waiting")} are neither served nor ended`);

    // The tele server needs a moment to see that they have closed.
    await until(() => user.open === 0, 20_000, "the end of the upstream connections");
    await pause(500);
    using fresh = await connectTo(port);
    await within(roundTrip(fresh, "service goes on"), 20_000, "an echo when some have closed");
    breaker.reset();
    await within(roundTrip(fresh, "and a carrier is accepted"), 20_000, "an echo over the next carrier");
    assert(server.log.length < CONNECTIONS + 50, `no flood: ${server.log.length} lines`);
    assertEquals([server.status, client.status], [undefined, undefined]);
  }),
});
