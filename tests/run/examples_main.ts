/**
 * Checks the types of the examples in the docs of `lib`, and runs them.
 *
 *     deno run -A tests/run/examples_main.ts
 *
 * Exit codes: 0 all passed, else that of `deno test`.
 *
 * @module
 */
import { fileURLToPath, pathToFileURL } from "node:url";
import { readText, ROOT, treeFiles } from "../support/source_tree.ts";
import { examplesOf, moduleOf } from "./examples.ts";

/** How many workers run them, each of which loads all that they import. */
const WORKERS = 2;

/** Writes each example as a module, and a module for each worker that imports its share. Returns the paths of these. */
async function write(folder: string): Promise<string[]> {
  const shares: string[][] = Array.from({ length: WORKERS }, () => []);
  let count = 0;
  for (const path of treeFiles().filter((path) => /^lib\/.*\.(ts|md)$/.test(path))) {
    for (const example of examplesOf(readText(path))) {
      const module = `${folder}/example_${++count}.ts`;
      await Deno.writeTextFile(module, moduleOf(example, path, new URL(path, ROOT)));
      shares[count % WORKERS]!.push(`import ${JSON.stringify(pathToFileURL(module).href)};\n`);
    }
  }
  return await Promise.all(shares.map(async (lines, index) => {
    const path = `${folder}/share_${index + 1}.ts`;
    await Deno.writeTextFile(path, lines.join(""));
    return path;
  }));
}

if (import.meta.main) {
  const folder = await Deno.makeTempDir({ prefix: "tele-examples-" });
  try {
    const shares = await write(folder);
    const config = fileURLToPath(new URL("deno.json", ROOT));
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--parallel", `--config=${config}`, ...shares],
      env: { DENO_JOBS: String(WORKERS) },
      cwd: fileURLToPath(ROOT),
      stdin: "null",
    }).spawn().status;
    Deno.exitCode = code;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
