/** What a service may be called. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { checkServiceName, isServiceName } from "../../../../lib/session/handshake/service_name.ts";

Deno.test("a name has 1 to 64 small letters, digits, dots, underscores and dashes", () => {
  for (const name of ["a", "0", "-", "web-1.example_b", "x".repeat(64)]) assertEquals(isServiceName(name), true, name);
  for (const name of ["", "Db", "d b", "db\n", "dé", "a=b", "*", "a,b", "x".repeat(65)]) {
    assertEquals(isServiceName(name), false, name);
  }
});

Deno.test("a wrong name is refused with what a name may be", () => {
  checkServiceName("db", '"db"');
  const error = assertThrows(() => checkServiceName("Db", '"Db"'), TeleError);
  assertEquals(error.code, "bad-input");
  assertEquals(error.message, '"Db" is not the name of a service: that is 1 to 64 letters a-z, digits, and . _ -');
});
