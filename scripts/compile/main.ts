/**
 * Makes `tele` a single file for each system: `deno task compile`.
 *
 * @module
 */
import { formatSize } from "../../lib/tunnel/values/size.ts";
import { sha256 } from "../../tests/support/random.ts";
import { archive, type ArchiveFile } from "./archive.ts";
import { asShipped, DOCUMENTS } from "./documents.ts";
import { INSTALLERS, withReleaseUrl } from "./installers.ts";
import { runTool } from "../cli.ts";
import { COMPILE_HELP, type CompileOptions, parseCompileOptions } from "./options.ts";
import { Compiler } from "./run.ts";
import { shellFiles } from "./shell_files.ts";
import { archiveName, programName, type Target } from "./targets.ts";
import { bundledPackages, notice, runtime, THIRD_PARTY } from "./third_party.ts";

const ROOT = new URL("../../", import.meta.url);

/** Compiles for all targets. Returns the exit code. */
async function compileAll({ targets, folder, url }: CompileOptions): Promise<number> {
  const compiler = await Compiler.find();
  if (compiler.shortcoming !== undefined) console.error(`compile: ${compiler.shortcoming}`);
  const licences = notice([...await bundledPackages(), await runtime(compiler.version)]);
  await empty(folder);
  const written: string[] = [];
  let failures = 0;
  for (const target of targets) {
    try {
      written.push(...await compileOne(compiler, target, folder, licences));
    } catch (error) {
      failures++;
      console.error(`compile: ${target.name} failed: ${(error as Error).message}`);
    }
  }
  // Scripts that install nothing, and sums of nothing, would only look like a release.
  if (written.length > 0) {
    if (url !== undefined) written.push(...await writeInstallers(folder, url));
    await writeSums(folder, written);
  }
  if (failures === 0) return 0;
  const rest = failures === targets.length ? "nothing was compiled" : `what was compiled is in ${folder}`;
  console.error(`compile: ${failures} of ${targets.length} systems failed; ${rest}`);
  return 1;
}

/** Returns the names of the files that it wrote. */
async function compileOne(
  compiler: Compiler,
  target: Target,
  folder: string,
  licences: string,
): Promise<string[]> {
  const program = programName(target);
  await compiler.compile(target, `${folder}/${program}`);
  const bytes = await Deno.readFile(`${folder}/${program}`);
  const documents = await Promise.all(Object.entries(DOCUMENTS).map(document));
  documents.push({ name: THIRD_PARTY, bytes: new TextEncoder().encode(licences), isProgram: false });
  const files = [{ name: target.program, bytes, isProgram: true }, ...documents, ...shellFiles()];
  const packed = await archive(target.archive, files);
  await Deno.writeFile(`${folder}/${archiveName(target)}`, packed);
  const sizes = [`${program} ${formatSize(bytes.length)}`, `${archiveName(target)} ${formatSize(packed.length)}`];
  console.log(`${target.system}, Deno ${compiler.version}: ${sizes.join(", ")}`);
  return [program, archiveName(target)];
}

async function document([name, path]: [string, string]): Promise<ArchiveFile> {
  const text = await Deno.readTextFile(new URL(path, ROOT));
  return { name, bytes: new TextEncoder().encode(asShipped(path, text)), isProgram: false };
}

/** Returns the names of the install scripts, which download from `url`. */
async function writeInstallers(folder: string, url: string): Promise<readonly string[]> {
  for (const name of INSTALLERS) {
    const script = await Deno.readTextFile(new URL(`../${name}`, import.meta.url));
    await Deno.writeTextFile(`${folder}/${name}`, withReleaseUrl(script, url), { mode: 0o755 });
  }
  return INSTALLERS;
}

/** Files of an earlier run must not stand beside sums that do not cover them. */
async function empty(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for await (const { name, isFile } of Deno.readDir(folder)) {
    const isOurs = name.startsWith("tele-") || name === "SHA256SUMS" || INSTALLERS.includes(name);
    if (isFile && isOurs) await Deno.remove(`${folder}/${name}`);
  }
}

/** As `sha256sum` writes it, which `sha256sum --check` reads. */
async function writeSums(folder: string, names: readonly string[]): Promise<void> {
  const lines = names.map((name) => `${sha256(Deno.readFileSync(`${folder}/${name}`))}  ${name}\n`);
  await Deno.writeTextFile(`${folder}/SHA256SUMS`, lines.join(""));
}

if (import.meta.main) {
  const tool = { name: "compile", help: COMPILE_HELP, parse: parseCompileOptions, run: compileAll };
  Deno.exit(await runTool(tool, Deno.args));
}
