/** Each of the four processes can be killed and started again alone. */
import { assert, assertEquals } from "@std/assert";
import { type Scenario, scenario, type Tunnel } from "../support/scenario.ts";
import { UserProcess } from "../support/user_process.ts";
import { connectTo, echo, endingOf, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";

/** The design promises a second; ten times that fails. */
const SECOND_MS = 10_000;

/** An echo server, a tunnel to it, and connections that have proven to work. */
async function working(
  s: Scenario,
  connections: number,
  port?: number,
): Promise<Tunnel & { user: UserServer; open: Deno.TcpConn[] }> {
  const user = s.use(new UserServer(echo));
  const tunnel = await s.tunnel(user.port, { port });
  const open: Deno.TcpConn[] = [];
  for (let i = 0; i < connections; i++) {
    open.push(s.use(await connectTo(tunnel.port)));
    await roundTrip(open[i], `connection ${i}`);
  }
  assertEquals(user.open, connections);
  return { ...tunnel, user, open };
}

async function works(port: number): Promise<void> {
  using connection = await connectTo(port);
  await within(roundTrip(connection, "works"), SECOND_MS, "an echo over a new connection");
}

Deno.test(
  "the user's client is killed: its upstream connection ends at once, others go on",
  scenario(60_000, async (s) => {
    const { user, port, open } = await working(s, 1);
    const killed = s.use(await UserProcess.start("hold", port));
    assertEquals(user.open, 2);
    await killed.kill();
    await until(() => user.open === 1, SECOND_MS, "the end of the upstream connection");
    await roundTrip(open[0], "still here");
    await works(port);
  }),
);

Deno.test(
  "the user's server is killed: its connections end at once, and new ones work when it is back",
  scenario(60_000, async (s) => {
    const user = s.use(await UserProcess.start("serve", 0));
    const { port } = await s.tunnel(user.port);
    using connection = await connectTo(port);
    await roundTrip(connection, "before");
    await user.kill();
    await within(endingOf(connection), SECOND_MS, "the end of the user's connection");
    {
      using refused = await connectTo(port);
      await within(endingOf(refused), SECOND_MS, "the end of a refused connection");
    }
    s.use(await UserProcess.start("serve", user.port));
    await works(port);
  }),
);

Deno.test(
  "the tele client is killed: upstream connections end when it is back, and new ones work",
  scenario(60_000, async (s) => {
    const { user, client, breaker, open } = await working(s, 3, freePort());
    await client.kill();
    for (const connection of open) await within(endingOf(connection), SECOND_MS, "the end of the user's connection");
    await s.client(breaker.port, client.port);
    await works(client.port);
    await until(() => user.open === 0, SECOND_MS, "the end of the old upstream connections");
    await works(client.port);
  }),
);

Deno.test(
  "the tele client is killed behind a dead network: its upstream connections end when it is back",
  scenario(60_000, async (s) => {
    const { user, client, breaker } = await working(s, 3, freePort());
    // No FIN and no RST gets out: only a new session of the same identity can tell the tele server.
    breaker.strand();
    await client.kill();
    await pause(500);
    assertEquals(user.open, 3);
    await s.client(breaker.port, client.port);
    await works(client.port);
    await until(() => user.open === 0, SECOND_MS, "the end of the old upstream connections");
  }),
);

/** What gives a command a host name of its own, where namespaces may be made. */
const onMachine = (name: string) => ["unshare", "--uts", "sh", "-c", `hostname ${name} && exec "$@"`, "sh"];

async function canBeAnotherMachine(): Promise<boolean> {
  try {
    const [command, ...args] = [...onMachine("another"), "true"];
    return (await new Deno.Command(command!, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "a client with the same addresses and home folder on another machine ends nothing, and one that is back does",
  ignore: !await canBeAnotherMachine(),
  fn: scenario(60_000, async (s) => {
    const port = freePort();
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port);
    const breaker = await s.breaker(server.port);
    const laptop = await s.client(breaker.port, port, { wrap: onMachine("laptop") });
    using connection = await connectTo(port);
    await within(roundTrip(connection, "on the laptop"), SECOND_MS, "an echo");
    breaker.strand();
    await laptop.kill();

    const desktop = await s.client(breaker.port, port, { wrap: onMachine("desktop") });
    await desktop.logged(/is another machine's, or this one's under a former host name/, SECOND_MS);
    await works(port);
    await pause(1_000);
    assertEquals(user.open, 1, "the laptop may come back");
    await desktop.stop();
    const back = await s.client(breaker.port, port, { wrap: onMachine("laptop") });
    await works(port);
    await until(() => user.open === 0, SECOND_MS, "the end of the old upstream connection");
    assert(!back.log.some((line) => line.includes("former host name")), back.report());
  }),
});

Deno.test(
  "the tele server is killed: old connections end when it is back, and new ones work",
  scenario(60_000, async (s) => {
    const { user, server, client, open } = await working(s, 3);
    await server.kill();
    await until(() => user.open === 0, SECOND_MS, "the end of the upstream connections");
    await pause(1_500);
    await s.server(user.port, server.port);
    const endings = Promise.all(open.map((connection) => endingOf(connection)));
    await within(endings, SECOND_MS, "the end of the users' connections");
    await works(client.port);
    assert(client.status === undefined, "the client went on");
  }),
);

Deno.test(
  "a connection made while the tele server is away waits for it",
  scenario(60_000, async (s) => {
    const { user, server, client } = await working(s, 0);
    await server.kill();
    await pause(500);
    using early = await connectTo(client.port);
    const trip = roundTrip(early, "I can wait");
    trip.catch(() => {});
    await pause(500);
    await s.server(user.port, server.port);
    await within(trip, SECOND_MS, "the echo");
  }),
);

Deno.test(
  "a tele client that starts before its tele server waits for it",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const first = await s.server(user.port);
    await first.stop();
    const client = await s.client(first.port);
    using early = await connectTo(client.port);
    const trip = roundTrip(early, "I can wait");
    trip.catch(() => {});
    await pause(500);
    await s.server(user.port, first.port);
    await within(trip, SECOND_MS, "the echo");
  }),
);

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  Deno.test(
    `${signal} ends the tele client with code 0 and leaves no upstream connection behind`,
    scenario(60_000, async (s) => {
      const { user, client, open } = await working(s, 3);
      const { code } = await client.stop(signal, SECOND_MS);
      assertEquals(code, 0);
      await until(() => user.open === 0, SECOND_MS, "the end of the upstream connections");
      for (const connection of open) await within(endingOf(connection), SECOND_MS, "the end of the user's connection");
    }),
  );
}

for (const outage of ["black hole", "refusal"] as const) {
  Deno.test(
    `SIGTERM ends the tele client within a second while the network is down (${outage})`,
    scenario(60_000, async (s) => {
      const { client, breaker, open } = await working(s, 2);
      if (outage === "black hole") {
        breaker.blackHole(true);
      } else {
        await breaker.refuse(true);
        breaker.reset();
      }
      const trip = roundTrip(open[0], "into the outage");
      trip.catch(() => {});
      await pause(2_000);
      const { code } = await client.stop("SIGTERM", SECOND_MS);
      assertEquals(code, 0);
      for (const connection of open) await within(endingOf(connection), SECOND_MS, "the end of the user's connection");
    }),
  );
}

Deno.test(
  "SIGTERM ends the tele server with code 0, and the connections on both sides",
  scenario(60_000, async (s) => {
    const { user, server, client, open } = await working(s, 3);
    const { code } = await server.stop("SIGTERM", SECOND_MS);
    assertEquals(code, 0);
    await until(() => user.open === 0, SECOND_MS, "the end of the upstream connections");
    for (const connection of open) await within(endingOf(connection), SECOND_MS, "the end of the user's connection");
    await s.server(user.port, server.port);
    await works(client.port);
  }),
);
