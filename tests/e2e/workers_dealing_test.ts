/** `--workers`: which workers the carriers of clients come to. */
import { assert, assertEquals } from "@std/assert";
import { KeyFiles } from "../support/key_files.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { LATE_ATTEMPT, type TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";
import { isAlive, workersOf } from "../support/worker_processes.ts";

/** Several processes listen on one port there only. */
const ignore = Deno.build.os !== "linux";

const troublesOf = (log: readonly string[]) =>
  log.filter((line) => / (warn|error) |sent away|fault/i.test(line) && !LATE_ATTEMPT.test(line));

/** So many clients of `server`, each with a session of its own, in one process. */
async function manyClients(s: Scenario, { port: to }: TeleProcess, count: number, args: readonly string[] = []) {
  const file = `${s.home}/clients.toml`;
  const ports = Array.from({ length: count }, freePort);
  const options = args.map((arg) => arg.replace(/^--([^=]+)=(.*)$/, '$1 = "$2"'));
  const tunnels = ports.map((port, at) =>
    [
      "[[tunnel]]",
      `name = "c${at}"`,
      'role = "client"',
      `in = "127.0.0.1:${port}"`,
      `out = "127.0.0.1:${to}"`,
      ...options,
    ]
      .join("\n")
  );
  await Deno.writeTextFile(file, tunnels.join("\n\n"));
  const process = await s.start("config", [`--config=${file}`]);
  await until(() => process.output.length === count, 30_000, "the ready lines of all clients");
  return { process, ports };
}

for (const isSealed of [false, true]) {
  Deno.test({
    name:
      `behind an upgrade all new clients come to new workers, and so do the carriers of old sessions until all drain, ${
        isSealed ? "sealed" : "in plain"
      }`,
    ignore,
    fn: scenario(240_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const args = isSealed ? (await KeyFiles.make(s.home)).tokenArgs : [];
      const server = await s.server(user.port, freePort(), { args: ["--workers=2", "--log-level=debug", ...args] });
      const before = workersOf(server);
      const breaker = await s.breaker(server.port);
      const old = await s.client(breaker.port, 0, { args });
      const connection = s.use(await connectTo(old.port));
      await roundTrip(connection, "before");
      const mark = server.log.length;
      server.signal("SIGUSR2");
      await server.logged(/the new workers listen/, 20_000);
      await until(() => before.filter(isAlive).length === 1, 20_000, "the end of the old worker without a stream");
      const clients = await manyClients(s, server, 20, args);
      for (const port of clients.ports) {
        using next = await connectTo(port);
        await roundTrip(next, "of a new client");
      }
      assertEquals(troublesOf(clients.process.log), []);
      assertEquals(troublesOf(server.log.slice(mark)), []);
      for (let cut = 0; cut < 5; cut++) {
        breaker.reset();
        await roundTrip(connection, `behind cut ${cut}`);
      }
      const passed = server.log.slice(mark).filter((line) => /passed on to worker [0-9a-f]{16}/.test(line));
      assert(passed.length >= 5, `${passed.length} carriers were passed on`);
      assertEquals(before.filter(isAlive).length, 1, "and its worker is there");
      await clients.process.stop();
      server.signal("SIGQUIT");
      await until(() => workersOf(server).length === 1, 20_000, "the end of the new workers");
      breaker.reset();
      await roundTrip(connection, "when those that followed have ended");
      connection.close();
      assertEquals((await within(server.ended, 20_000, "the end of the server")).code, 0);
    }),
  });
}

for (const isSealed of [false, true]) {
  Deno.test({
    name: `eight clients that come at once are dealt to two workers evenly, in each of three starts, ${
      isSealed ? "sealed" : "in plain"
    }`,
    ignore,
    fn: scenario(240_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const args = isSealed ? (await KeyFiles.make(s.home)).tokenArgs : [];
      const dealt: string[] = [];
      // On a loaded machine a worker may not answer in time: such a start says nothing.
      for (let start = 0; start < 8 && dealt.length < 3; start++) {
        const server = await s.server(user.port, freePort(), { args: ["--workers=2", "--log-level=debug", ...args] });
        const clients = await manyClients(s, server, 8, args);
        for (const port of clients.ports) {
          using connection = await connectTo(port);
          await roundTrip(connection, "of a client");
        }
        const began = server.log.map((line) => /worker (\d): session \S+ began/.exec(line)?.[1]).filter(Boolean);
        assertEquals(began.length, 8);
        const ofOne = began.filter((worker) => worker === "1").length;
        if (!server.log.some((line) => /takes no session for now/.test(line))) dealt.push(`${ofOne}:${8 - ofOne}`);
        assertEquals(troublesOf([...server.log, ...clients.process.log]), []);
        await clients.process.stop();
        await server.stop();
      }
      assert(dealt.length > 0, "no start says anything");
      console.log(`dealt ${dealt.join(", ")}`);
      for (const each of dealt) assert(["3:5", "4:4", "5:3"].includes(each), each);
    }),
  });
}
