import { assertEquals, assertNotEquals } from "@std/assert";
import { isMarked, MARK_LINE, marked } from "../../../../lib/tunnel/service/marked_text.ts";

const TEXT = marked(`# ${MARK_LINE}\n[Unit]\nDescription=ä\n`);

Deno.test("a marked text is known by its hash, which depends on all of it", () => {
  assertEquals(isMarked(TEXT), true);
  assertNotEquals(TEXT, marked(`# ${MARK_LINE}\n[Unit]\nDescription=b\n`));
  assertEquals(TEXT.includes("0".repeat(64)), false);
});

Deno.test("a text that was changed anywhere, or that somebody else wrote, is not marked", () => {
  const others = [
    TEXT.replace("Unit", "unit"),
    `${TEXT}\n`,
    TEXT.slice(1),
    TEXT.replace(/[0-9a-f]{64}/, "1".repeat(64)),
  ];
  for (const text of [...others, "", "[Unit]\n", `# ${MARK_LINE}\n[Unit]\n`]) assertEquals(isMarked(text), false, text);
});
