/** How a tunnel starts, with somebody who wants to know how it goes. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { systemClock } from "../../../../lib/net/clock.ts";
import { silentLog } from "../../../../lib/net/log.ts";
import { MemoryBudget } from "../../../../lib/session/memory_budget.ts";
import { startRole, startTunnel } from "../../../../lib/tunnel/roles/start_role.ts";
import { clientOptions, serverOptions } from "../../../support/command_lines.ts";
import { aStatus } from "../../../support/status_world.ts";

const SERVER = ["--server", "--in=127.0.0.1:22", "--out=127.0.0.1:0"];

/** Starts a role; the result has the URL of its status, if it logs one. */
async function start(command: Parameters<typeof startRole>[0]) {
  let url: string | undefined;
  const running = await startRole(command, (_level, message) => url ??= /http:[^ ]+/.exec(message)?.[0]);
  return { running, url };
}

Deno.test("a role with a status address tells how it goes there, and closes it when it stops", async () => {
  const server = await start({ kind: "server", options: serverOptions([...SERVER, "--status=127.0.0.1:0"]) });
  const flags = ["--client", `--out=${server.running.listens[0]}`, "--in=127.0.0.1:0", "--status=127.0.0.1:0"];
  const client = await start({ kind: "client", options: clientOptions(flags) });
  const sessionsAt = async (url: string | undefined) => await (await fetch(`${url}api/sessions`)).json();
  for (;;) {
    const { state } = await sessionsAt(client.url);
    if (state === "serving") break;
  }
  const [near, far] = [await sessionsAt(client.url), await sessionsAt(server.url)];
  assertEquals([near.role, far.role, near.sessions[0].id], ["client", "server", far.sessions[0].id]);
  await client.running.stop("the test ends");
  await server.running.stop("the test ends");
  await assertRejects(() => fetch(`${server.url}healthz`));
});

Deno.test("a role that cannot start leaves no status address open", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  const flags = ["--server", "--in=127.0.0.1:22", `--out=127.0.0.1:${taken.addr.port}`, `--status=127.0.0.1:${port}`];
  const error = await assertRejects(() => startRole({ kind: "server", options: serverOptions(flags) }, silentLog));
  assertMatch(String(error), /another program does/);
  taken.close();
  await assertRejects(() => fetch(`http://127.0.0.1:${port}/healthz`));
});

Deno.test("a tunnel is reported from its start to its stop, by its name; one that cannot start is not", async () => {
  const status = aStatus();
  const shared = { memory: new MemoryBudget(Infinity), status };
  const names = () => status.report().tunnels.map(({ name }) => name);
  const running = await startTunnel(
    { kind: "server", options: serverOptions(SERVER) },
    silentLog,
    systemClock,
    shared,
    "office",
  );
  assertEquals([names(), running.isDraining], [["office"], false]);
  const flags = ["--server", "--in=127.0.0.1:22", `--out=${running.listens[0]}`];
  await assertRejects(() =>
    startTunnel({ kind: "server", options: serverOptions(flags) }, silentLog, systemClock, shared, "other")
  );
  assertEquals(names(), ["office"]);
  await running.stop("the test ends");
  assertEquals(names(), []);
});
