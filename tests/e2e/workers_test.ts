/** `--workers`: several processes do the work of one, and are replaced, killed and left behind. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { KeyFiles } from "../support/key_files.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, endingOf, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";
import { isAlive, workersOf } from "../support/worker_processes.ts";

/** Several processes listen on one port there only. */
const ignore = Deno.build.os !== "linux";

/** How soon those are served again whose worker was killed. A test fails at ten times that: machines may be busy. */
const SERVED_BAR_MS = 2_000;

/** The folder in which a server's workers meet, as the first of them has its socket there. */
function folderOf(server: TeleProcess): string {
  const sockets = new Map(
    Deno.readTextFileSync("/proc/net/unix").split("\n").map((line) => line.trim().split(/\s+/))
      .filter(([, , , , , , , path]) => path?.includes("/tele-workers-")).map((words) => [words[6], words[7]]),
  );
  for (const pid of workersOf(server)) {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      const link = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
      const path = sockets.get(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? "");
      if (path !== undefined) return path.replace(/\/[^/]*$/, "");
    }
  }
  throw new Error("no worker listens on a socket in a folder");
}

/** Starts a server with workers. */
function workers(s: Scenario, user: UserServer, count = 2, args: string[] = []): Promise<TeleProcess> {
  return s.server(user.port, freePort(), { args: [`--workers=${count}`, ...args] });
}

/** Clients with a connection each, which echoes. */
async function connected(s: Scenario, server: TeleProcess, count: number) {
  const clients = await Promise.all(Array.from({ length: count }, () => s.client(server.port)));
  const connections = await Promise.all(clients.map(async (client) => {
    const connection = await connectTo(client.port);
    s.defer(() => connection.close());
    await roundTrip(connection, "first");
    return connection;
  }));
  return { clients, connections };
}

/** Of those that drain, the one with a stream stays. */
async function onlyOneIsLeft(pids: number[]): Promise<void> {
  await until(() => pids.filter(isAlive).length <= 1, 20_000, "the end of the old worker without a stream");
  assertEquals(pids.filter(isAlive).length, 1, "the old worker with a stream is there");
}

/** A user opens a connection, is answered and ends. */
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

/** 200 users a second for three seconds, with `change` in the middle of them. */
async function usersDuring(port: number, change: () => void): Promise<void> {
  const users: Promise<void>[] = [], failed: unknown[] = [];
  const start = performance.now();
  for (let at = 0; at < 600; at++) {
    await pause(Math.max(0, start + at * 5 - performance.now()));
    users.push(oneUser(port, `user ${at}`).catch((error) => void failed.push(error)));
    if (at === 150) change();
  }
  await within(Promise.all(users), 30_000, "the end of all users");
  assertEquals(failed, []);
}

Deno.test({
  name: "a worker of a server is killed: only its clients' streams are cut, and they are served again soon",
  ignore,
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await workers(s, user);
    assertMatch(server.readyLine, /, by 2 workers$/);
    const before = workersOf(server);
    assertEquals(before.length, 2);
    const { clients, connections } = await connected(s, server, 8);
    const killed = before[0]!;
    const mark = server.log.length;
    Deno.kill(killed, "SIGKILL");
    await server.logged(/worker (\d) was killed by SIGKILL; another starts in 0\.1 s/, 5_000, mark);
    // A cut stream is reset; another one answers.
    const isCut = await Promise.all(
      connections.map((connection) => roundTrip(connection, "second").then(() => false, () => true)),
    );
    const cut = isCut.filter(Boolean).length;
    const began = server.log.slice(0, mark).filter((line) => /session \S+ began/.test(line));
    const numberOfKilled = /worker (\d) was killed/.exec(server.log.slice(mark).join("\n"))?.[1];
    const ofKilled = began.filter((line) => line.includes(`worker ${numberOfKilled}:`)).length;
    assertEquals(cut, ofKilled, "as many as it had sessions");
    const start = performance.now();
    await Promise.all(clients.map((client) => oneUser(client.port, "third")));
    assert(performance.now() - start < 10 * SERVED_BAR_MS, `served again after ${performance.now() - start} ms`);
    await server.logged(/worker \d listens again/, 10_000, mark);
    const after = workersOf(server);
    assertEquals(after.length, 2);
    assert(!after.includes(killed) && after.includes(before[1]!));
    assertEquals((await server.stop()).code, 0);
    await until(() => !after.some(isAlive), 5_000, "the end of all workers");
  }),
});

for (const isSealed of [false, true]) {
  Deno.test({
    name: `carriers that are cut come back through whichever worker, ${isSealed ? "sealed" : "in plain"}`,
    ignore,
    fn: scenario(120_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const { tokenArgs } = await KeyFiles.make(s.home);
      const args = isSealed ? tokenArgs : [];
      const server = await workers(s, user, 2, ["--log-level=debug", ...args]);
      const breaker = await s.breaker(server.port);
      const clients = await Promise.all([1, 2, 3].map(() => s.client(breaker.port, 0, { args })));
      const connections = await Promise.all(clients.map(({ port }) => connectTo(port)));
      s.defer(() => connections.forEach((connection) => connection.close()));
      for (let round = 0; round < 8; round++) {
        await Promise.all(connections.map((connection) => roundTrip(connection, `round ${round}`)));
        breaker.reset();
      }
      await Promise.all(connections.map((connection) => roundTrip(connection, "last")));
      await server.logged(/passed on to worker [0-9a-f]{16}/, 1_000);
      const folder = folderOf(server);
      assertEquals((await Deno.stat(folder)).mode! & 0o777, 0o700);
      await server.stop();
      assertEquals(await Deno.stat(folder).then(() => "there", () => "gone"), "gone");
    }),
  });
}

Deno.test({
  name: "the parent is killed: no stream is cut, and each worker ends with its last one",
  ignore,
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await workers(s, user);
    const all = workersOf(server);
    const { connections } = await connected(s, server, 4);
    const folder = folderOf(server);
    // Should the test fail, they would wait for their clients.
    s.defer(() => all.filter(isAlive).forEach((pid) => Deno.kill(pid, "SIGTERM")));
    server.signal("SIGKILL");
    await until(() => !isAlive(server.pid), 5_000, "the end of the parent");
    await pause(1_000);
    for (const connection of connections) await roundTrip(connection, "behind it");
    for (const connection of connections) {
      await connection.closeWrite();
      assertEquals(await endingOf(connection), "end");
    }
    await until(() => !all.some(isAlive), 15_000, "the end of all workers");
    assertEquals(await Deno.stat(folder).then(() => "there", () => "gone"), "gone");
  }),
});

Deno.test({
  name: "a server is upgraded while 200 users a second come: none is refused, none is lost, the old one's go on",
  ignore,
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await workers(s, user);
    const before = workersOf(server);
    const { clients: [client], connections: [long] } = await connected(s, server, 1);
    await usersDuring(client!.port, () => server.signal("SIGUSR2"));
    await server.logged(/the new workers listen/, 10_000);
    await roundTrip(long!, "through the old one");
    await onlyOneIsLeft(before);
    await long!.closeWrite();
    assertEquals(await endingOf(long!), "end");
    await until(() => !before.some(isAlive), 10_000, "the end of the old workers");
    await oneUser(client!.port, "by the new ones");
  }),
});

Deno.test({
  name: "a client is upgraded while 200 users a second come: none is refused, none is lost, the old one's go on",
  ignore,
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port);
    const client = await s.client(server.port, freePort(), { args: ["--workers=2"] });
    const before = workersOf(client);
    const long = await connectTo(client.port);
    s.defer(() => long.close());
    await roundTrip(long, "before");
    await usersDuring(client.port, () => client.signal("SIGUSR2"));
    await client.logged(/the new workers listen/, 10_000);
    await roundTrip(long, "through the old one");
    await onlyOneIsLeft(before);
    await long.closeWrite();
    assertEquals(await endingOf(long), "end");
    await until(() => !before.some(isAlive), 10_000, "the end of the old workers");
    assertEquals((await client.stop("SIGINT")).code, 0);
  }),
});

Deno.test({
  name: "a program that does not start leaves the workers that there are",
  ignore,
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const token = `${s.home}/token`;
    await Deno.writeTextFile(token, "a token of more than sixteen letters\n", { mode: 0o600 });
    const server = await workers(s, user, 1, [`--token-file=${token}`]);
    const before = workersOf(server);
    await Deno.remove(token);
    server.signal("SIGUSR2");
    await server.logged(/nothing changes, for the new program does not start: worker 1 ended with exit code 1/, 10_000);
    assertEquals(workersOf(server), before);
    assertNotEquals(before.length, 0);
    assertEquals((await server.stop("SIGQUIT")).code, 0);
  }),
});

Deno.test({
  name: "one status address tells of all workers, also of those that drain behind an upgrade",
  ignore,
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const status = `127.0.0.1:${freePort()}`;
    const server = await workers(s, user, 2, [`--status=${status}`]);
    const ask = async (path: string) => {
      const answer = await fetch(`http://${status}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    const { connections } = await connected(s, server, 4);
    const report = JSON.parse((await ask("/api/sessions")).text);
    assertEquals(report.tunnels.map(({ name }: { name: string }) => name), ["worker 1", "worker 2"]);
    assertEquals([report.sessions.length, report.streamsOpen, report.state], [4, 4, "serving"]);
    for (const { tunnel } of report.sessions) assertMatch(tunnel, /^worker [12]$/);
    const { text: metrics } = await ask("/metrics");
    for (const worker of [1, 2]) {
      assertMatch(metrics, new RegExp(`^tele_\\w+\\{worker="${worker}",generation="0"`, "m"));
    }
    assertEquals([(await ask("/healthz")).status, (await ask("/readyz")).status, (await ask("/")).status], [
      200,
      200,
      200,
    ]);
    server.signal("SIGUSR2");
    await server.logged(/the new workers listen/, 15_000);
    const after = JSON.parse((await ask("/api/sessions")).text);
    assertEquals([after.state, after.streamsOpen], ["serving", 4]);
    assert(after.tunnels.some(({ name }: { name: string }) => /^worker \d before upgrade 1$/.test(name)));
    assertEquals((await ask("/readyz")).status, 200);
    for (const connection of connections) await roundTrip(connection, "goes on");
    const events = await fetch(`http://${status}/api/events`);
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    assertMatch((await reader.read()).value ?? "", /^event: sessions\ndata: \{"version"/);
    await reader.cancel();
  }),
});

Deno.test({
  name: "a terminal's SIGINT reaches no worker of a parent that is deaf to it, and those of one that hears it once",
  ignore,
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    for (const option of ["--ignore-signal=INT", "--default-signal=INT"]) {
      // The group of a shell's job: signals to it are what a terminal sends.
      const wrap = ["setsid", "env", option];
      const server = await s.server(user.port, freePort(), { args: ["--workers=2"], wrap });
      const all = workersOf(server);
      assertEquals(all.length, 2);
      Deno.kill(-server.pid, "SIGINT");
      if (option.startsWith("--ignore")) {
        await pause(1_000);
        assertEquals(workersOf(server), all);
        assertEquals(server.log.filter((line) => /SIGINT/.test(line)), []);
        assertEquals((await server.stop()).code, 0);
      } else {
        assertEquals((await within(server.ended, 10_000, "the end of the parent")).code, 0);
        assertEquals(server.log.filter((line) => /worker \d: ended by SIGINT/.test(line)).length, 2);
      }
      assert(!all.some(isAlive));
    }
  }),
});

Deno.test({
  name: "a second parent on the same port is refused, and takes nobody from the first",
  ignore,
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await workers(s, user, 1);
    const second = await s.server(user.port, server.port, { args: ["--workers=1"] }).then(() => "", String);
    assertMatch(second, /another program does/);
  }),
});
