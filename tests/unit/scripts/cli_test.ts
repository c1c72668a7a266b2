/** What the command lines of the tools have in common. */
import { assertEquals } from "@std/assert";
import { runTool, single, type Tool, wholeNumber } from "../../../scripts/cli.ts";
import { UsageError, withoutDashes } from "../../../scripts/usage_error.ts";

/** Runs a tool whose only option is what it does. Returns the exit code and what it printed. */
async function run(does: string): Promise<{ code: number; output: string[]; errors: string[] }> {
  const tool: Tool<string> = {
    name: "tool",
    help: "the help\n",
    parse([option = ""]) {
      if (option === "wrong") throw new UsageError("that is wrong");
      return option === "--help" ? undefined : option;
    },
    run: (option) => option === "fail" ? Promise.reject(new Error("it failed")) : Promise.resolve(Number(option)),
  };
  const { log, error } = console;
  const [output, errors]: string[][] = [[], []];
  console.log = (line) => output.push(line);
  console.error = (line) => errors.push(line);
  try {
    return { code: await runTool(tool, [does]), output, errors };
  } finally {
    Object.assign(console, { log, error });
  }
}

Deno.test("a tool ends with its own exit code, with 2 for a wrong command line, with 1 when it throws", async () => {
  assertEquals(await run("7"), { code: 7, output: [], errors: [] });
  assertEquals(await run("--help"), { code: 0, output: ["the help"], errors: [] });
  assertEquals(await run("wrong"), { code: 2, output: [], errors: ["tool: that is wrong"] });
  assertEquals(await run("fail"), { code: 1, output: [], errors: ["tool: it failed"] });
});

Deno.test("two dashes that deno task hands on are no argument", () => {
  assertEquals(withoutDashes(["--", "--runs=3", "--"]), ["--runs=3", "--"]);
  assertEquals(withoutDashes(["--runs=3"]), ["--runs=3"]);
});

/** The sentence with which something is refused; `undefined` if it is taken. */
function refusal(read: () => unknown): string | undefined {
  try {
    read();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return undefined;
}

Deno.test("a flag that is given twice, or empty, is refused", () => {
  assertEquals([single("to", []), single("to", ["x"])], [undefined, "x"]);
  assertEquals(refusal(() => single("to", ["x", "y"])), "--to is given more than once: give it once");
  assertEquals(refusal(() => single("to", [""])), "--to is empty: give it a value, or leave it out");
});

Deno.test("a whole number is within its limits, and written in digits", () => {
  assertEquals([wholeNumber("n", "1", 1, 9), wholeNumber("n", "9", 1, 9)], [1, 9]);
  for (const text of ["0", "10", "1e0", "-1", "", " 3", "3.0"]) {
    const says = `--n takes a whole number from 1 to 9, for example --n=3; ${JSON.stringify(text)} is not`;
    assertEquals(refusal(() => wholeNumber("n", text, 1, 9)), says);
  }
});
