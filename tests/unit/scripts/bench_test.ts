/** The bench: its command line, rounds, statistics, bars and chart. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { judge } from "../../../scripts/bench/bars.ts";
import { chart } from "../../../scripts/bench/chart.ts";
import type { Contender } from "../../../scripts/bench/contender.ts";
import { parseBenchOptions } from "../../../scripts/bench/options.ts";
import type { Result } from "../../../scripts/bench/result.ts";
import { measureRounds } from "../../../scripts/bench/rounds.ts";
import { format, quantile, quartiles } from "../../../scripts/bench/statistics.ts";
import { resultTable } from "../../../scripts/bench/table.ts";
import type { Workload } from "../../../scripts/bench/workload.ts";
import { UsageError } from "../../../scripts/usage_error.ts";

/** The rounds here measure nothing. */
const LOAD = { description: "none", command: [] };

Deno.test("the bench's options", () => {
  const { rounds, seconds, only, contenders, installPeers } = parseBenchOptions([])!;
  assertEquals({ rounds, seconds, only, contenders, installPeers }, {
    ...{ rounds: 7, seconds: 3, only: [], contenders: [], installPeers: false },
  });
  const given = parseBenchOptions(["--", "--rounds=2", "--only=echo, http", "--json=x.json"])!;
  assertEquals([given.rounds, given.only, given.json], [2, ["echo", "http"], "x.json"]);
  assertEquals(parseBenchOptions(["--help"]), undefined);
  const wrong: [arg: string, says: string][] = [
    ["--seconds=0", "--seconds takes a whole number from 1"],
    ["--rounds=1001", "--rounds takes a whole number from 1 to 1000"],
    ["--json=", "--json takes the name of a file"],
    ["--round=1", "the nearest is --rounds"],
    ["more", 'unknown argument "more"'],
  ];
  for (const [arg, says] of wrong) assertThrows(() => parseBenchOptions([arg]), UsageError, says);
});

Deno.test("each round has every contender once, in another order, and a contender that fails stops nobody", async () => {
  const start: Contender["start"] = () => Promise.reject(new Error("not used here"));
  const order: string[] = [];
  const workload: Workload = {
    name: "counting",
    title: "Counting",
    metrics: [{ name: "rate", unit: "turns", better: "more" }],
    programs: [],
    contenders: [
      { name: "one", programs: [], start },
      { name: "absent", programs: ["no-such-program-of-the-bench"], start },
      { name: "two", programs: [], start },
      { name: "tired", programs: [], start },
      { name: "dead", programs: [], start },
    ],
    isCold: true,
    prepare: () =>
      Promise.resolve(({ name }) => {
        if (name === "dead") return Promise.reject(new Error("it does not start"));
        return Promise.resolve(() => {
          order.push(name);
          if (name === "tired" && order.length > 5) return Promise.reject(new Error("it has had enough"));
          return Promise.resolve({ rate: order.length });
        });
      }),
  };
  const options = { rounds: 3, seconds: 1, isWanted: () => true, onProgress: () => {} };
  const result = await measureRounds(workload, { load: LOAD, wanSource: "" }, options);
  assertEquals(order, ["one", "two", "tired", "two", "tired", "one", "two", "tired", "one"]);
  assertEquals(
    result.rows.map(({ contender, samples, error }) => [contender, samples.map(({ rate }) => rate), error]),
    [
      ["one", [1, 6, 9], undefined],
      ["absent", [], "missing: no-such-program-of-the-bench"],
      ["two", [2, 4, 7], undefined],
      ["tired", [3, 5], "it has had enough"],
      ["dead", [], "it does not start"],
    ],
  );
  assertEquals(resultTable(result), [
    "### Counting",
    "",
    "|        |               turns |",
    "| ------ | ------------------: |",
    "| one    | 6.00 (3.50 to 7.50) |",
    "| absent |             missing |",
    "| two    | 4.00 (3.00 to 5.50) |",
    "| tired  | 4.00 (3.50 to 4.50) |",
    "| dead   |              failed |",
    "",
    "absent: missing: no-such-program-of-the-bench",
    "",
    "tired: it has had enough",
    "",
    "dead: it does not start",
  ]);
});

const RESULT: Result = {
  name: "echo",
  title: "Echo & more",
  metrics: [{ name: "p50", unit: "µs", better: "less", isCharted: true }],
  rows: [
    { contender: "tele", samples: [{ p50: 70 }, { p50: 60 }, { p50: 80 }] },
    { contender: "bare Deno pair", samples: [{ p50: 50 }, { p50: 60 }, { p50: 40 }] },
    { contender: "socat pair", samples: [], error: "missing: socat (Debian package socat)" },
  ],
};

Deno.test("medians, quartiles and percentiles are what statistics calls them", () => {
  assertEquals(quartiles([5, 1, 3, 2, 4]), { low: 2, median: 3, high: 4 });
  assertEquals(quartiles([1, 2]), { low: 1.25, median: 1.5, high: 1.75 });
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assertEquals([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([7], 0.99)], [50, 99, 7]);
  assertEquals([0.0123, 1, 12.345, 123.4, 98765].map(format), ["0.0123", "1.00", "12.3", "123", "98,765"]);
  assertEquals(format(NaN), "-");
});

Deno.test("a bar is met, missed, surpassed or not measured, by the medians", () => {
  const bar = { workload: "echo", contender: "tele", metric: "p50", kind: "most" } as const;
  const of = { contender: "bare Deno pair" };
  const verdicts = judge([RESULT], [
    { ...bar, bar: 1.5, beyond: 1.4, of },
    { ...bar, bar: 1.5, beyond: 1.3, of },
    { ...bar, bar: 1.3, of },
    { ...bar, beyond: 1.3, of },
    { ...bar, bar: 70 },
    { ...bar, kind: "least", bar: 71 },
    { ...bar, bar: 1, of: { contender: "socat pair" } },
    { ...bar, workload: "another", bar: 1 },
  ]);
  assertEquals(verdicts.map(({ verdict }) => verdict), [
    "beyond",
    "met",
    "missed",
    "met",
    "met",
    "missed",
    "not measured",
  ]);
  assertEquals(verdicts[0].measured, 1.4);
  assertEquals(verdicts[0].text, "echo p50: tele ≤ 1.50 × bare Deno pair (beyond: ≤ 1.40)");
});

Deno.test("the chart has a bar for each median, says what is missing, and is for light and dark", () => {
  const svg = chart([RESULT], "a < machine");
  assertEquals(svg.match(/<rect class="bar/g)?.length, 2);
  assertEquals(svg.match(/<rect class="bar own"/g)?.length, 1);
  assertStringIncludes(svg, ">missing</text>");
  assertStringIncludes(svg, "Echo &amp; more");
  assertStringIncludes(svg, "a &lt; machine");
  assertStringIncludes(svg, "prefers-color-scheme: dark");
  const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
  assertEquals(Math.round(100 * widths[0] / widths[1]), 140);
});
