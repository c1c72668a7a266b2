import { assertEquals } from "@std/assert";
import { splitWords } from "../../../../lib/net/command/words.ts";
import { quoteWord, quoteWords } from "../../../../lib/tunnel/ssh/shell_words.ts";
import { onUnix, program } from "../../../support/skip.ts";

const WORDS = [
  "/opt/tele",
  "it's",
  "",
  "a b",
  "$HOME",
  "!!",
  "~",
  "*",
  `"`,
  "\\",
  "a;b",
  "100%",
  "ä",
  "-o",
  "`x`",
  "#",
];

Deno.test("quoted words come back as they were", () => {
  assertEquals(splitWords(quoteWords(WORDS), true), WORDS);
  assertEquals(quoteWord("alice@example.com:/x-y_z.1"), "alice@example.com:/x-y_z.1");
});

Deno.test({
  name: "a shell passes quoted words on as they are",
  ...onUnix("sh"),
  fn: async () => {
    const script = `printf '%s\\n' ${quoteWords(WORDS)}`;
    const { stdout } = await new Deno.Command(program("sh"), { args: ["-c", script] }).output();
    assertEquals(new TextDecoder().decode(stdout), WORDS.map((word) => `${word}\n`).join(""));
  },
});
