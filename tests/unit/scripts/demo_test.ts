/** The demo: its command line, its plan, its verdict and what it draws. */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { parseDemoOptions } from "../../../scripts/demo/options.ts";
import { commandOf, countKinds, networkRate, type Outage, planOutages } from "../../../scripts/demo/outages.ts";
import { legend, progressLine } from "../../../scripts/demo/progress.ts";
import { resultTable } from "../../../scripts/demo/table.ts";
import { PLAIN } from "../../../scripts/demo/terminal.ts";
import { TornPath } from "../../../scripts/demo/torn_path.ts";
import { reasonOf } from "../../../scripts/demo/user.ts";
import { differences, type Outcome } from "../../../scripts/demo/verdict.ts";
import { UsageError } from "../../../scripts/usage_error.ts";

const MIB = 2 ** 20;

/** The widest line that a small terminal shows whole. */
const COLUMNS = 80;

// ---------------------------------------------------------------------------------------------------------------------
// The verdict
// ---------------------------------------------------------------------------------------------------------------------

const EXPECTED = { sizeBytes: 4 * MIB, outages: 2 };
const NO_OUTAGES: Outage[] = [];
const OUTAGES: Outage[] = [
  { kind: "reset", atMs: 500, downBytes: MIB, upBytes: MIB },
  { kind: "black hole", atMs: 1_000, downBytes: 2 * MIB, upBytes: 3 * MIB },
];
const WHOLE = { bytes: 4 * MIB, sentSha256: "aa", receivedSha256: "aa" };
const GOOD: Outcome = {
  download: WHOLE,
  upload: WHOLE,
  echo: { sent: 50, answered: 50, aloneMs: 2, medianMs: 3, longestMs: 3_500 },
  outages: OUTAGES,
  tornPaths: [{ path: 1, isBack: true, pauseMs: 62 }, { path: 2, isBack: true, pauseMs: 45 }],
  tookMs: 9_000,
};
const BROKEN: Outcome = {
  download: { bytes: MIB, error: "connection reset by peer" },
  upload: { bytes: MIB, error: "connection reset by peer" },
  echo: { sent: 10, answered: 9, aloneMs: 1, medianMs: 1, longestMs: 2, error: "connection reset by peer" },
  outages: OUTAGES.slice(0, 1),
  tornPaths: [],
  tookMs: 500,
};

Deno.test("the verdict: nothing differs", () => {
  assertEquals(differences(EXPECTED, GOOD, BROKEN), []);
});

Deno.test("the verdict: each thing that may differ is found", () => {
  const found = (change: Partial<Outcome>) => differences(EXPECTED, { ...GOOD, ...change }, BROKEN).join("\n");
  for (const name of ["download", "upload"]) {
    const prefix = `${name} with tele`;
    assertEquals(found({ [name]: { ...WHOLE, receivedSha256: "ab" } }), `${prefix}: SHA-256 differs`);
    assertEquals(found({ [name]: { ...WHOLE, receivedSha256: undefined } }), `${prefix}: SHA-256 differs`);
    assertStringIncludes(found({ [name]: { ...WHOLE, sentSha256: undefined } }), "not known");
    assertStringIncludes(found({ [name]: { ...WHOLE, bytes: MIB } }), "1048576 bytes came instead of 4194304");
    assertEquals(found({ [name]: { bytes: MIB, error: "it broke" } }), `${prefix}: it broke`);
  }
  assertEquals(found({ echo: { ...GOOD.echo, answered: 49 } }), "echo with tele: 49 of 50 were answered");
  assertEquals(found({ echo: { ...GOOD.echo, error: "it broke" } }), "echo with tele: it broke");
  assertEquals(found({ echo: { ...GOOD.echo, sent: 0, answered: 0 } }), "echo with tele: it never got through");
  assertEquals(found({ outages: OUTAGES.slice(1) }), "only 1 of 2 outages happened");
  assertEquals(found({ outages: NO_OUTAGES }), "only 0 of 2 outages happened");
  assertEquals(found({ tornPaths: [{ path: 2, isBack: false, pauseMs: 2_900 }] }), "");
  const still = [{ path: 1, isBack: true, pauseMs: 3_400 }];
  assertEquals(
    found({ tornPaths: still }),
    "path 1 was torn alone, and the echo waited 3.4 s: the other path did not carry on",
  );
  const late = [OUTAGES[0], { ...OUTAGES[1], upBytes: 4 * MIB }];
  assertEquals(found({ outages: late }), "1 of 2 outages came when a transfer was over");
});

Deno.test("the verdict: a transfer that survives without tele proves nothing", () => {
  for (const name of ["download", "upload"]) {
    const found = differences(EXPECTED, GOOD, { ...BROKEN, [name]: WHOLE });
    assertEquals(found, [`${name} without tele: it survived, so the outages prove nothing`]);
  }
});

// ---------------------------------------------------------------------------------------------------------------------
// What it draws
// ---------------------------------------------------------------------------------------------------------------------

Deno.test("the table says that a hash differs, and stays within its columns", () => {
  const bad: Outcome = { ...GOOD, download: { ...WHOLE, receivedSha256: "ab" } };
  const lines = resultTable(EXPECTED.sizeBytes, bad, BROKEN, { upBytes: 0, downBytes: 18_432 }, PLAIN);
  assertMatch(lines.join("\n"), /^ {4}SHA-256 +DIFFERS +-$/m);
  assertMatch(lines.join("\n"), /^ {4}one path torn 62 ms +-$/m);
  assertMatch(lines.join("\n"), /^ {2}replayed +18 KiB down, 0 B up +-$/m);
  for (const line of lines) assert(line.length <= COLUMNS, line);
});

Deno.test("the progress bar marks outages where they were, neighbours side by side", () => {
  const bar = (bytes: number, isBroken: boolean, ...marks: Outage["kind"][]) => {
    const all = marks.map((kind) => ({ kind, bytes: 12 }));
    return progressLine({ label: "upload", bytes, totalBytes: 48, isBroken, marks: all }, PLAIN);
  };
  assertEquals(bar(0, false), `  upload    ${"─".repeat(48)}       0 B    0 %`);
  assertEquals(
    bar(24, false, "reset"),
    `  upload    ${"━".repeat(12)}R${"━".repeat(11)}${"─".repeat(24)}      24 B   50 %`,
  );
  assertEquals(bar(14, true, "close"), `  upload    ${"━".repeat(12)}C━×${"─".repeat(33)}      14 B   29 %`);
  assertEquals(
    bar(48, false, "reset", "close", "black hole", "one path"),
    `  upload    ${"━".repeat(12)}RCBP${"━".repeat(32)}      48 B  100 %`,
  );
});

Deno.test("the legend names each letter, within the columns", () => {
  const lines = legend(PLAIN);
  assertEquals(lines.join("   ").match(/\b[A-Z] (?=[a-z])/g)?.join(""), "R C B P ");
  for (const line of lines) assert(line.length <= COLUMNS, line);
});

Deno.test("of a path that is torn alone its own lines are told, and not those of the other path", () => {
  const torn = new TornPath(1, "127.0.0.1:4001", true, 2_000);
  assertEquals(torn.told, "path 1 alone, silent");
  const line = (path: string, what: string) => ({ message: `the path ${path} is ${what}`, path });
  assertEquals(torn.hear(line("127.0.0.1:4002", "down: no answer"), 3_000), undefined);
  assertEquals(torn.hear({ message: "the machine is up" }, 3_000), undefined);
  assertEquals(torn.told, "path 1 alone, silent");
  assertEquals(torn.hear(line("127.0.0.1:4001", "down: nobody is up; trying again"), 5_000), torn.told);
  assertEquals(torn.told, "path 1 is down, noticed after 3.0 s");
  assertEquals(torn.hear(line("127.0.0.1:4001", "up"), 6_100), torn.told);
  assertEquals(torn.told, "path 1 is up again after 4.1 s");
  assertEquals(new TornPath(2, "127.0.0.1:4002", false, 0).told, "path 2 alone, reset");
});

Deno.test("what a user's program was told loses the layers around it, not its meaning", () => {
  const reset = new Error("Connection reset by peer (os error 104)");
  assertEquals(reasonOf(new TypeError("error sending request", { cause: reset })), "connection reset by peer");
  assertEquals(reasonOf("client error: Connection refused (os error 111)"), "connection refused");
  assertEquals(reasonOf(new TypeError("error reading a body from connection")), "error reading a body from connection");
});

// ---------------------------------------------------------------------------------------------------------------------
// What it plans
// ---------------------------------------------------------------------------------------------------------------------

Deno.test("outages are of all kinds, and all come in the middle of the transfers", () => {
  const plan = planOutages(10);
  assertEquals(countKinds(plan), "10: 3 resets, 3 closes, 2 black holes, 2 of one path");
  assert(plan.every(({ after }, index) => after > (plan[index - 1]?.after ?? 0) && after < 1));
  for (const { kind, silentMs, path } of plan) {
    assertEquals(path !== undefined, kind === "one path");
    if (kind !== "one path") assertEquals(silentMs > 0, kind === "black hole");
  }
});

Deno.test("each path is torn alone in both ways: by silence and by a reset", () => {
  const torn = planOutages(16).filter(({ kind }) => kind === "one path");
  const told = torn.map((planned) => `${planned.path} ${commandOf(planned)}`);
  assertEquals(told, ["0 black hole 6000", "1 reset", "1 black hole 6000", "0 reset"]);
  assertEquals(planOutages(3).map(commandOf), ["reset", "close", "black hole 2000"]);
});

Deno.test("the path that stays does not get to the end before the outages behind, while the other is silent", () => {
  for (let count = 1; count <= 40; count++) {
    const plan = planOutages(count);
    const secondsInAll = (64 * MIB) / networkRate(64 * MIB, count);
    plan.forEach(({ kind, after, silentMs }, index) => {
      if (kind !== "one path" || index === count - 1) return;
      // The path may be back a second late.
      const movedSeconds = (silentMs / 1_000 + 1) / 2;
      assert(after + movedSeconds / secondsInAll < 1, `outage ${index + 1} of ${count}`);
    });
  }
});

Deno.test("the network is slow enough for every outage, and no slower than that", () => {
  assertEquals(networkRate(512 * MIB, 10), 12.5e6);
  assertEquals(networkRate(8 * MIB, 3), MIB);
});

Deno.test("the demo's options", () => {
  assertEquals(parseDemoOptions([]), { sizeBytes: 256 * MIB, outages: 10 });
  assertEquals(parseDemoOptions(["--size=32MiB", "--outages", "4"]), { sizeBytes: 32 * MIB, outages: 4 });
  assertEquals(parseDemoOptions(["--", "--size=1GiB"]), { sizeBytes: 1024 * MIB, outages: 10 });
  assertEquals(parseDemoOptions(["--help"]), undefined);
  const wrong: [args: string[], says: string][] = [
    [["--size=12"], '--size takes a size up to 100GiB, for example --size=32MiB; "12" has no unit'],
    [["--size"], "--size is empty: give it a value"],
    [["--size=101GiB"], "101GiB is more"],
    [["--size=9MiB"], "--size=9MiB is too small for 10 outages: take at least --size=10MiB"],
    [["--outages=0"], '--outages takes a whole number from 1 to 1000, for example --outages=3; "0" is not'],
    [["--outages=1e2"], '"1e2" is not'],
    [["--outages=2", "--outages=3"], "--outages is given more than once"],
    [["--outage=2"], "the nearest is --outages"],
    [["more"], 'unknown argument "more"'],
  ];
  for (const [args, says] of wrong) assertThrows(() => parseDemoOptions(args), UsageError, says);
});
