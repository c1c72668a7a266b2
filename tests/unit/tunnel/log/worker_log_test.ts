import { assert, assertEquals, assertFalse } from "@std/assert";
import { hears, type LogFields, type LogLevel, silentLog } from "../../../../lib/net/log.ts";
import { workerLog } from "../../../../lib/tunnel/log/worker_log.ts";

Deno.test("a line of a worker begins with its number, which is a field as well", () => {
  const lines: [LogLevel, string, LogFields | undefined][] = [];
  const log = workerLog(3, (...line) => void lines.push(line as typeof lines[0]));
  log("warn", "link lost");
  log("info", "link up", { carriers: 2 });
  assertEquals(lines, [
    ["warn", "worker 3: link lost", { worker: 3 }],
    ["info", "worker 3: link up", { carriers: 2, worker: 3 }],
  ]);
});

Deno.test("the log of a worker hears what that of the process hears", () => {
  assert(hears(workerLog(3, () => {}), "debug"));
  assertFalse(hears(workerLog(3, silentLog), "error"));
});
