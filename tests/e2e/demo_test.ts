/**
 * The demo: that it shows what it promises, and that it would say so if it did not.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DEMO_HELP } from "../../scripts/demo/options.ts";

/** The widest line that a small terminal shows whole. */
const COLUMNS = 80;

async function demo(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  const script = new URL("../../scripts/demo/main.ts", import.meta.url).href;
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...args], stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  return { code, output: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
}

// ---------------------------------------------------------------------------------------------------------------------
// The whole demo
// ---------------------------------------------------------------------------------------------------------------------

Deno.test("a short demo: every byte arrives with tele, and without it both transfers fail", async () => {
  const { code, output, errors } = await demo("--size=8MiB", "--outages=4");
  assertEquals(code, 0, `${output}\n${errors}`);
  assertEquals(errors, "");

  const table = output.slice(output.indexOf("with tele  "));
  for (const name of ["download", "upload"]) {
    const [bytes, hash, error] = table.slice(table.indexOf(`  ${name}`)).split("\n");
    assertMatch(bytes, /8 MiB, all +[\d.]+ MiB of 8 MiB$/);
    assertMatch(hash, /SHA-256 +equal \([0-9a-f]{12}…\) +-$/);
    assertMatch(error, /error +none +\S+/);
  }
  assertMatch(table, /^ {2}echo +(\d+) of \1 answered/m);
  // Like beside like: nothing else is under way.
  const [, withTele, without] = /^ {4}answer, alone +(\d+) ms +(\d+) ms$/m.exec(table) ?? [];
  assert(Number(withTele) < Number(without) + 50, table);
  assertMatch(table, /^ {4}beside both +\d+ m?s +\d+ m?s$/m);
  assertStringIncludes(table, "are streams of one session");
  assertMatch(table, /^ {4}longest pause +[\d.]+ m?s +for ever$/m);
  assertMatch(table, /^ {4}one path torn +[\d.]+ m?s +-$/m);
  assertMatch(table, /^ {2}outages +4: 1 reset, 1 close, 1 black +1: 1 reset\n +hole, 1 of one path$/m);
  assertMatch(table, /^ {2}replayed +[\d.]+ \w+ down, [\d.]+ \w+ up/m);

  // One path is silent for 6 s. When tele tells that, and uses it again, depends on what it takes for a queue.
  const torn = output.slice(
    output.indexOf("4. path 1 alone, silent\n"),
    output.indexOf("  download  ━", output.indexOf("With tele")),
  );
  assertMatch(
    torn,
    /^4\. path 1 alone, silent\n(.* path 1 is .*\n)*.* (in use again|not in use yet), longest pause [\d.]+ m?s\n$/,
  );

  const bars = output.split("\n").filter((line) => /^ {2}(download|upload) +[━─]/.test(line));
  assertEquals(bars.length, 4);
  for (const bar of bars.slice(2)) assertMatch(bar, /━R━+C━+B━+P━+ +8 MiB +100 %$/);
});

Deno.test("where the demo is not on a terminal it writes plain lines of 80 columns at most", async () => {
  const { output } = await demo("--size=1MiB", "--outages=1");
  // deno-lint-ignore no-control-regex
  assertEquals(output.match(/[\x00-\x09\x0b-\x1f\x7f]/g), null);
  for (const line of output.split("\n")) assert(line.length <= COLUMNS, line);
});

Deno.test("a wrong command line gets one line and exit code 2, --help the help", async () => {
  const wrong = await demo("--sise=32MiB");
  assertEquals([wrong.code, wrong.output], [2, ""]);
  assertEquals(wrong.errors, 'demo: unknown argument "--sise=32MiB"; the nearest is --size; see --help\n');
  assertEquals(await demo("--help"), { code: 0, output: DEMO_HELP, errors: "" });
});
