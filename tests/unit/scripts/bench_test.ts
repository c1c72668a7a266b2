/** The bench: its command line, rounds, statistics, bars and chart. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { BARS, judge } from "../../../scripts/bench/bars.ts";
import { chart } from "../../../scripts/bench/chart.ts";
import type { Contender } from "../../../scripts/bench/contender.ts";
import { LINK_NEEDS } from "../../../scripts/bench/link.ts";
import { parseBenchOptions } from "../../../scripts/bench/options.ts";
import type { Result } from "../../../scripts/bench/result.ts";
import { measureRounds } from "../../../scripts/bench/rounds.ts";
import { format, quantile, quartiles } from "../../../scripts/bench/statistics.ts";
import { resultTable } from "../../../scripts/bench/table.ts";
import { variants, withVariants } from "../../../scripts/bench/variants.ts";
import type { Workload } from "../../../scripts/bench/workload.ts";
import { FLEET_WORKLOADS } from "../../../scripts/bench/workloads_fleet.ts";
import { LOCAL_WORKLOADS } from "../../../scripts/bench/workloads_local.ts";
import { WIDE_WORKLOADS } from "../../../scripts/bench/workloads_wide.ts";
import { UsageError } from "../../../scripts/usage_error.ts";

const WORKLOADS = [...LOCAL_WORKLOADS, ...FLEET_WORKLOADS, ...WIDE_WORKLOADS];

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
    ["--tree=/nowhere", "--tree takes a checkout of tele, for example --tree=../before; /nowhere/main.ts is not there"],
    ["--tele-flags= ", "--tele-flags takes flags of tele"],
    ["--round=1", "the nearest is --rounds"],
    ["more", 'unknown argument "more"'],
  ];
  for (const [arg, says] of wrong) assertThrows(() => parseBenchOptions([arg]), UsageError, says);
});

Deno.test("another tree and other flags are contenders wherever tele is one", () => {
  const here = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");
  const options = parseBenchOptions([
    `--tree=${here}`,
    "--tele-flags=--carriers=1",
    "--tele-flags=--a --b=2 -- --c=3",
  ])!;
  const [tree, client, both] = variants(options);
  assertEquals([tree.name, tree.tele], [`tele (${basename(here)})`, { main: `${here}/main.ts` }]);
  assertEquals([client.name, client.tele], [
    "tele --carriers=1",
    { clientFlags: ["--carriers=1"], serverFlags: [] },
  ]);
  assertEquals([both.name, both.tele], [
    "tele --a --b=2 -- --c=3",
    { clientFlags: ["--a", "--b=2"], serverFlags: ["--c=3"] },
  ]);
  const mains = ["/one/tele/main.ts", "/two/tele/main.ts"];
  assertEquals(variants({ trees: mains, teleFlags: [] }).map(({ name }) => name), [
    "tele (/one/tele)",
    "tele (/two/tele)",
  ]);

  const names = withVariants(WORKLOADS, options).map((
    { name, contenders },
  ) => [name, contenders.map(({ name }) => name)]);
  for (const [index, { name, contenders }] of WORKLOADS.entries()) {
    const before = contenders.map(({ name }) => name);
    const place = before.indexOf("tele") + 1;
    assert(place > 0, `${name} measures tele`);
    assertEquals(names[index], [name, before.toSpliced(place, 0, tree.name, client.name, both.name)]);
  }
});

Deno.test("every workload on a long path is there with CUBIC and BBR, a box that gathers with Reno too", () => {
  const names = WORKLOADS.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  const under = (control: string) =>
    names.filter((name) => name.endsWith(`-${control}`)).map((name) => name.slice(0, -control.length));
  assertEquals(under("cubic"), under("bbr"));
  assertEquals(under("reno"), ["wide-gather-"]);
  assertEquals(names.filter((name) => name.startsWith("wide-")).length, 1 + 2 * under("bbr").length + 1);
});

Deno.test("every bar is about a figure that is measured", () => {
  for (const { workload, contender, metric, of } of BARS) {
    const text = `${workload} ${metric}: ${contender}`;
    for (const [name, who] of [[workload, contender], ...(of ? [[of.workload ?? workload, of.contender]] : [])]) {
      const found = WORKLOADS.find((one) => one.name === name);
      assert(found !== undefined, `${text}: no workload ${name}`);
      assert(found.metrics.some(({ name }) => name === metric), `${text}: no such figure of ${name}`);
      assert(found.contenders.some(({ name }) => name === who), `${text}: ${who} is no contender of ${name}`);
    }
  }
});

Deno.test("side by side, the contenders of a round are measured at one time, and a note goes to its row", async () => {
  const waiting: (() => void)[] = [];
  const contenders = ["one", "two"].map((name): Contender => ({
    name,
    programs: [],
    start: () => Promise.reject(new Error("not used here")),
  }));
  const workload: Workload = {
    name: "together",
    title: "Together",
    metrics: [{ name: "time", unit: "s", better: "less" }],
    programs: [],
    contenders,
    isCold: true,
    isSideBySide: true,
    prepare: () =>
      Promise.resolve(({ name }) =>
        Promise.resolve(async (_seconds, onNote) => {
          if (name === "two") onNote("has one path");
          // Each ends only when all have begun.
          await new Promise<void>((resolve) => {
            waiting.push(resolve);
            if (waiting.length === contenders.length) waiting.splice(0).forEach((end) => end());
          });
          return { time: 1 };
        })
      ),
  };
  const result = await measureRounds(workload, { load: LOAD, wan: undefined }, {
    rounds: 2,
    seconds: 1,
    onProgress: () => {},
  });
  assertEquals(result.rows.map(({ samples, note, error }) => [samples.length, note, error]), [
    [2, undefined, undefined],
    [2, "has one path", undefined],
  ]);
  assertEquals(resultTable(result).slice(-2), ["", "two: has one path"]);
});

Deno.test("without paths of IP packets the long ones are missing, with what they need", async () => {
  const workload = WORKLOADS.find(({ name }) => name === "wide-echo-bbr")!;
  const options = { rounds: 1, seconds: 1, onProgress: () => {} };
  const { rows } = await measureRounds(workload, { load: LOAD, wan: undefined }, options);
  for (const { samples, error } of rows) {
    assertEquals([samples.length, error], [0, `missing: ${LINK_NEEDS}`]);
  }
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
  const options = { rounds: 3, seconds: 1, onProgress: () => {} };
  const result = await measureRounds(workload, { load: LOAD, wan: undefined }, options);
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
    { ...bar, bar: 1.2, of, plus: 10 },
    { ...bar, bar: 1.2, of, plus: 9 },
    { ...bar, kind: "least", bar: 2, of, or: 70 },
    { ...bar, kind: "least", bar: 2, of, or: 71 },
  ]);
  assertEquals(verdicts.map(({ verdict }) => verdict), [
    "beyond",
    "met",
    "missed",
    "not beyond",
    "met",
    "missed",
    "not measured",
    "met",
    "missed",
    "met",
    "missed",
  ]);
  assertEquals([verdicts[0].measured, verdicts[7].measured, verdicts[9].measured], [1.4, 70, 70]);
  assertEquals(verdicts[7].text, "echo p50: tele ≤ 1.20 × bare Deno pair + 10.0 µs");
  assertEquals(verdicts[9].text, "echo p50: tele ≥ 2.00 × bare Deno pair or 70.0 µs");
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
