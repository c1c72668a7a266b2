/** SIGQUIT: processes are replaced, and no user notices. */
import { assert, assertEquals } from "@std/assert";
import { connectTo, echo, endingOf, roundTrip, UserServer } from "../support/user_programs.ts";
import { scenario } from "../support/scenario.ts";
import { pause, within } from "../support/wait.ts";

/** Windows has no such signal. */
const ignore = Deno.build.os === "windows";

/** A user opens a connection, says something, is answered and ends. */
async function oneUser(port: number, words: string): Promise<void> {
  const connection = await connectTo(port);
  try {
    await roundTrip(connection, words);
    await connection.closeWrite();
    assertEquals(await endingOf(connection), "end");
  } finally {
    connection.close();
  }
}

Deno.test({
  name: "200 users a second come while a server drains and the next one takes its place: none is refused, none is lost",
  ignore,
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { client, server, breaker, port } = await s.tunnel(user.port);
    await client.logged(/link up/, 10_000);
    const long = await connectTo(port);
    s.defer(() => long.close());
    await roundTrip(long, "before");
    const users: Promise<void>[] = [], failed: unknown[] = [];
    const open = (at: number) => users.push(oneUser(port, `user ${at}`).catch((error) => void failed.push(error)));
    const start = performance.now();
    let next: Awaited<ReturnType<typeof s.server>> | undefined;
    let isAsked = false;
    // Three seconds of users, the change in the middle of them.
    for (let at = 0; at < 600; at++) {
      await pause(Math.max(0, start + at * 5 - performance.now()));
      open(at);
      if (at === 100) s.server(user.port).then((process) => next = process);
      if (at >= 200 && next !== undefined && !isAsked) {
        isAsked = true;
        breaker.to = next.port;
        server.signal("SIGQUIT");
      }
    }
    assert(isAsked, "the next server was ready in time");
    await within(Promise.all(users), 30_000, "the end of all users");
    assertEquals(failed, []);
    await roundTrip(long, "the old one is still there");
    assertEquals(server.status, undefined);
    server.signal("SIGQUIT");
    await server.logged(/draining: 1 connection is left, for /, 5_000);
    await long.closeWrite();
    assertEquals(await endingOf(long), "end");
    assertEquals((await within(server.ended, 10_000, "the end of the server that drained")).code, 0);
    await server.logged(/drained: nothing is left/, 1_000);
    await roundTripAt(port, "still served");
  }),
});

async function roundTripAt(port: number, words: string): Promise<void> {
  const connection = await connectTo(port);
  await roundTrip(connection, words);
  connection.close();
}

Deno.test({
  name: "a client that drains leaves its port to the next one, serves the users that it has, and ends with the last",
  ignore,
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { client, breaker, port, server } = await s.tunnel(user.port);
    const old = await connectTo(port);
    await roundTrip(old, "before");
    client.signal("SIGQUIT");
    await client.logged(/draining: takes nothing new, and ends when 1 connection is over/, 5_000);
    const next = await s.client(breaker.port, port);
    await oneUser(port, "by the next");
    // The network breaks under both.
    breaker.reset();
    await roundTrip(old, "behind an outage");
    await oneUser(port, "by the next, behind an outage");
    assertEquals([client.status, next.status], [undefined, undefined]);
    await old.closeWrite();
    assertEquals(await endingOf(old), "end");
    old.close();
    assertEquals((await within(client.ended, 10_000, "the end of the client that drained")).code, 0);
    await server.logged(/ended: it was drained, and all of its streams are over/, 5_000);
    await oneUser(port, "by the next, alone");
  }),
});

Deno.test({
  name: "a server that drains while its client is in an outage waits for it, and no user loses anything",
  ignore,
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { server, breaker, port } = await s.tunnel(user.port);
    const old = await connectTo(port);
    s.defer(() => old.close());
    await roundTrip(old, "before");
    breaker.blackHole(true);
    breaker.reset();
    server.signal("SIGQUIT");
    await server.logged(/draining: takes nothing new/, 5_000);
    await pause(1_500);
    assertEquals(server.status, undefined);
    breaker.blackHole(false);
    await roundTrip(old, "behind the outage");
    await old.closeWrite();
    assertEquals(await endingOf(old), "end");
    assertEquals((await within(server.ended, 20_000, "the end of the server")).code, 0);
  }),
});

Deno.test({
  name: "what is left behind --drain-timeout is ended, and SIGTERM ends at once as ever",
  ignore,
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { server, port } = await s.tunnel(user.port, { server: { args: ["--drain-timeout=1s"] } });
    const old = await connectTo(port);
    await roundTrip(old, "before");
    server.signal("SIGQUIT");
    assertEquals((await within(server.ended, 10_000, "the end of the server")).code, 0);
    await server.logged(/drained for 1 s \(--drain-timeout\): 1 connection is ended/, 1_000);
    assert(await endingOf(old) !== "end", "it is no clean end");
    old.close();

    const again = await s.tunnel(user.port);
    const other = await connectTo(again.port);
    s.defer(() => other.close());
    await roundTrip(other, "before");
    again.client.signal("SIGQUIT");
    await again.client.logged(/draining/, 5_000);
    assertEquals((await again.client.stop("SIGTERM")).code, 0);
  }),
});

Deno.test({
  name: "a client on standard input and output that is drained ends with its connection",
  ignore,
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port);
    const client = await s.stdio(server.port);
    await client.type("one");
    await client.says("one");
    server.signal("SIGQUIT");
    client.signal("SIGQUIT");
    await client.type(" two");
    await client.says("one two");
    await client.endInput();
    assertEquals(await client.end(), 0);
    assertEquals((await within(server.ended, 10_000, "the end of the server")).code, 0);
  }),
});
