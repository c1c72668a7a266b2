/** Tests whose programs are missing. */
import { assert, assertEquals } from "@std/assert";
import { program, requires } from "../../support/skip.ts";

Deno.test("requires: present programs run, missing ones are ignored outside CI and fail inside", () => {
  assertEquals(requires("cat"), { ignore: false });
  assert(program("cat").endsWith("/cat"));
  const ci = Deno.env.get("CI");
  const said = console.error;
  try {
    console.error = () => {};
    Deno.env.delete("CI");
    assertEquals(requires("cat", "no-such-program"), { ignore: true });
    Deno.env.set("CI", "1");
    assertEquals(requires("cat", "no-such-program"), { ignore: false });
  } finally {
    console.error = said;
    if (ci === undefined) Deno.env.delete("CI");
    else Deno.env.set("CI", ci);
  }
  let message = "";
  try {
    program("no-such-program");
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(message, "this test needs no-such-program");
});
