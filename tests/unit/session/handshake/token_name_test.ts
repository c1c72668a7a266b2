import { assert, assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { checkTokenName, isTokenName } from "../../../../lib/session/handshake/token_name.ts";

Deno.test("a name is letters and digits of ASCII, and . _ @ - behind the first, 64 at the most", () => {
  for (const name of ["a", "0", "Alice", "web-1.example", "me@home_2", "x".repeat(64)]) assert(isTokenName(name), name);
  const others = [
    "",
    "-a",
    ".a",
    "_a",
    "*",
    "a b",
    "a\n",
    "a\t",
    "ä",
    "a=b",
    "a,b",
    "a#",
    'a"',
    "\ufeffa",
    "x".repeat(65),
  ];
  for (const name of others) assertEquals(isTokenName(name), false, name);
});

Deno.test("the error says what a name may be, and not what was given", () => {
  const error = assertThrows(() => checkTokenName("a secret!", "the first word"), TeleError, "the first word is not");
  assertEquals([error.code, error.message.includes("secret")], ["bad-input", false]);
  checkTokenName("alice", "the first word");
});
