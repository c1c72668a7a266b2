/** Whether any process is behind the file of a unix socket. */
import { assertEquals } from "@std/assert";
import { isBound } from "../../../lib/net/bound_socket.ts";
import { inFolder } from "../../support/folder.ts";

Deno.test({
  name: "a socket is bound while a process listens or serves there, whatever becomes of its file",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/a b`;
      assertEquals(await isBound(path), false);
      const listener = Deno.listen({ transport: "unix", path });
      const [one, other] = await Promise.all([Deno.connect({ transport: "unix", path }), listener.accept()]);
      assertEquals([await isBound(path), await isBound(`${folder}/a`), await isBound(`${path}c`)], [
        true,
        false,
        false,
      ]);
      await Deno.remove(path);
      assertEquals(await isBound(path), true);
      listener.close();
      assertEquals(await isBound(path), true, "a connection that came by it is there");
      for (const each of [one, other]) each.close();
      assertEquals(await isBound(path), false);
    }),
});

Deno.test("where nobody can tell, it may be", async () => {
  assertEquals(await isBound("/run/a", () => Promise.reject(new Deno.errors.NotFound())), true);
});
