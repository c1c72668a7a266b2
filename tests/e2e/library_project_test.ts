/** The library in a project of somebody else, set up as its README says. */
import { assert, assertEquals } from "@std/assert";
import { readText, ROOT } from "../support/source_tree.ts";
import { scenario } from "../support/scenario.ts";
import { within } from "../support/wait.ts";
import { fileURLToPath } from "node:url";

/** The block of this language in the library's README. */
function block(language: "ts" | "json"): string {
  const text = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(readText("lib/README.md"))?.[1];
  assert(text !== undefined, `a block of ${language}`);
  return text;
}

Deno.test(
  "the library's example runs in a project of its own, with the deno.json that its README gives",
  scenario(180_000, async (s) => {
    const project = `${s.home}/project`;
    await Deno.mkdir(project);
    const source = fileURLToPath(ROOT).replaceAll("\\", "/");
    await Deno.writeTextFile(`${project}/deno.json`, block("json").replace('"../tele"', JSON.stringify(source)));
    await Deno.writeTextFile(`${project}/main.ts`, block("ts").replace('"./mod.ts"', '"@tele/tele"'));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--check", "-A", "main.ts"],
      cwd: project,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    s.defer(() => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
    });
    const { stdout, stderr } = await within(child.output(), 150_000, "the example");
    const [printed, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals(printed, "before the outage\nafter it\ntrue\n", errors);
  }),
);
