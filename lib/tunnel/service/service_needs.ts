/**
 * What a configuration needs of the machine when it runs as a service.
 *
 * @module
 */
import { dirname, isAbsolute } from "node:path";
import { badInput } from "../../net/error.ts";
import type { Configuration } from "../configuration/configuration.ts";
import { listenPlaces, type TunnelEntry } from "../configuration/tunnel_table.ts";
import type { Service } from "./service.ts";

/** The part of a {@linkcode Service} that its configuration says. */
export type ServiceNeeds = Pick<Service, "reads" | "writes" | "startsCommands">;

/**
 * Finds what it needs.
 *
 * @throws {TeleError} `bad-input` for a path that would be another one for a service, which starts in a folder of its
 * own.
 */
export function needsOf({ tunnels }: Configuration): ServiceNeeds {
  const reads = new Set(tunnels.flatMap(filesOf));
  const writes = new Set(tunnels.flatMap(socketsOf).map((path) => dirname(path)));
  const startsCommands = tunnels.some(({ command }) =>
    command.kind === "client" && command.options.paths.some(({ out }) => out.kind === "command")
  );
  return { reads: [...reads], writes: [...writes], startsCommands };
}

/** The files that options of a tunnel name. */
function filesOf({ name, settings }: TunnelEntry): string[] {
  return settings.flatMap(({ option, texts }) => {
    if (option.kind === "flag" || option.completes?.paths !== "files") return [];
    // `--tls-ca` takes a word too: it is no path.
    const paths = texts.filter((text) => !option.completes?.words?.includes(text));
    for (const path of paths) refuseRelative(name, option.name, path);
    return paths;
  });
}

/** The paths of unix sockets on which a tunnel listens; an address has the whole path. */
function socketsOf(tunnel: TunnelEntry): string[] {
  const addresses = listenPlaces(tunnel).map(({ address }) => address);
  return addresses.filter((address) => address.startsWith("unix:")).map((address) => address.slice("unix:".length));
}

function refuseRelative(tunnel: string, option: string, path: string): void {
  if (isAbsolute(path)) return;
  throw badInput(
    `tunnel ${tunnel}: ${option} = ${
      JSON.stringify(path)
    } depends on the folder in which tele starts: write the whole ` +
      "path, for a service",
  );
}
