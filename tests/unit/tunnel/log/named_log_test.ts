import { assert, assertEquals, assertFalse } from "@std/assert";
import { hears, type LogFields, type LogLevel, silentLog } from "../../../../lib/net/log.ts";
import { namedLog } from "../../../../lib/tunnel/log/named_log.ts";

Deno.test("a line of a tunnel begins with its name, which is a field as well", () => {
  const lines: [LogLevel, string, LogFields | undefined][] = [];
  const log = namedLog("office", (...line) => void lines.push(line as typeof lines[0]));
  log("warn", "link lost");
  log("info", "link up", { carriers: 2, tunnel: "nas" });
  assertEquals(lines, [
    ["warn", "office: link lost", { tunnel: "office" }],
    ["info", "office: link up", { carriers: 2, tunnel: "office" }],
  ]);
});

Deno.test("the log of a tunnel hears what that of the process hears", () => {
  assert(hears(namedLog("office", () => {}), "debug"));
  assertFalse(hears(namedLog("office", silentLog), "error"));
});
