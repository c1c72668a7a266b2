/** A line that is taken out of the token file of a fleet, whose servers have several workers each. */
import { assert, assertEquals } from "@std/assert";
import { FleetProcesses } from "../support/fleet_processes.ts";
import { scenario } from "../support/scenario.ts";
import { Switch } from "../support/switch.ts";
import { TokenFiles, typeOn } from "../support/token_files.ts";
import { echo, ResettableConnection, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

Deno.test({
  name:
    "a token that is withdrawn ends its client's sessions in each process, those that were passed on too; another types on",
  ignore: Deno.build.os !== "linux",
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const tokens = new TokenFiles(s.home);
    const [alice, bob] = [await tokens.give("alice"), await tokens.give("bob")];
    await tokens.put("alice", "bob");
    const flags = ["--workers=2", `--token-file=${tokens.path}`];
    const fleet = await FleetProcesses.start(s, { user, count: 2, flags });
    const balancer = s.use(await Switch.start({ to: fleet.ports }));
    const alices: ResettableConnection[] = [];
    // Two of each server, which are dealt to its workers.
    for (const at of [0, 0, 1, 1]) {
      balancer.only = at;
      const { port } = await s.client(balancer.port, 0, { args: alice });
      const connection = s.use(await ResettableConnection.connect(port));
      connection.write("hello");
      await until(() => connection.received === "hello", 20_000, "alice's echo");
      alices.push(connection);
    }
    balancer.only = 0;
    const { port } = await s.client(balancer.port, 0, { args: bob });
    let isOver = false;
    const bobs = typeOn(port, () => isOver);
    bobs.catch(() => {}); // It is awaited in the end.
    await until(() => user.open === 5, 20_000, "bob's connection");
    balancer.only = 1;
    balancer.cut();
    for (const connection of alices) connection.write(", again");
    await until(() => alices.every(({ received }) => received === "hello, again"), 20_000, "alice's echoes");
    const [first, second] = fleet.servers.map(({ log }) => log);
    assert(second!.some((line) => line.includes("passed on to the tele server at ")));
    await tokens.put("bob");
    const endings = Promise.all(alices.map(({ ending }) => ending));
    assertEquals(await within(endings, 30_000, "the end of all that is alice's"), alices.map(() => "ECONNRESET"));
    await until(() => user.open === 1, 10_000, "the end of her connections to the user's server");
    for (const log of [first!, second!]) {
      const ended = log.filter((line) =>
        /\(alice\) ended: the token of alice with which it began was taken/.test(line)
      );
      assertEquals(ended.length, 2, ended.join("\n"));
    }
    isOver = true;
    await bobs;
    assertEquals(user.accepted, 5, "bob was not connected anew");
  }),
});
