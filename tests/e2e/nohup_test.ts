/** Signals that were ignored when the process began: who set that wants it to live. */
import { assert, assertEquals } from "@std/assert";
import { PERMISSIONS } from "../../scripts/compile/permissions.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { program } from "../support/skip.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";
import { pause } from "../support/wait.ts";

/** Windows has no `nohup`. */
const ignore = Deno.build.os === "windows";
/** What a shell without job control does to a job that it starts with `&`. */
const BACKGROUND = ["sh", "-c", `trap "" INT QUIT; exec "$@"`, "sh"];
/** A signal that ends a process ends it within this, many times over. */
const ENDS_MS = 700;

/** A tele server in front of an echo, started by `wrap`, and a client; both as the user's connection needs them. */
async function start(s: Scenario, wrap: string[], permissions?: readonly string[]): Promise<TeleProcess[]> {
  const user = s.use(new UserServer(echo));
  const [name, ...rest] = wrap;
  const options = { wrap: [program(name!), ...rest], permissions };
  const server = await s.server(user.port, 0, options);
  return [server, await s.client(server.port, 0, options)];
}

/** Both get the signal, and go on. */
async function outlive(processes: TeleProcess[], signal: Deno.Signal): Promise<void> {
  const client = processes[1]!;
  using connection = await connectTo(client.port);
  await roundTrip(connection, "before");
  for (const process of processes) process.signal(signal);
  await pause(ENDS_MS);
  assertEquals(processes.map(({ status }) => status), [undefined, undefined], `after ${signal}`);
  await roundTrip(connection, "after");
}

for (
  const [what, permissions] of [["all permissions", undefined], [
    "the compiled program's permissions",
    PERMISSIONS,
  ]] as const
) {
  Deno.test({
    name: `what nohup started outlives the end of its terminal, and ends politely when asked: with ${what}`,
    ignore,
    fn: scenario(60_000, async (s) => {
      const processes = await start(s, ["nohup"], permissions);
      await outlive(processes, "SIGHUP");
      for (const process of processes.reverse()) assertEquals((await process.stop("SIGTERM")).code, 0);
    }),
  });
}

Deno.test({
  name: "Ctrl-C does not end what a shell started in the background, and SIGHUP still does",
  // Elsewhere nobody tells which signals are ignored.
  ignore: Deno.build.os !== "linux",
  fn: scenario(60_000, async (s) => {
    const processes = await start(s, BACKGROUND);
    await outlive(processes, "SIGINT");
    const [server, client] = processes;
    for (const process of [client!, server!]) {
      assertEquals((await process.stop("SIGHUP")).code, 0);
      assert(process.log.some((line) => line.endsWith("ended by SIGHUP")), process.report());
    }
  }),
});
