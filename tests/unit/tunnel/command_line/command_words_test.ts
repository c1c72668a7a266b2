import { assertEquals } from "@std/assert";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import { COMMAND_WORDS } from "../../../../lib/tunnel/command_line/command_words.ts";
import { USAGES } from "../../../../lib/tunnel/command_line/usage.ts";

Deno.test("every command word is understood as the first word, and has its line in the usage", () => {
  for (const { word } of COMMAND_WORDS) {
    assertEquals(parseCommandLine([word, "--help"]).kind, "help");
    assertEquals(USAGES.some((usage) => usage.startsWith(`tele ${word} `)), true, word);
  }
});
