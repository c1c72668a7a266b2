import { assertEquals, assertRejects } from "@std/assert";
import { systemClock } from "../../../../lib/net/clock.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { silentLog } from "../../../../lib/net/log.ts";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import { runDoctor } from "../../../../lib/tunnel/doctor/doctor.ts";

/** Runs a doctor; its lines, and whether all is well. */
async function run(...args: string[]): Promise<{ lines: string[]; isGood: boolean }> {
  const command = parseCommandLine(["doctor", ...args]);
  if (command.kind !== "doctor") throw new Error("this is a doctor's command line");
  const lines: string[] = [];
  const { signal } = new AbortController();
  const write = (line: string) => void lines.push(line);
  const isGood = await runDoctor(command.options, { write, log: silentLog, clock: systemClock, signal });
  return { lines, isGood };
}

Deno.test("each path of a client is examined, below its name", async () => {
  const { lines, isGood } = await run("--out=unix:/nowhere/a", "--out=unix:/nowhere/b");
  assertEquals(isGood, false);
  const heads = lines.map((line) => line.replace(/ +[\d.]+ m?s .*/, ""));
  assertEquals(heads, ["unix:/nowhere/a", "FAIL  connection", "\nunix:/nowhere/b", "FAIL  connection"]);
});

Deno.test("a single path needs no name", async () => {
  const { lines } = await run("--out=unix:/nowhere/a");
  assertEquals(lines.length, 1);
});

Deno.test("a token file that is not there is told before anything is dialed", async () => {
  await assertRejects(() => run("--out=unix:/nowhere/a", "--token-file=/nowhere/token"), TeleError, "--token-file");
});
