/** `--workers`: one of them stands still for a while, as one does that computes without end, or waits for a disk. */
import { assert, assertEquals } from "@std/assert";
import { FleetProcesses } from "../support/fleet_processes.ts";
import { scenario } from "../support/scenario.ts";
import { Switch } from "../support/switch.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { pause, within } from "../support/wait.ts";
import { isAlive, workersOf } from "../support/worker_processes.ts";

/** Several processes listen on one port there only. */
const ignore = Deno.build.os !== "linux";

/** How long it stands still, in seconds. */
const STOPPED_S = Number(Deno.env.get("TELE_OUTAGE_SECONDS") ?? 6);

/** How often the carriers of a client are cut, each time to ask for its session anew. */
const CUTS = 16;

/** How soon those are served who come meanwhile. A test fails at ten times that: machines may be busy. */
const SERVED_BAR_MS = 4_000;

/** The worker that has the first session: its number, and its process. The oldest child is worker 1. */
function ownerIn(server: TeleProcess): { number: number; pid: number } {
  const number = Number(/worker (\d): session \S+ began, from/.exec(server.log.join("\n"))?.[1]);
  return { number, pid: workersOf(server)[number - 1]! };
}

/** How it goes with each worker, as the status tells it. */
async function statesAt(status: string): Promise<string[]> {
  const report = await (await fetch(`http://${status}/api/sessions`)).json();
  return report.tunnels.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`);
}

Deno.test({
  name:
    `a worker that stands still for ${STOPPED_S} s costs its users time only; others are served, and status and log tell it`,
  ignore,
  fn: scenario(180_000 + STOPPED_S * 1000, async (s) => {
    const user = s.use(new UserServer(echo));
    const status = `127.0.0.1:${freePort()}`;
    const server = await s.server(user.port, freePort(), { args: ["--workers=2", `--status=${status}`] });
    const client = await s.client(server.port);
    using old = await connectTo(client.port);
    await roundTrip(old, "before");
    const { number, pid } = ownerIn(server);
    Deno.kill(pid, "SIGSTOP");
    s.defer(() => isAlive(pid) && Deno.kill(pid, "SIGCONT"));
    const stoppedAt = performance.now();
    const word = roundTrip(old, "meanwhile");
    assert((await statesAt(status)).includes(`worker ${number} silent`));
    for (let at = 0; at < 4; at++) {
      const newcomer = await s.client(server.port);
      const startMs = performance.now();
      using connection = await connectTo(newcomer.port);
      await roundTrip(connection, `newcomer ${at}`);
      const tookMs = performance.now() - startMs;
      assert(tookMs < 10 * SERVED_BAR_MS, `served after ${tookMs} ms`);
    }
    await server.logged(/worker [0-9a-f]{16}, which holds a session, cannot be reached/, 60_000);
    await pause(Math.max(0, STOPPED_S * 1000 - (performance.now() - stoppedAt)));
    Deno.kill(pid, "SIGCONT");
    await within(word, 60_000, "the echo behind the pause");
    await within(roundTrip(old, "as ever"), 20_000, "one more");
    const began = server.log.filter((line) => /session \S+ began, from/.test(line));
    assertEquals(began.filter((line) => line.includes(`worker ${number}:`)).length, 1, "the others have the newcomers");
    assertEquals(server.log.filter((line) => /session \S+ ended/.test(line)), [], "and nobody has lost a session");
    for (let look = 0; look < 20; look++) {
      if ((await statesAt(status)).every((state) => state.endsWith(" serving"))) break;
      await pause(500);
    }
    assertEquals(await statesAt(status), ["worker 1 serving", "worker 2 serving"]);
  }),
});

Deno.test({
  name: "a server finds the owner of a session behind another's node, though a worker beside that one stands still",
  ignore,
  fn: scenario(240_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const fleet = await FleetProcesses.start(s, { user, count: 2, flags: ["--workers=2"] });
    const balancer = s.use(await Switch.start({ to: fleet.ports }));
    const client = await s.start("client", ["--in=127.0.0.1:0", `--out=127.0.0.1:${balancer.port}`]);
    using connection = await connectTo(client.port);
    await roundTrip(connection, "before");
    const [server, other] = [fleet.servers[fleet.owner]!, fleet.servers[1 - fleet.owner]!];
    const beside = workersOf(server).find((pid) => pid !== ownerIn(server).pid)!;
    balancer.only = 1 - fleet.owner;
    Deno.kill(beside, "SIGSTOP");
    s.defer(() => isAlive(beside) && Deno.kill(beside, "SIGCONT"));
    for (let cut = 0; cut < CUTS; cut++) {
      balancer.cut();
      await within(roundTrip(connection, `behind cut ${cut}`), 40_000, `an echo behind cut ${cut}`);
    }
    assertEquals(user.accepted, 1, "nobody was connected anew");
    // The system gives that one half of all questions; each alone would be in vain.
    const inVain = other.log.filter((line) =>
      /the tele server at \S+, which holds a session, cannot be reached/.test(line)
    );
    assert(inVain.length <= 2, `${inVain.length} of at least ${CUTS} questions were in vain`);
  }),
});
