import { assert, assertEquals, assertGreater, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { type Clock, systemClock, type Timer } from "../../../../lib/net/clock.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { silentLog } from "../../../../lib/net/log.ts";
import { MemoryBudget } from "../../../../lib/session/memory_budget.ts";
import { startClient } from "../../../../lib/tunnel/roles/client.ts";
import { startServer } from "../../../../lib/tunnel/roles/server.ts";
import type { Running } from "../../../../lib/tunnel/roles/running.ts";
import { clientOptions, serverOptions } from "../../../support/command_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { connectTo, echo, roundTrip, UserServer } from "../../../support/user_programs.ts";
import { within } from "../../../support/wait.ts";

/** A server with these flags, and what it logs; it is stopped after `body`. */
async function withServer(flags: string[], body: (server: Running, lines: string[]) => unknown, token?: string) {
  const lines: string[] = [];
  const clock = new FakeClock();
  const options = serverOptions(["--server", "--in=127.0.0.1:22", ...flags], { TELE_TOKEN: token });
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`);
  let server: Running | undefined;
  try {
    server = await startServer(options, log, clock);
    await body(server, lines);
  } finally {
    await server?.stop("the test ends");
    // A stranger may read its last word for a moment. The log must not count lines for longer.
    await clock.advance(2_000);
    // Also when it could not start: others of this process go on.
    assertEquals(clock.pendingTimers, 0, "nothing is looked at any more");
  }
}

/** The machine's clock, and its timers that have neither fired nor been cancelled. */
function countedTimers(): { clock: Clock; pending: Set<Timer> } {
  const pending = new Set<Timer>();
  const setTimer = (action: () => void, delayMs: number) => {
    const fired = systemClock.setTimer(() => (pending.delete(timer), action()), delayMs);
    const timer = { cancel: () => (pending.delete(timer), fired.cancel()) };
    pending.add(timer);
    return timer;
  };
  return { clock: { ...systemClock, setTimer }, pending };
}

Deno.test("a server that is ready says where clients connect, and what it leads to", async () => {
  await withServer(["--out=127.0.0.1:0"], ({ readyLine, listens, ended, status }, lines) => {
    assertMatch(
      readyLine,
      /^tele server ready: tele clients connect to 127\.0\.0\.1:\d+, user's server is 127\.0\.0\.1:22$/,
    );
    assertEquals(listens.length, 1);
    assertStringIncludes(readyLine, ` ${listens[0]},`);
    assertEquals([ended, status, lines], [undefined, undefined, []]);
  });
});

Deno.test("a server that everyone can reach warns once, unless a token guards it", async () => {
  await withServer(["--out=0.0.0.0:0"], ({ listens }, lines) => {
    const [line, ...others] = lines;
    assertEquals(others, []);
    assertStringIncludes(line!, `warn: anyone who can reach ${listens[0]} can connect to 127.0.0.1:22 through it: `);
    assertStringIncludes(line!, "--token-file=FILE lets in only clients that have the same token");
  });
  // Deno 2.6.8 cannot seal.
  const guarded = ["--out=0.0.0.0:0", "--encryption=never"];
  await withServer(guarded, (_server, lines) => assertEquals(lines, []), "correct horse battery");
});

Deno.test("a server whose port is taken asks whether --in and --out are swapped", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const starting = () => withServer([`--out=127.0.0.1:${taken.addr.port}`], () => {});
  const error = await assertRejects(starting, TeleError, "another program does; choose another port");
  assertEquals(error.code, "bad-input");
  assertStringIncludes(error.message, "if it is the user's server, give its address to --in, and to --out a port for");
});

Deno.test("a server that cannot read its token does not start", async () => {
  const error = await assertRejects(() => withServer(["--token-file=/no/such/file"], () => {}), TeleError);
  assertEquals(error.code, "bad-input");
  assertStringIncludes(error.message, "cannot read the token from --token-file=/no/such/file: there is no such file");
});

Deno.test("SIGUSR1 is nothing to a server, which says so only to who looks closely", async () => {
  await withServer(["--out=127.0.0.1:0"], (server, lines) => {
    server.tryNow();
    assertEquals(lines, ["debug: SIGUSR1 is for clients: a server waits until they come"]);
  });
});

Deno.test("who has mistaken the server's port for the user's is told so, and one line warns, but for a web client", async () => {
  await withServer(["--out=127.0.0.1:0"], async ({ listens }, lines) => {
    const hint = "users' programs connect to the tele client's port";
    for (const words of ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n"]) {
      const stranger = await Deno.connect({ hostname: "127.0.0.1", port: Number(listens[0]!.split(":")[1]) });
      await stranger.write(new TextEncoder().encode(words));
      const told = await within(new Response(stranger.readable).text(), 5_000, "the end of the stranger's connection");
      assert(told.trimEnd().endsWith(hint), told);
    }
    const warnings = lines.filter((line) => line.startsWith("warn"));
    assertEquals(warnings.map((line) => line.slice(-hint.length)), [hint]);
  });
});

Deno.test("a server tells its services, and which of those in lines of tokens it does not have", async () => {
  const file = await Deno.makeTempFile();
  try {
    const token = "correct horse battery".replaceAll(" ", "-");
    await Deno.writeTextFile(file, `alice ${token} services=db,dbb,*\n* ${token}2 services=dbb,web\n`, { mode: 0o600 });
    await Deno.chmod(file, 0o600);
    const flags = ["--out=127.0.0.1:0", "--service=db=:5432", "--service=web=unix:/run/web", `--token-file=${file}`];
    await withServer([...flags, "--encryption=never"], ({ readyLine }, lines) => {
      assertMatch(
        readyLine,
        /, user's server is 127\.0\.0\.1:22, service db is :5432, service web is unix:\/run\/web$/,
      );
      assertEquals(lines, [
        "warn: services=dbb in the token file allows what this server does not have: give --service=dbb=ADDR too",
      ]);
    });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a server says where it listens for services of clients, and which in lines of tokens it does not", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "alice correct-horse-battery reverse=db,dbb\nbob correct-horse-battery2\n");
    await Deno.chmod(file, 0o600);
    const flags = [
      "--out=127.0.0.1:0",
      "--reverse-listen=127.0.0.1:0=db",
      `--token-file=${file}`,
      "--encryption=never",
    ];
    await withServer(flags, ({ readyLine, listens }, lines) => {
      assertEquals(listens.length, 2);
      assertStringIncludes(readyLine, `, user's clients connect to ${listens[1]} for db`);
      const what = "reverse=dbb in the token file allows what this server does not have";
      assertEquals(lines, [`warn: ${what}: give --reverse-listen=ADDR=dbb too`]);
    });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a server whose place for a client's service is taken does not start, and leaves nothing open", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const flags = ["--out=127.0.0.1:0", `--reverse-listen=127.0.0.1:${taken.addr.port}=db`];
  await assertRejects(() => withServer(flags, () => {}), TeleError, "another program does; choose another port");
});

Deno.test("a server that everyone can reach says that anyone can offer services to its users", async () => {
  await withServer(["--out=0.0.0.0:0", "--reverse-listen=127.0.0.1:0=db"], (_server, [line]) => {
    assertStringIncludes(line!, "can connect to 127.0.0.1:22 through it, and offer db to its users: --token-file=FILE");
  });
});

/** Connects and reads: `null` if it is reset, perhaps at once. On Deno 2.6 a reset is an end of file. */
async function readOne(port: number): Promise<number | null> {
  try {
    using connection = await connectTo(port);
    return await within(connection.read(new Uint8Array(1)), 5_000, "the end of a user whom nobody serves");
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return null;
    throw error;
  }
}

Deno.test("a user of the server's side reaches what a client offers, and is reset where none does", async () => {
  await using user = new UserServer(echo);
  const flags = ["--out=127.0.0.1:0", "--reverse-listen=127.0.0.1:0=db"];
  const lines: string[] = [];
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`);
  const server = await startServer(serverOptions(["--server", ...flags]), log);
  const [out, door] = server.listens;
  const portOf = (address: string) => Number(address.split(":").at(-1));
  assertEquals(await readOne(portOf(door!)), null);
  assertMatch(lines.join("\n"), /warn: stream refused \(127.*\): no tele client offers db at the moment/);
  const options = clientOptions(["--client", `--out=${out}`, `--reverse=db=127.0.0.1:${user.port}`]);
  // What this user's state folder says of it is not the test's.
  const client = await startClient({ ...options, isOnlyClient: true }, silentLog);
  assertStringIncludes(client.readyLine, `ready: offered as db is 127.0.0.1:${user.port}, tele server is ${out}`);
  while (!lines.some((line) => line.includes("has the name db"))) await new Promise((done) => setTimeout(done, 5));
  using connection = await connectTo(portOf(door!));
  await roundTrip(connection, "x".repeat(64 * 1024));
  await client.stop("the test ends");
  await server.stop("the test ends");
});

Deno.test("tunnels of a process share one budget, and give back what they held of it, and wait for nothing", async () => {
  const { clock, pending } = countedTimers();
  const memory = new MemoryBudget(64 * 1024 * 1024);
  const start = (role: "server" | "client", flags: string[]) =>
    role === "server"
      ? startServer(serverOptions(["--server", ...flags, "--out=127.0.0.1:0"]), silentLog, clock, { memory })
      : startClient(clientOptions(["--client", ...flags, "--in=127.0.0.1:0"]), silentLog, clock, { memory });
  await using user = new UserServer(echo);
  const server = await start("server", [`--in=127.0.0.1:${user.port}`]);
  const client = await start("client", [`--out=${server.listens[0]}`]);
  using connection = await connectTo(Number(client.listens[0]?.split(":").at(-1)));
  await roundTrip(connection, "x".repeat(64 * 1024));
  assertGreater(memory.used, 0);
  await client.stop("the test ends");
  await server.stop("the test ends");
  // The stream that they cut was told, and the log counts such lines.
  assertEquals([memory.used, pending.size], [0, 0]);
});

Deno.test("a server without sessions is drained at once, says so, and tells more when it is asked again", async () => {
  await withServer(["--drain-timeout=10m"], async (server, lines) => {
    assertEquals([server.isDraining, server.connections()], [false, 0]);
    const drained = server.drain();
    assertEquals(server.isDraining, true);
    assertEquals(await within(drained, 5_000, "its end"), "drained");
    assertEquals(lines.filter((line) => line.includes("drain")), [
      "info: draining: takes nothing new, and ends when 0 connections are over, after 10 min (--drain-timeout) at the latest",
      "info: drained: nothing is left",
    ]);
  });
});
