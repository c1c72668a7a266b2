/** Every option of the table is in the README, and in at least one test that gives it to the role which takes it. */
import { assert, assertEquals } from "@std/assert";
import type { Option } from "../../../lib/tunnel/command_line/option.ts";
import { OPTIONS } from "../../../lib/tunnel/command_line/option_table.ts";

const ROOT = new URL("../../../", import.meta.url);

/**
 * The statements of all tests, as far as lines that follow each other can tell: each is searched for role and option.
 */
const USES = ["tests/unit/", "tests/e2e/"].flatMap(testsIn)
  .filter((path) => !path.endsWith("/option_use_test.ts"))
  .flatMap((path) => Deno.readTextFileSync(new URL(path, ROOT)).split(/;\n|\n\n/));

/** The paths of all tests in a folder, and in those in it. */
function testsIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return testsIn(`${folder}${name}/`);
    return name.endsWith("_test.ts") ? [`${folder}${name}`] : [];
  });
}

/** How a test says which role it starts. */
const ROLE = {
  server: /--server|"server"|\.server\(|-server"|server:/,
  client: /--client|"client"|\.client\(|\.stdio\(|-client"|client:/,
};

/** Whether `text` has the option, and not only a longer one that begins with it. */
function has(text: string, { name }: Option): boolean {
  return new RegExp(`(?<![-a-z])--?${name}(?![-a-z])`).test(text);
}

/** Whether a test gives the option; where two roles have options of that name, to the right one. */
function isUsed(option: Option): boolean {
  const isShared = OPTIONS.some((other) => other !== option && other.name === option.name);
  const role = option.role === "server" || option.role === "client" ? ROLE[option.role] : undefined;
  return USES.some((use) => has(use, option) && (!isShared || role === undefined || role.test(use)));
}

Deno.test("every option is used by at least one test, by each role that has it", () => {
  const unused = OPTIONS.filter((option) => !isUsed(option)).map(({ role, name }) => `--${name} (${role})`);
  assertEquals(unused, []);
});

Deno.test("every option is in the README's table, with its meaning, for each role that has it", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  for (const option of OPTIONS) {
    const rows = readme.split("\n").filter((line) => line.startsWith("|") && has(line.split("|")[1] ?? "", option));
    const row = rows.find((line) => line.split("|")[2]?.trim() === option.role);
    assert(row !== undefined && (row.split("|")[3]?.trim().length ?? 0) > 10, `--${option.name} (${option.role})`);
  }
});

Deno.test("the check of uses finds what it is for", () => {
  const invented = { ...OPTIONS[0]!, name: "no-test-gives-this" };
  assertEquals(isUsed(invented), false);
  const shorter = { ...OPTIONS[0]!, name: "resume-timeou" };
  assertEquals(isUsed(shorter), false, "part of a name does not count");
});
