/**
 * What is in the package for npm.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import type { ArchiveFile } from "../compile/archive.ts";
import { asShipped, DOCUMENTS } from "../compile/documents.ts";
import { PERMISSIONS } from "../compile/permissions.ts";
import { THIRD_PARTY } from "../compile/third_party.ts";

/** Its name, and the file that `deno task npm` makes. Of programs of a package that has but one, npx needs no name. */
export const PACKAGE_NAME = "tele-tunnel";

/** `package.json`, for a Deno of this version, which npm installs with it. */
export function packageJson(denoVersion: string): Record<string, unknown> {
  return {
    name: PACKAGE_NAME,
    version: config.version,
    description: "TCP connections that outlive the network",
    license: config.license,
    bin: { tele: "tele.cjs" },
    engines: { node: ">=18" },
    // No range: the program asks things of the runtime's insides.
    dependencies: { deno: denoVersion },
  };
}

/** Arguments of Deno in front of the program: it may do what a compiled one may, and fetches nothing. */
export function denoArguments(): string[] {
  // Deno reads no deno.json below node_modules. All packages are in the program: there is nothing to fetch late.
  const features = config.unstable.filter((feature) => feature !== "npm-lazy-caching");
  const unstable = features.map((feature) => `--unstable-${feature}`);
  return ["run", "--quiet", "--no-remote", "--no-npm", ...unstable, ...PERMISSIONS];
}

/**
 * All files, by their names in a package of npm.
 *
 * @param program The whole program as one module.
 * @param licences Those of others whose code is in it.
 * @param read Reads a file of this tree, by its path from the top.
 */
export async function packageFiles(
  denoVersion: string,
  program: Uint8Array<ArrayBuffer>,
  licences: string,
  read: (path: string) => Promise<string>,
): Promise<ArchiveFile[]> {
  const texts: Record<string, string> = {
    "package.json": toJson(packageJson(denoVersion)),
    "arguments.json": toJson(denoArguments()),
    "tele.cjs": await read("scripts/npm/tele.cjs"),
  };
  for (const [name, path] of Object.entries(DOCUMENTS)) texts[name] = asShipped(path, await read(path));
  texts[THIRD_PARTY] = licences;
  const files = Object.entries(texts).map(([name, text]) => file(name, new TextEncoder().encode(text)));
  return [...files, file("tele.mjs", program)];
}

function file(name: string, bytes: Uint8Array<ArrayBuffer>): ArchiveFile {
  return { name: `package/${name}`, bytes, isProgram: name === "tele.cjs" };
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
