import { assertEquals } from "@std/assert";
import { readEnvironment } from "../../../../lib/tunnel/command_line/command_environment.ts";

Deno.test("the environment's token and proxies are read as they are now", () => {
  const names = Object.keys(readEnvironment());
  assertEquals(names.filter((name) => /proxy/i.test(name)).length, 6);
  const before = Deno.env.get("TELE_TOKEN");
  try {
    Deno.env.set("TELE_TOKEN", "a secret of a test");
    assertEquals(readEnvironment().TELE_TOKEN, "a secret of a test");
    Deno.env.delete("TELE_TOKEN");
    assertEquals(readEnvironment().TELE_TOKEN, undefined);
  } finally {
    if (before !== undefined) Deno.env.set("TELE_TOKEN", before);
  }
});
