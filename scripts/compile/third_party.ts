/**
 * The licences of what the program carries of others: the packages that it imports, and the runtime it is compiled with.
 *
 * @module
 */
import { fileURLToPath, pathToFileURL } from "node:url";
import { reason } from "./run.ts";

/** The file's name in an archive and in the package for npm. */
export const THIRD_PARTY = "THIRD_PARTY.txt";

/** Something of others that is in the program, with the texts that must go with it. */
export interface ThirdParty {
  /** Its name and version, as `tslib 2.9.1`. */
  readonly title: string;
  /** Its licence, and notices that belong to it. */
  readonly texts: readonly string[];
}

/** What `deno info --json` tells of the modules of a program, as far as it is asked here. */
export interface ModuleGraph {
  /** Modules; those of a package have its key. */
  readonly modules: readonly { readonly npmPackage?: string }[];
  /** Packages by their keys, those of other programs of the lock file included. */
  readonly npmPackages: Readonly<Record<string, GraphPackage>>;
}

/** A package in a {@linkcode ModuleGraph}. */
interface GraphPackage {
  readonly name: string;
  readonly version: string;
  /** Keys of packages. */
  readonly dependencies: readonly string[];
  /** The folder that it lies in here. */
  readonly localPath: string;
}

/** Names of files that hold a licence, or a notice that goes with it. */
const LICENCE = /^(licen[sc]e|copying|notice|copyrightnotice)(?![a-z])/i;

/** Texts for packages that have none of their own, files beside this one, by the package's name. */
const STAND_INS: Readonly<Record<string, readonly string[]>> = {
  "deno-std": ["deno.txt", "go.txt"],
};

/** What stands in front of all. */
const HEAD = "tele carries code of others. Here is what, and with which licences.\n";

/** The packages of a graph whose code its modules reach, by name. */
export function packagesOf({ modules, npmPackages }: ModuleGraph): GraphPackage[] {
  const reached = new Set(modules.flatMap(({ npmPackage }) => npmPackage ?? []));
  // What is added on the way is visited, too.
  for (const key of reached) npmPackages[key]?.dependencies.forEach((each) => reached.add(each));
  const packages = [...reached].map((key) => {
    const found = npmPackages[key];
    if (found === undefined) throw new Error(`deno info does not tell where the package ${key} is`);
    return found;
  });
  return packages.toSorted((a, b) => a.name < b.name || (a.name === b.name && a.version < b.version) ? -1 : 1);
}

/**
 * The packages that `main.ts` brings, with the texts of their own files.
 *
 * @throws If one has no licence: no release goes without.
 */
export async function bundledPackages(): Promise<ThirdParty[]> {
  const graph = JSON.parse(await moduleGraph()) as ModuleGraph;
  return await Promise.all(
    packagesOf(graph).map(async ({ name, version, localPath }) => {
      const folder = pathToFileURL(`${localPath}/`);
      const own = Array.from(Deno.readDirSync(folder)).filter((entry) => entry.isFile && LICENCE.test(entry.name));
      const files = own.map((entry) => new URL(entry.name, folder)).toSorted((a, b) => a.href < b.href ? -1 : 1);
      files.push(...(files.length > 0 ? [] : STAND_INS[name] ?? []).map(standIn));
      if (files.length === 0) {
        throw new Error(`the package ${name} has no file with its licence: put one into STAND_INS`);
      }
      return { title: `${name} ${version}`, texts: await Promise.all(files.map((file) => Deno.readTextFile(file))) };
    }),
  );
}

/** The runtime that a compiled program has in it. */
export async function runtime(version: string): Promise<ThirdParty> {
  const more = `\nWhat Deno itself is made of, V8 and others, stands in its source: https://github.com/denoland/deno\n`;
  return { title: `Deno ${version}`, texts: [await Deno.readTextFile(standIn("deno.txt")), more] };
}

/**
 * The whole notice: each text once, below the titles of all that have it.
 *
 * @example
 * ```ts
 * import { notice } from "./third_party.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const text = notice([{ title: "one 1.0.0", texts: ["MIT\n"] }, { title: "two 2.0.0", texts: ["MIT\n"] }]);
 * assertStringIncludes(text, "one 1.0.0\ntwo 2.0.0\n");
 * ```
 */
export function notice(parties: readonly ThirdParty[]): string {
  const titles = new Map<string, string[]>();
  for (const { title, texts } of parties) {
    const text = texts.map((each) => `${each.replaceAll("\r\n", "\n").trim()}\n`).join("\n");
    titles.set(text, [...titles.get(text) ?? [], title]);
  }
  const line = `${"-".repeat(72)}\n`;
  const parts = Array.from(titles, ([text, names]) => `${line}${names.join("\n")}\n${line}\n${text}`);
  return [HEAD, ...parts].join("\n");
}

function standIn(name: string): URL {
  return new URL(`licences/${name}`, import.meta.url);
}

async function moduleGraph(): Promise<string> {
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", main],
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`what the program imports cannot be told: ${reason(new TextDecoder().decode(stderr))}`);
}
