/** The tools behind `deno task` tell how they are used, and begin nothing long by a word that they do not know. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { readText, ROOT } from "../support/source_tree.ts";
import { within } from "../support/wait.ts";

/** Longest time for a tool to say its words, in milliseconds. */
const LIMIT_MS = 30_000;

/** Runs a file of this repository; its exit code, and what it printed. */
async function run(file: string, ...args: string[]): Promise<{ code: number; printed: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", file, ...args],
    cwd: fileURLToPath(ROOT),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  try {
    const { code, stdout, stderr } = await within(child.output(), LIMIT_MS, file);
    return { code, printed: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("") };
  } finally {
    if (!hasEnded) child.kill("SIGKILL");
  }
}

Deno.test("each tool of scripts/README.md tells its options by --help", async () => {
  const { tasks } = JSON.parse(readText("deno.json"));
  const names = new Set(Array.from(readText("scripts/README.md").matchAll(/`deno task (\w+)\b/g), ([, name]) => name!));
  names.delete("NAME");
  assertEquals([...names].sort(), ["bench", "compile", "demo", "fleet", "measure", "npm", "recovery", "smoke", "soak"]);
  for (const name of names) {
    const { code, printed } = await run(/ (\S+\.ts)$/.exec(tasks[name].command)![1]!, "--help");
    assertEquals(code, 0, `${name}: ${printed}`);
  }
});

Deno.test("simulator, deliberate faults and fuzzer refuse a flag that they do not know", async () => {
  for (const file of ["tests/sim/main.ts", "tests/sim/mutate.ts", "tests/fuzz/main.ts"]) {
    const { code, printed } = await run(file, "--sed=1");
    assertEquals(code, 2, `${file}: ${printed}`);
    assertStringIncludes(printed, "--sed=1 is not known here: --");
  }
});
