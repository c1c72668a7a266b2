/** Starting a program; those that start are in tests/e2e/command_test.ts. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { startProcess } from "../../../../lib/net/command/command_process.ts";
import { TeleError } from "../../../../lib/net/error.ts";

Deno.test("a program that does not exist, or may not be started, is told by its name", async () => {
  const missing = assertThrows(() => startProcess(["no-such-program-of-tele", "-W"]), TeleError);
  assertEquals([missing.code, missing.message], [
    "refused",
    'there is no program "no-such-program-of-tele": install it, or write its path',
  ]);
  const file = await Deno.makeTempFile({ prefix: "tele-program-" });
  try {
    const { code, message } = assertThrows(() => startProcess([file]), TeleError);
    if (Deno.build.os === "windows") return;
    assertEquals(code, "refused");
    assertStringIncludes(message, `this user may not start ${JSON.stringify(file)}`);
  } finally {
    await Deno.remove(file);
  }
});
