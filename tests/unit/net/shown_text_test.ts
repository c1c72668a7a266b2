/** What others wrote obeys nobody on this side's screen, and has an end. */
import { assertEquals } from "@std/assert";
import { escapeUnshown, shortenShown } from "../../../lib/net/shown_text.ts";

Deno.test("what a terminal would obey is told by its number, and all other text stays", () => {
  assertEquals(
    escapeUnshown("\u001b[2J a\r\nb \u009b \u2028 \u202e \u2066"),
    "\\u001b[2J a\\u000d\\u000ab \\u009b \\u2028 \\u202e \\u2066",
  );
  assertEquals(escapeUnshown("größer als 漢字 🙂 ~"), "größer als 漢字 🙂 ~");
});

Deno.test("what is too long is cut behind its escapes, and only then", () => {
  assertEquals(shortenShown("abcd", 4), "abcd");
  assertEquals(shortenShown("abcde", 4), "abcd…");
  assertEquals(shortenShown("\u0007".repeat(100), 12), "\\u0007\\u0007…");
});
