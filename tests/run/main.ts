/**
 * Runs every test, in parts, each whatever came of those in front of it.
 *
 *     deno task test
 *
 * Exit codes: 0 all passed, 1 one did not, 2 wrong command line.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { ROOT } from "../support/source_tree.ts";
import { bundleTele } from "../support/tele_program.ts";
import { argumentsOf, type Part, PARTS } from "./parts.ts";
import { add, closingLine, type FileResult, resultsOf, slowest, type Total } from "./report.ts";

/** How many of the slowest files are told. */
const MOST_TOLD = 15;

/** Runs a part, whose output is shown. */
async function run(
  part: Part,
  report: string,
  environment: Record<string, string>,
): Promise<{ files: FileResult[]; code: number }> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: argumentsOf(part, report),
    env: { ...environment, DENO_JOBS: String(part.jobs) },
    cwd: fileURLToPath(ROOT),
    stdin: "null",
  }).spawn().status;
  return { files: resultsOf(await Deno.readTextFile(report).catch(() => "")), code };
}

if (import.meta.main) {
  if (Deno.args.length > 0) {
    console.error("deno task test runs every test: for some of them, deno test -A FOLDER --filter=WORDS");
    Deno.exit(2);
  }
  const startMs = performance.now();
  const folder = await Deno.makeTempDir({ prefix: "tele-tests-" });
  const total: Total = { passed: 0, failed: 0, ignored: 0 };
  const all: FileResult[] = [];
  try {
    const { environment } = await bundleTele(`${folder}/tele.mjs`);
    for (const [index, part] of PARTS.entries()) {
      console.log(`\npart ${index + 1} of ${PARTS.length}: ${part.about}`);
      const { files, code } = await run(part, `${folder}/${index}.xml`, environment);
      add(total, files, code);
      all.push(...files);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(["the slowest files", ...slowest(all, MOST_TOLD), ""].join("\n"));
  console.log(closingLine(total, (performance.now() - startMs) / 1000));
  Deno.exit(total.failed === 0 ? 0 : 1);
}
