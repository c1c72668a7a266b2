/** Logs, passed in. */
import { assertEquals, assertFalse, assertMatch } from "@std/assert";
import { hears, type Log, LOG_FIELDS, LOG_LEVELS, logTo, silentLog } from "../../../lib/net/log.ts";
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

Deno.test("a log hears all that it does not say otherwise of, and one in front of it what it hears", () => {
  const plain: Log = () => {};
  const deaf: Log = Object.assign(() => {}, { hears: (level: string) => level === "error" });
  const heard = (log: Log) => LOG_LEVELS.filter((level) => hears(log, level));
  assertEquals([heard(plain), heard(logTo(plain, plain))], [[...LOG_LEVELS], [...LOG_LEVELS]]);
  assertEquals([heard(deaf), heard(logTo(deaf, () => {}))], [["error"], ["error"]]);
  assertFalse(hears(silentLog, "error"));
});
