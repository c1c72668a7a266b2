/** Logs, passed in. */
import { assertEquals, assertMatch } from "@std/assert";
import { LOG_FIELDS, silentLog } from "../../../lib/net/log.ts";
import { readText } from "../../support/source_tree.ts";

Deno.test("the manual lists the fields that log lines may have, and no other", () => {
  const [, section = ""] = readText("lib/tunnel/MANUAL.md").split("| field ");
  const rows = [...section.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)].map(([, name, meaning]) => `${name}: ${meaning}`);
  const own = ["time", "level", "message"];
  const fields = Object.entries(LOG_FIELDS).map(([name, [, meaning]]) => `${name}: ${meaning}`);
  assertEquals(rows.slice(0, own.length).map((row) => row.replace(/:.*/, "")), own);
  assertEquals(rows.slice(own.length, own.length + fields.length), fields);
});

Deno.test("a field's name tells its unit, and numbers without one are counts", () => {
  for (const [name, [type]] of Object.entries(LOG_FIELDS)) {
    assertMatch(name, /^[a-z][A-Za-z]*$/);
    if (/(Ms|Bytes)$/.test(name)) assertEquals(type, "number", name);
  }
});

Deno.test("a log that forgets everything takes everything", () => {
  silentLog("info", "nothing", { code: 0 });
});
