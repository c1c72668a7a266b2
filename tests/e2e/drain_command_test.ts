/** `tele drain`: a process is told to drain, and waited for; what is no tele is left alone. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { PERMISSIONS } from "../../scripts/compile/permissions.ts";
import { DrainCommand } from "../support/drain_command.ts";
import { scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";

/** Windows has no such signal. */
const ignore = Deno.build.os === "windows";

for (
  const [who, permissions] of [["all permissions", undefined], ["those of the compiled program", PERMISSIONS]] as const
) {
  Deno.test({
    name: `tele drain with ${who} lets a server end with its last connection, and says how many are left`,
    ignore,
    fn: scenario(120_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const status = `--status=127.0.0.1:${freePort()}`;
      const { server, port } = await s.tunnel(user.port, { server: { args: [status] } });
      const old = await connectTo(port);
      await roundTrip(old, "before");
      const draining = await DrainCommand.start(s, [`--pid=${server.pid}`, status], { permissions });
      await until(() => draining.said.includes("connections left: 1\n"), 30_000, "how many are left");
      await server.logged(/draining: takes nothing new/, 5_000);
      await roundTrip(old, "it goes on");
      old.close();
      assertEquals(await draining.end(), 0, draining.said);
      assertMatch(draining.said, new RegExp(`\ntele drain: process ${server.pid} has ended, after \\S+ \\S+\n$`));
      assertEquals((await within(server.ended, 5_000, "the end of the server")).code, 0);
    }),
  });
}

Deno.test({
  name: "tele drain leaves alone what is no tele, and says what to do where there is no process, and no status",
  ignore,
  fn: scenario(120_000, async (s) => {
    const ended = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
    await ended.status;
    for (const permissions of [undefined, PERMISSIONS]) {
      const none = await DrainCommand.start(s, [`--pid=${ended.pid}`], { permissions });
      assertEquals(await none.end(), 1);
      assertEquals(none.said, `tele: there is no process ${ended.pid}: say by --pid=N which one is to drain\n`);
      const other = await DrainCommand.start(s, [`--pid=${Deno.pid}`], { permissions });
      assertEquals(await other.end(), 1);
      assertStringIncludes(other.said, `tele: process ${Deno.pid} is no tele server or client but `);
    }
    const wrong = await DrainCommand.start(s, ["4711"]);
    assertEquals([await wrong.end(), wrong.said], [
      2,
      'tele: tele drain takes only options, and "4711" is none: write --pid=4711\n',
    ]);
    const help = await DrainCommand.start(s, ["--help"]);
    assertEquals(await help.end(), 0);
    assertMatch(help.said, /^tele drain: let a running tele end /);

    // A status that does not answer is told, and is no reason not to drain.
    const server = await s.server(freePort());
    const draining = await DrainCommand.start(s, [`--pid=${server.pid}`, `--status=127.0.0.1:${freePort()}`]);
    assertEquals(await draining.end(), 0);
    assertMatch(draining.said, /nobody listens there: start tele with --status on that address/);
    assertMatch(draining.said, /has ended, after/);
  }),
});

Deno.test({
  name: "where nothing tells what a process is, tele drain tells the first one alone, which is the tele of a container",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 || requires("unshare", "nsenter").ignore,
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    // Process 1 of a namespace; unshare ends with its exit code.
    const wrap = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
    const server = await s.server(user.port, 0, { wrap });
    const client = await s.client(server.port);
    const old = await connectTo(client.port);
    await roundTrip(old, "before");
    const children = Deno.readTextFileSync(`/proc/${server.pid}/task/${server.pid}/children`).trim();
    const inside = [program("nsenter"), `--target=${children}`, "--pid", "--mount", "--"];
    // As in an image without programs, and with the permissions of the compiled one.
    const options = { permissions: PERMISSIONS, wrap: inside, env: { PATH: `${s.home}/nothing` } };
    const other = await DrainCommand.start(s, ["--pid=2"], options);
    assertEquals(await other.end(), 1);
    assertMatch(
      other.said,
      /^tele: (nothing here tells what process 2 is, .* by: kill -QUIT 2|there is no process 2: )/,
    );
    const draining = await DrainCommand.start(s, [], options);
    await server.logged(/draining: takes nothing new/, 30_000);
    await roundTrip(old, "it goes on");
    assertMatch(draining.said, /^tele drain: process 1 takes nothing new; this waits until it has ended\n/);
    await pause(1_200);
    old.close();
    assertEquals((await within(server.ended, 20_000, "the end of the server")).code, 0);
    // It ends with process 1, as everything in a container, and perhaps before it can say so.
    const code = await draining.end();
    assert(code === 0 || code === 137, `exit code ${code}`);
  }),
});
