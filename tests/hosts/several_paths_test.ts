/** A session over two real paths, each of which dies in turn and tells nobody. */
import { assertLess } from "@std/assert";
import { compileWan, makeLink } from "../../scripts/bench/link.ts";
import { requiresHosts } from "../support/namespace.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { program } from "../support/skip.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { pause, until } from "../support/wait.ts";

const WAN = new URL("../../scripts/bench/wan.c", import.meta.url).pathname;
const PATH = { roundTripMs: 40, megabitsPerSecond: 20, queueKib: 128 };
const KEY_MS = 20;

/** With one path a key waits for as long as that is dead. Less than a second does not hold while a machine is busy. */
const MOST_STILL_MS = 2_000;
const DEAD_MS = 5_000;

/** A user's server that echoes; unix sockets are in no network namespace. */
function serveEcho(s: Scenario, path: string): void {
  const listener = Deno.listen({ transport: "unix", path });
  s.defer(() => listener.close());
  (async () => {
    for await (const user of listener) user.readable.pipeTo(user.writable).catch(() => {});
  })();
}

/** Types a key every 20 ms. */
async function typist(s: Scenario, path: string): Promise<{ begin(): void; readonly longestMs: number }> {
  const user = await Deno.connect({ transport: "unix", path });
  const typing = setInterval(() => void user.write(new Uint8Array(1)).catch(() => {}), KEY_MS);
  s.defer(() => {
    clearInterval(typing);
    user.close();
  });
  const result = {
    longestMs: 0,
    begin() {
      lastMs = performance.now();
      result.longestMs = 0;
    },
  };
  let lastMs = performance.now();
  (async () => {
    for (const into = new Uint8Array(64); await user.read(into) !== null;) {
      result.longestMs = Math.max(result.longestMs, performance.now() - lastMs);
      lastMs = performance.now();
    }
  })().catch(() => {});
  return result;
}

function told({ log }: TeleProcess, host: string, what: string): number {
  return log.filter((line) => line.includes(`the path ${host}:40300 is ${what}`)).length;
}

Deno.test({
  name: "each of two paths dies silently and comes back: keys hardly wait, and a line tells each",
  ...requiresHosts("ip", "cc"),
  fn: scenario(120_000, async (s) => {
    const wan = await compileWan(s, WAN);
    if (wan === undefined) throw new Error(`there is no way to compile ${WAN} with ${program("cc")}`);
    const { near, far, paths } = await makeLink(s, wan, { paths: [PATH, PATH] });
    serveEcho(s, `${s.home}/echo.sock`);
    await s.start("server", [`--in=unix:${s.home}/echo.sock`, "--out=0.0.0.0:40300"], { wrap: [...far] });
    const outs = paths.map(({ farAddress }) => `--out=${farAddress}:40300`);
    const client = await s.start("client", [`--in=unix:${s.home}/keys.sock`, ...outs], { wrap: [...near] });
    const keys = await typist(s, `${s.home}/keys.sock`);
    await pause(2_000);
    for (const path of paths) {
      const downBefore = told(client, path.farAddress, "down");
      keys.begin();
      await path.die();
      await until(() => told(client, path.farAddress, "down") > downBefore, 20_000, "the line that a path is down");
      await pause(DEAD_MS);
      assertLess(keys.longestMs, MOST_STILL_MS, `while ${path.farAddress} was dead`);
      const upBefore = told(client, path.farAddress, "up");
      await path.revive();
      await until(() => told(client, path.farAddress, "up") > upBefore, 30_000, "the line that it is up");
      await pause(1_000);
    }
  }),
});
