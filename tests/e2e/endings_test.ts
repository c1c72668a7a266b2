/** Each kind of ending reaches the other user's program as what it was. */
import { assert, assertEquals } from "@std/assert";
import { type Scenario, scenario } from "../support/scenario.ts";
import { readExactly } from "../support/reading.ts";
import {
  banner,
  connectTo,
  echo,
  endingOf,
  freePort,
  receiveText,
  ResettableConnection,
  ResettableServer,
  roundTrip,
  UserServer,
  writeAll,
} from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** What should take no time at all; ten times what the design promises, so that a busy machine does not fail. */
const AT_ONCE_MS = 10_000;

Deno.test(
  "a user's server that speaks first is heard before the user's client says anything",
  scenario(60_000, async (s) => {
    const hello = "220 mail.example ready\r\n";
    const user = s.use(new UserServer(banner(hello)));
    const { port } = await s.tunnel(user.port);
    for (let i = 0; i < 3; i++) {
      using connection = await connectTo(port);
      const heard = await within(readExactly(connection, hello.length), AT_ONCE_MS, "the banner");
      assertEquals(new TextDecoder().decode(heard), hello);
      await roundTrip(connection, "HELO");
    }
  }),
);

Deno.test(
  "a user's server that refuses ends the user's connection at once, with a log line, and works once it is there",
  scenario(60_000, async (s) => {
    const userPort = freePort();
    const { port, client, server } = await s.tunnel(userPort);
    for (let i = 0; i < 3; i++) {
      using connection = await connectTo(port);
      await within(endingOf(connection), AT_ONCE_MS, "the end of the refused connection");
    }
    const logs = () => [...client.log, ...server.log];
    await until(() => logs().some((line) => /refused/.test(line)), AT_ONCE_MS, "a log line with the reason");
    s.use(new UserServer(echo, userPort));
    using connection = await connectTo(port);
    await within(roundTrip(connection, "now it is there"), AT_ONCE_MS, "an echo");
  }),
);

Deno.test(
  "a user's client that half-closes can still read, and each end of file arrives behind the data",
  scenario(60_000, async (s) => {
    const seen: string[] = [];
    const user = s.use(
      new UserServer(async (connection) => {
        seen.push(await receiveText(connection));
        await writeAll(connection, new TextEncoder().encode("an answer after your end"));
      }),
    );
    const { port } = await s.tunnel(user.port);
    using connection = await connectTo(port);
    await writeAll(connection, new TextEncoder().encode("a question"));
    await connection.closeWrite();
    assertEquals(await within(receiveText(connection), AT_ONCE_MS, "the answer"), "an answer after your end");
    assertEquals(seen, ["a question"]);
    await until(() => user.open === 0, AT_ONCE_MS, "the end of the upstream connection");
  }),
);

Deno.test(
  "a user's server that half-closes first can still read",
  scenario(60_000, async (s) => {
    const seen: string[] = [];
    const user = s.use(
      new UserServer(async (connection) => {
        await writeAll(connection, new TextEncoder().encode("all I have to say"));
        await connection.closeWrite();
        seen.push(await receiveText(connection));
      }),
    );
    const { port } = await s.tunnel(user.port);
    using connection = await connectTo(port);
    assertEquals(await within(receiveText(connection), AT_ONCE_MS, "the end of file"), "all I have to say");
    await writeAll(connection, new TextEncoder().encode("said after your end"));
    await connection.closeWrite();
    await until(() => seen.length === 1, AT_ONCE_MS, "what the user's server read");
    assertEquals(seen, ["said after your end"]);
  }),
);

/** A user's client and server that can reset, and have met. */
async function meet(s: Scenario): Promise<{ near: ResettableConnection; far: ResettableConnection }> {
  const user = s.use(await ResettableServer.start());
  const { port } = await s.tunnel(user.port);
  const near = s.use(await ResettableConnection.connect(port));
  near.write("hello");
  await until(() => user.connections[0]?.received === "hello", AT_ONCE_MS, "the first bytes");
  return { near, far: user.connections[0] };
}

for (const resetter of ["client", "server"] as const) {
  Deno.test(
    `a reset by the user's ${resetter} arrives as a reset, at once`,
    scenario(60_000, async (s) => {
      const { near, far } = await meet(s);
      const [from, to] = resetter === "client" ? [near, far] : [far, near];
      from.reset();
      assertEquals(await within(to.ending, AT_ONCE_MS, "the other end"), "ECONNRESET");
    }),
  );
}

Deno.test(
  "a reset in the middle of a bulk transfer arrives as a reset, not as an end of file",
  scenario(60_000, async (s) => {
    const { near, far } = await meet(s);
    for (let i = 0; i < 16; i++) far.write("x".repeat(1 << 20));
    await until(() => near.received.length > 1 << 20, AT_ONCE_MS, "the first megabyte");
    far.reset();
    assertEquals(await within(near.ending, AT_ONCE_MS, "the other end"), "ECONNRESET");
  }),
);

Deno.test(
  "a connection lost with the tele server is reset, not ended cleanly, and the log calls it cut",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const first = await s.server(user.port);
    const client = await s.client(first.port);
    const lost = s.use(await ResettableConnection.connect(client.port));
    lost.write("half of the data");
    await until(() => lost.received === "half of the data", AT_ONCE_MS, "the echo");
    await first.kill();
    await s.server(user.port, first.port);
    assertEquals(await within(lost.ending, AT_ONCE_MS, "the end of the lost connection"), "ECONNRESET");
    await client.logged(/\bcut\b/, AT_ONCE_MS);
    using again = await connectTo(client.port);
    await within(roundTrip(again, "a new session"), AT_ONCE_MS, "an echo through the new server");
    assert(client.status === undefined, "the client went on");
  }),
);
