import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { SystemPrograms } from "../../../../lib/tunnel/ssh/programs.ts";
import { onUnix, program } from "../../../support/skip.ts";

Deno.test({
  name: "a program's answer is its lines and its exit code",
  ...onUnix("sh"),
  fn: async () => {
    const programs = new SystemPrograms();
    const asked = await programs.ask([program("sh"), "-c", "read -r a; echo one; printf $a; exit 3"], "two\n");
    assertEquals(asked, { code: 3, lines: ["one", "two"] });
    assertEquals(await programs.ask([program("sh"), "-c", "exec <&-; exit 255"], "x".repeat(200_000)), {
      code: 255,
      lines: [],
    });
  },
});

Deno.test({
  name: "a program that is run gets variables, and its exit code is told",
  ...onUnix("sh"),
  fn: async () => {
    const code = await new SystemPrograms().run([program("sh"), "-c", "exit $CODE"], { CODE: "7" });
    assertEquals(code, 7);
  },
});

Deno.test({
  name: "a signal ends the program that runs, or else the next one",
  ...onUnix("sh"),
  fn: async () => {
    const programs = new SystemPrograms();
    const running = programs.run([program("sh"), "-c", "exec sleep 60"], {});
    programs.signal("SIGTERM");
    assertEquals(await running, 143);
    assertEquals(await programs.run([program("sh"), "-c", "exec sleep 60"], {}), 143);
  },
});

Deno.test("a program that is not there is named, with what to install", async () => {
  const programs = new SystemPrograms();
  await assertRejects(() => programs.ask(["no-such-ssh"], ""), TeleError, "there is no program no-such-ssh: install");
});
