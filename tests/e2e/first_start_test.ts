/** What the first start from source needs of npm, on a machine that has nothing of it yet. */
import { assert, assertEquals } from "@std/assert";
import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { packagesOf } from "../../scripts/compile/third_party.ts";
import { scenario } from "../support/scenario.ts";
import { ROOT } from "../support/source_tree.ts";
import { denoDir } from "../support/tele_program.ts";

/** Runs a Deno that has its cache in the folder `cache`. Returns what it printed. */
async function deno(cache: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: fileURLToPath(ROOT),
    env: { DENO_DIR: cache, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const [printed, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, errors);
  return printed!;
}

Deno.test(
  "a first start from source fetches the packages of the program, and none of those that tests and tools use",
  scenario(60_000, async (s) => {
    const [full, cache] = [await denoDir(), `${s.home}/cache`];
    const packages = packagesOf(JSON.parse(await deno(full, "info", "--json", "main.ts")));
    for (const { localPath } of packages) {
      assert(localPath.startsWith(full), localPath);
      await cp(localPath, cache + localPath.slice(full.length), { recursive: true });
    }
    // It ends with an error if any package is wanted that is not there.
    assertEquals(await deno(cache, "run", "--cached-only", "-A", "main.ts", "--version"), `tele ${config.version}\n`);
  }),
);
