import { assertEquals, assertRejects } from "@std/assert";
import { systemHost } from "../../../../lib/tunnel/service/system_host.ts";

Deno.test("a file is written with its folder, read and removed, and one that is not there is no error", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/a/b.service`;
    assertEquals(await systemHost.read(file), undefined);
    await systemHost.write(file, "text");
    assertEquals(await systemHost.read(file), "text");
    await systemHost.remove(file);
    assertEquals(await systemHost.read(file), undefined);
    await assertRejects(() => systemHost.write(folder, "text"), Error, `${folder} cannot be written: `);
    await assertRejects(() => systemHost.read(folder), Error, `${folder} cannot be read: `);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a program that is not there is an error that names it", async () => {
  await assertRejects(() => systemHost.run(["tele-no-such-program"]), Error, "tele-no-such-program cannot be started");
});
