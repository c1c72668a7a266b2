/**
 * tele in other trees and with other flags, as contenders beside this tree's.
 *
 * @module
 */
import { basename, dirname } from "node:path";
import { type Contender, TELE, teleContender } from "./contender.ts";
import type { BenchOptions } from "./options.ts";
import type { Workload } from "./workload.ts";

/** The variants that are asked for. Trees whose folders have one name are told by their paths. */
export function variants({ trees, teleFlags }: Pick<BenchOptions, "trees" | "teleFlags">): Contender[] {
  const folders = trees.map(dirname);
  const nameOf = (folder: string) =>
    folders.filter((other) => basename(other) === basename(folder)).length > 1 ? folder : basename(folder);
  return [
    ...trees.map((main, index) => teleContender(`tele (${nameOf(folders[index])})`, { main })),
    ...teleFlags.map(({ text, client, server }) =>
      teleContender(`tele ${text}`, { clientFlags: client, serverFlags: server })
    ),
  ];
}

/** The workloads, with the variants wherever tele itself is measured. */
export function withVariants(
  workloads: readonly Workload[],
  options: Pick<BenchOptions, "trees" | "teleFlags">,
): Workload[] {
  const more = variants(options);
  return workloads.map((workload) => ({
    ...workload,
    contenders: workload.contenders.flatMap((contender) => contender === TELE ? [TELE, ...more] : [contender]),
  }));
}
