/** Unix sockets that are listened on: whose they are, and what is left of them. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dial } from "../../../lib/net/dial.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { inFolder } from "../../support/folder.ts";
import { onUnix } from "../../support/skip.ts";
import { listenFor } from "../../support/sockets.ts";
import { until } from "../../support/wait.ts";

for (const mode of [0o700, 0o755]) {
  const name = `in a folder of mode ${mode.toString(8)}`;
  Deno.test(
    `a unix socket is for its owner only, and its file goes with the listener, ${name}`,
    onUnix(),
    () =>
      inFolder(async (folder) => {
        await Deno.chmod(folder, mode);
        const path = `${folder}/socket`;
        const listening = await listenFor({ kind: "unix", path });
        assertEquals(listening.addresses, [`unix:${path}`]);
        assertEquals(listening.isExposed, false);
        assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
        const dialed = await dial({ kind: "unix", path });
        assertEquals(dialed.peer, `unix:${path}`);
        await until(() => listening.accepted.length === 1, 5_000, "the connection");
        assertEquals(listening.accepted[0]!.peer, `unix:${path}`, "who comes has no address but the one it came to");
        dialed.close();
        listening[Symbol.dispose]();
        await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
      }),
  );
}

Deno.test("a socket file that a killed process left is replaced", onUnix(), () =>
  inFolder(async (folder) => {
    const path = `${folder}/socket`;
    // What SIGKILL leaves: the file without a listener.
    const script = `Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} }); Deno.kill(Deno.pid, "SIGKILL");`;
    await new Deno.Command(Deno.execPath(), { args: ["eval", script], stderr: "null" }).output();
    assert((await Deno.lstat(path)).isSocket);
    using listening = await listenFor({ kind: "unix", path });
    (await dial({ kind: "unix", path })).close();
    await until(() => listening.accepted.length === 1, 5_000, "the connection");
  }));

Deno.test("a socket on which another program listens is left alone", onUnix(), () =>
  inFolder(async (folder) => {
    const path = `${folder}/socket`;
    using first = await listenFor({ kind: "unix", path });
    const error = await assertRejects(() => listenFor({ kind: "unix", path }), TeleError);
    assertEquals(error.code, "bad-input");
    assertEquals(error.message, `cannot listen on unix:${path}: another program does; choose another path`);
    const before = first.accepted.length;
    (await dial({ kind: "unix", path })).close();
    await until(() => first.accepted.length === before + 1, 5_000, "the connection to the first");
  }));

Deno.test("a file that is no socket is never removed", onUnix(), () =>
  inFolder(async (folder) => {
    const path = `${folder}/precious`;
    await Deno.writeTextFile(path, "data");
    const error = await assertRejects(() => listenFor({ kind: "unix", path }), TeleError);
    assertEquals(error.message, `cannot listen on unix:${path}: a file that is no socket is there`);
    assertEquals(await Deno.readTextFile(path), "data");
  }));

Deno.test("a unix socket in a folder that does not exist is told with its path", onUnix(), async () => {
  const error = await assertRejects(() => listenFor({ kind: "unix", path: "/no/such/folder/socket" }), TeleError);
  assertEquals(error.code, "bad-input");
  assertStringIncludes(error.message, "cannot listen on unix:/no/such/folder/socket: ");
});
