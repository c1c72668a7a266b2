/**
 * The files of this checkout, for the tests of the house.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** The top of the checkout. */
export const ROOT = new URL("../../", import.meta.url);

/** The text of a file, whose path begins at the top. */
export function readText(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** Paths of the files that git knows or would add, sorted; of all files where there is no git. */
export function treeFiles(): string[] {
  try {
    const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const { success, stdout } = new Deno.Command("git", { args, cwd: fileURLToPath(ROOT), stderr: "null" })
      .outputSync();
    const paths = new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "" && isFile(path));
    if (success && paths.length > 0) return paths.sort();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return filesBelow("").sort();
}

/** The files of TypeScript and JavaScript below a folder, such as `lib/`, without declarations alone. */
export function sourcesBelow(folder: string): string[] {
  return filesBelow(folder).filter((path) => /\.(ts|js)$/.test(path) && !path.endsWith(".d.ts")).sort();
}

/** Whether there is a file of this path. A file that was deleted and not committed is still known to git. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, ROOT)).isFile;
  } catch {
    return false;
  }
}

/** Whether there is a file or a folder of this path. */
export function isThere(path: string): boolean {
  try {
    Deno.statSync(new URL(path, ROOT));
    return true;
  } catch {
    return false;
  }
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder === "" ? "." : folder, ROOT))].flatMap(({ name, isDirectory }) => {
    if (name === ".git") return [];
    return isDirectory ? filesBelow(`${folder}${name}/`) : [`${folder}${name}`];
  });
}
