/** The parts in which `deno task test` runs: each test is in one of them, and all are counted. */
import { assertEquals } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { argumentsOf, filesOf, LONGEST, PARTS } from "../../run/parts.ts";
import { add, closingLine, resultsOf, slowest } from "../../run/report.ts";
import { isThere, sourcesBelow } from "../../support/source_tree.ts";
import { SHARDS } from "../shards/shard.ts";

Deno.test("each test is in one part of all tests, and the unit tests by their shards", () => {
  const units = Array.from({ length: SHARDS }, (_, index) => `tests/unit/shards/${index + 1}.ts`);
  const others = sourcesBelow("tests/").filter((path) => /_test\.ts$/.test(path) && !path.startsWith("tests/unit/"));
  assertEquals(PARTS.flatMap(filesOf).sort(), [...units, ...others].sort());
  const named = [...LONGEST, ...PARTS.flatMap(({ paths, without }) => [...paths, ...without])];
  assertEquals(named.filter((path) => !isThere(path)), []);
  assertEquals(config.tasks.test.command, "deno run -A tests/run/main.ts");
});

Deno.test("a part is run by one command, the longest in front, which leaves out what belongs to another", () => {
  const all = { about: "", paths: ["tests/fuzz", "tests/sim"], without: [], jobs: 2 };
  const args = ["test", "-A", "--no-check", "--parallel", "--junit-path=report.xml"];
  const files = ["tests/sim/sim_test.ts", "tests/fuzz/fuzz_test.ts", "tests/sim/every_byte_test.ts"];
  assertEquals(argumentsOf(all, "report.xml"), [...args, ...files]);
  const one = { ...all, without: files.slice(1), jobs: 1 };
  assertEquals(argumentsOf(one, "report.xml"), ["test", "-A", "--no-check", "--junit-path=report.xml", files[0]]);
});

/** As Deno 2.9 writes it. */
const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="6" failures="2" errors="0" time="3.000">
    <testsuite name="./tests/a_test.ts" tests="5" disabled="1" errors="0" failures="2">
        <testcase name="one" classname="./tests/a_test.ts" time="1.500" line="1" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="&quot;two&quot; &amp; &lt;" classname="./tests/a_test.ts" time="0.000" line="2" col="6">
            <skipped/>
        </testcase>
        <testcase name="three" classname="./tests/a_test.ts" time="0.250" line="3" col="6">
        </testcase>
        <testcase name="one &gt; first" classname="./tests/a_test.ts" time="0.700" line="1" col="43">
        </testcase>
        <testcase name="one &gt; second" classname="./tests/a_test.ts" time="0.800" line="1" col="73">
            <failure message="Uncaught Error: no">Error: no</failure>
        </testcase>
    </testsuite>
    <testsuite name="./tests/b_test.ts" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="four" classname="./tests/b_test.ts" time="61.000" line="1" col="6">
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("passed, failed and ignored tests are counted by file, and steps take no time of their own", () => {
  assertEquals(resultsOf(REPORT), [
    { path: "tests/a_test.ts", passed: 2, failed: 2, ignored: 1, seconds: 1.75 },
    { path: "tests/b_test.ts", passed: 1, failed: 0, ignored: 0, seconds: 61 },
  ]);
  assertEquals(slowest(resultsOf(REPORT), 1), ["   61.0 s  tests/b_test.ts"]);
});

Deno.test("a part that ends badly counts as a failure, with a failed test or without a report", () => {
  const total = { passed: 0, failed: 0, ignored: 0 };
  add(total, resultsOf(REPORT), 1);
  assertEquals(total, { passed: 3, failed: 2, ignored: 1 });
  add(total, resultsOf(""), 1);
  assertEquals(closingLine(total, 130.2), "FAILED | 3 passed | 3 failed | 1 ignored (2m10s)");
  assertEquals(closingLine({ passed: 9, failed: 0, ignored: 0 }, 59), "ok | 9 passed | 0 failed | 0 ignored (0m59s)");
});
