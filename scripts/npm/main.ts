/**
 * Makes `tele` a package for npm: `deno task npm`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { isNodeSound } from "../../lib/net/runtime.ts";
import { formatSize } from "../../lib/tunnel/values/size.ts";
import { runTool } from "../cli.ts";
import { archive } from "../compile/archive.ts";
import { reason } from "../compile/run.ts";
import { bundledPackages, notice } from "../compile/third_party.ts";
import { NPM_HELP, type NpmOptions, parseNpmOptions } from "./options.ts";
import { PACKAGE_NAME, packageFiles } from "./package.ts";

const ROOT = new URL("../../", import.meta.url);

/** Makes the package. Returns the exit code. */
async function makePackage({ folder }: NpmOptions): Promise<number> {
  const version = Deno.version.deno;
  if (!isNodeSound(version)) {
    throw new Error(`the package gets the Deno that makes it, and TLS needs 2.9 or later; this is ${version}`);
  }
  const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
  const licences = notice(await bundledPackages());
  const packed = await archive(".tar.gz", await packageFiles(version, await bundle(), licences, read));
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(`${folder}/${PACKAGE_NAME}.tgz`, packed);
  console.log(`npm, Deno ${version}: ${PACKAGE_NAME}.tgz ${formatSize(packed.length)}`);
  return 0;
}

/**
 * The whole program as one module. Shortened: it has no comments then, which would name the folders of this machine.
 * Names are kept, since the log tells those of errors.
 */
async function bundle(): Promise<Uint8Array<ArrayBuffer>> {
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  try {
    const main = fileURLToPath(new URL("main.ts", ROOT));
    const args = ["bundle", "--quiet", "--platform=deno", "--minify", "--keep-names", `--output=${file}`, main];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: fileURLToPath(ROOT),
      env: { NO_COLOR: "1", RUST_BACKTRACE: "0", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
      stdout: "null",
    }).output();
    if (!success) throw new Error(`it cannot be bundled: ${reason(new TextDecoder().decode(stderr))}`);
    return await Deno.readFile(file);
  } finally {
    await Deno.remove(file);
  }
}

if (import.meta.main) {
  const tool = { name: "npm", help: NPM_HELP, parse: parseNpmOptions, run: makePackage };
  Deno.exit(await runTool(tool, Deno.args));
}
