import {
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { closedAreFree } from "../../../../lib/net/acceptor.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { startClient } from "../../../../lib/tunnel/roles/client.ts";
import type { Running } from "../../../../lib/tunnel/roles/running.ts";
import { clientOptions } from "../../../support/command_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { RolesHere } from "../../../support/roles_here.ts";
import { tlsTest } from "../../../support/tls_world.ts";
import { within } from "../../../support/wait.ts";

/** A client with these flags whose server is not there, and what it logs; it is stopped after `body`. */
async function withClient(flags: string[], body: (client: Running, lines: string[]) => unknown): Promise<void> {
  const lines: string[] = [];
  const clock = new FakeClock();
  const options = clientOptions(["--client", "--out=127.0.0.1:1", ...flags]);
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`);
  let client: Running | undefined;
  try {
    client = await startClient(options, log, clock);
    await body(client, lines);
  } finally {
    await client?.stop("the test ends");
    // Also when it could not start: others of this process go on.
    assertEquals(clock.pendingTimers, 0, "nothing is tried any more");
  }
}

/** Runs `body` where a client finds no folder for its state: that of this user is not the test's. */
async function withoutState(body: () => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile();
  const before = ["XDG_STATE_HOME", "LOCALAPPDATA"].map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const [name] of before) Deno.env.set(name, file);
    await body();
  } finally {
    for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    await Deno.remove(file);
  }
}

function portOf({ listens }: Running): number {
  return Number(listens[0]!.split(":").at(-1));
}

Deno.test("a client is ready before its server is, and says where users connect and where it goes", async () => {
  await withClient(["--in=127.0.0.1:0", "--carriers=2"], ({ readyLine, listens, status }, lines) => {
    assertEquals(
      readyLine,
      `tele client ready: user's clients connect to ${listens.join(" and ")}, tele server is 127.0.0.1:1`,
    );
    assertMatch(listens.join(), /^127\.0\.0\.1:\d+$/);
    const { carriers, wasUp } = status!();
    assertEquals([carriers, wasUp], [0, false]);
    assertEquals(lines.filter((line) => line.startsWith("warn: anyone")), []);
  });
});

Deno.test("a user that comes before the server is there waits as a stream, and is cut when the client ends", async () => {
  let ended: Promise<number | null> | undefined;
  await withClient(["--in=127.0.0.1:0"], async (client) => {
    const user = await Deno.connect({ hostname: "127.0.0.1", port: portOf(client) });
    await user.write(new Uint8Array(100));
    while (client.status!().streams === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    ended = user.read(new Uint8Array(1)).catch(() => null).finally(() => user.close());
  });
  assertEquals(await within(ended!, 5_000, "the end of the user's connection"), null);
});

Deno.test("a client that everyone can reach warns once, and says how to listen for this machine only", async () => {
  await withClient(["--in=0.0.0.0:0"], (client, lines) => {
    const warnings = lines.filter((line) => line.startsWith("warn: anyone"));
    assertEquals(warnings, [
      `warn: anyone who can reach 0.0.0.0:${portOf(client)} can use this tunnel: ` +
      "--in=:0 listens for this machine's programs only",
    ]);
  });
});

Deno.test("a client that is to listen on another machine asks whether --in and --out are swapped", () =>
  withoutState(async () => {
    const error = await assertRejects(() => withClient(["--in=192.0.2.1:40300"], () => {}), TeleError);
    assertEquals(error.code, "bad-input");
    assertStringIncludes(error.message, "cannot listen on 192.0.2.1:40300: this machine does not have that address");
    assertStringIncludes(error.message, "--out is the tele server: are the two swapped?");
  }));

Deno.test("a client whose port is taken does not ask that", () =>
  withoutState(async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const error = await assertRejects(() => withClient([`--in=127.0.0.1:${port}`], () => {}), TeleError);
    assertEquals(error.message, `cannot listen on 127.0.0.1:${port}: another program does; choose another port`);
  }));

Deno.test("SIGUSR1 makes a client try at once, and it says so", async () => {
  await withClient(["--in=127.0.0.1:0"], (client, lines) => {
    client.tryNow();
    assertEquals(lines.filter((line) => line.includes("SIGUSR1")), ["info: SIGUSR1: trying to reconnect at once"]);
  });
});

tlsTest("in RFD 80 mode there is no session to tell of, and a user that cannot be connected is refused", async () => {
  await withClient(["--in=127.0.0.1:0", "--protocol=x"], async (client, lines) => {
    assertEquals(client.status, undefined);
    assertStringIncludes(client.readyLine, "tele server is 127.0.0.1:1 (TLS)");
    client.tryNow();
    const user = await Deno.connect({ hostname: "127.0.0.1", port: portOf(client) });
    const { port } = user.localAddr as Deno.NetAddr;
    assertEquals(await user.read(new Uint8Array(1)).catch(() => null), null);
    user.close();
    assertEquals(lines, [
      "info: SIGUSR1: in RFD 80 mode there is no link that could be tried",
      `warn: stream refused (127.0.0.1:${port}): 127.0.0.1:1: connection refused`,
    ]);
  });
});

Deno.test("with a server there, what a user sends comes to the user's server, and the answer comes back", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const echoing = (async () => {
    const connection = await listener.accept();
    await connection.readable.pipeTo(connection.writable);
  })();
  await using roles = await RolesHere.start(`127.0.0.1:${listener.addr.port}`);
  using user = await Deno.connect({ hostname: "127.0.0.1", port: roles.port });
  await user.write(new TextEncoder().encode("there and back"));
  await user.closeWrite();
  const answer = await within(new Response(user.readable).text(), 5_000, "the answer");
  assertEquals(answer, "there and back");
  await echoing;
});

tlsTest(
  "in RFD 80 mode 64 connections are made at once, who gets no answer holds up others for a second, and has ten",
  async () => {
    // It takes connections, and answers none.
    const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const came: Deno.Conn[] = [];
    const coming = (async () => {
      for await (const connection of server) came.push(connection);
    })();
    const [clock, lines] = [new FakeClock(), [] as string[]];
    const flags = ["--client", "--in=127.0.0.1:0", `--out=127.0.0.1:${server.addr.port}`, "--tls", "--protocol=test"];
    const client = await startClient(clientOptions(flags), (_level, message) => void lines.push(message), clock);
    const connect = () => Deno.connect({ hostname: "127.0.0.1", port: portOf(client) });
    const users = await Promise.all(Array.from({ length: 100 }, connect));
    const cameInAll = async (count: number) => {
      while (came.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
      // Whoever is too early has time to come.
      await new Promise((resolve) => setTimeout(resolve, 100));
      return came.length;
    };
    const unanswered = () => lines.filter((line) => line.includes("no answer")).length;
    assertEquals(await cameInAll(64), 64);
    await clock.advance(999);
    assertEquals(await cameInAll(64), 64);
    // A server that answers nobody, or not everybody, keeps nobody from trying for longer.
    await clock.advance(1);
    assertEquals(await cameInAll(100), 100);
    await clock.advance(8_999);
    assertEquals(unanswered(), 0);
    await clock.advance(1);
    assertGreater(unanswered(), 0);
    assertGreaterOrEqual(clock.pendingTimers, 36, "the others wait for their answers");
    await client.stop("the test ends");
    server.close();
    await coming;
    for (const connection of [...came, ...users]) connection.close();
  },
);

Deno.test("a client stays the same when services are added, and is none on free ports alone", async () => {
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  await withoutState(async () => {
    await withClient(["--forward=127.0.0.1:0=db"], ({ listens, readyLine }, lines) => {
      assertStringIncludes(readyLine, `user's clients connect to ${listens[0]} for db, tele server is`);
      assertStringIncludes(lines.join(), "a tele client on a free port is another each time");
    });
    await withClient(["--forward=127.0.0.1:0=db", `--forward=127.0.0.1:${port}=web`], (_client, lines) => {
      assertEquals(lines.filter((line) => line.includes("free port")), []);
      assertStringIncludes(lines.join(), "cannot keep a client's identity");
    });
  });
});

Deno.test("a client that drains before its server is there keeps the users that wait, and lets go of its port", async () => {
  await withClient(["--in=127.0.0.1:0"], async (client, lines) => {
    const port = portOf(client);
    const user = await Deno.connect({ hostname: "127.0.0.1", port });
    while (client.connections() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    let reason: string | undefined;
    void client.drain().then((why) => reason = why);
    assertEquals(client.isDraining, true);
    await closedAreFree();
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    assertEquals([reason, client.connections()], [undefined, 1]);
    assertStringIncludes(lines.join("\n"), "ends when 1 connection is over, after 1 d (--drain-timeout) at the latest");
    user.close();
  });
});
