/**
 * Tunnels that begin and end again and again in one process, as reloads of a configuration make them. What such a process
 * takes resident says little: V8 sets aside for what it has seen come and go.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { systemClock } from "../../lib/net/clock.ts";
import type { Log } from "../../lib/net/log.ts";
import { makeToken } from "../../lib/tunnel/files/token_file.ts";
import { budgetOf } from "../../lib/tunnel/roles/memory.ts";
import { RolesHere } from "../support/roles_here.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";
import { until } from "../support/wait.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const ROUNDS = 6;

/**
 * Carries a connection that ends and one that the end of both roles cuts.
 *
 * @returns The tunnel's log, which all its parts have: as long as it is held, one of them is.
 */
async function carryAndEnd(upstream: string, flags: string[]): Promise<WeakRef<Log>> {
  const log: Log = () => {};
  await using roles = await RolesHere.start(upstream, flags, flags, { log, memory });
  using cut = await connectTo(roles.port);
  await roundTrip(cut, "a line that comes back\n");
  using whole = await connectTo(roles.port);
  await roundTrip(whole, "another one\n");
  return new WeakRef(log);
}

/** Of all tunnels of the process, as with a configuration. */
const memory = budgetOf(undefined, systemClock);

for (const isSealed of [false, true]) {
  Deno.test(`nothing holds what has ended, ${isSealed ? "sealed" : "plain"}: neither a timer nor what all share`, async () => {
    await using user = new UserServer(echo);
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/token`, makeToken(), { mode: 0o600 });
    const flags = isSealed ? [`--token-file=${folder}/token`] : [];
    const logs: WeakRef<Log>[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      logs.push(await carryAndEnd(`127.0.0.1:${user.port}`, flags));
    }
    const held = () => {
      collect();
      return logs.flatMap((log, round) => log.deref() === undefined ? [] : [round]);
    };
    await until(() => held().length === 0, 10_000, "the end of what has ended").catch(() => {});
    assertEquals(held(), []);
    await Deno.remove(folder, { recursive: true });
  });
}
