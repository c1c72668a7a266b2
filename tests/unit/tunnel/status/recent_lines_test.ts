/** The last lines of the log. */
import { assertEquals } from "@std/assert";
import { hears, LOG_LEVELS, silentLog } from "../../../../lib/net/log.ts";
import { MOST_RECENT, RecentLines } from "../../../../lib/tunnel/status/recent_lines.ts";
import { iso } from "../../../../lib/tunnel/status/timeline.ts";

Deno.test("lines of level info and above are kept, all go on with their fields", () => {
  const recent = new RecentLines(() => 5_000);
  const lines: unknown[] = [];
  const log = recent.beside((...line) => void lines.push(line));
  log("debug", "a probe");
  log("error", "a fault", { peer: "x" });
  assertEquals(recent.lines, [{ time: iso(5_000), level: "error", message: "a fault" }]);
  assertEquals(lines, [["debug", "a probe", undefined], ["error", "a fault", { peer: "x" }]]);
});

Deno.test("only the last are kept, and of a very long one the beginning", () => {
  const recent = new RecentLines(() => 0);
  const log = recent.beside(() => {});
  for (let at = 0; at < 2 * MOST_RECENT; at++) log("info", `line ${at}`);
  log("info", "x".repeat(5_000));
  assertEquals(recent.lines.length, MOST_RECENT);
  assertEquals(recent.lines[0]?.message, `line ${MOST_RECENT + 1}`);
  assertEquals(recent.lines.at(-1)?.message.length, 1_000);
});

Deno.test("lines that are kept are heard though nobody writes them, and others where somebody does", () => {
  const recent = new RecentLines(() => 0);
  const heard = (log = silentLog) => LOG_LEVELS.filter((level) => hears(recent.beside(log), level));
  assertEquals([heard(), heard(() => {})], [["info", "warn", "error"], [...LOG_LEVELS]]);
});
