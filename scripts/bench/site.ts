/**
 * The two machines between which a tunnel runs, and how one reaches the other.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Scenario } from "../../tests/support/scenario.ts";
import { freePort } from "../../tests/support/user_programs.ts";
import { type LinkOptions, makeLink } from "./link.ts";
import type { Path, PathOptions } from "./path.ts";
import { Program } from "./program.ts";

/** An address to connect to. */
export interface Endpoint {
  host: string;
  port: number;
}

/** Where a user's client connects, and the processes between it and the user's server. */
export interface Tunnel extends Endpoint {
  pids: number[];
  /** How many of the site's paths it uses. @default {1} */
  paths?: number;
}

/** Where the two halves of a tunnel run. */
export interface Site {
  /** Put in front of a command so that it runs beside the user's client. */
  near: readonly string[];
  /** Put in front of a command so that it runs beside the user's server. */
  far: readonly string[];
  /** Where programs on the far side listen for the near side. */
  farAddress: string;
  /** Where the user's server listens, so that it can be reached through a tunnel and directly. */
  serverHost: string;
  /** The paths of IP packets between the two, if there are any. */
  paths: readonly Path[];
  /** How the near side reaches a port of the far side: the first path, if there are several. */
  reach(port: number): Promise<Endpoint>;
}

const EVERYWHERE = "0.0.0.0";

/** Both sides are this machine. */
export const LOOPBACK: Site = {
  near: [],
  far: [],
  farAddress: "127.0.0.1",
  serverHost: "127.0.0.1",
  paths: [],
  reach: (port) => Promise.resolve({ host: "127.0.0.1", port }),
};

/** What wide-area figures are measured on, in words for the output. */
export function describeLink(wan: string | undefined): string {
  return wan === undefined
    ? "a TCP relay of the bench's own with delay, rate and a bounded queue (no root, no wan.c or no compiler here)"
    : "IP links between two network namespaces (wan.c)";
}

/** The ends of a link of the compiled `wan`. */
export async function linked(s: Scenario, wan: string, options: LinkOptions): Promise<Site> {
  const { near, far, paths } = await makeLink(s, wan, options);
  const [{ farAddress }] = paths;
  return {
    near,
    far,
    farAddress: paths.length > 1 ? EVERYWHERE : farAddress,
    serverHost: EVERYWHERE,
    paths,
    reach: (port) => Promise.resolve({ host: farAddress, port }),
  };
}

/** This machine with a relay in the middle: what can be had without a `wan`. */
export function relayed(s: Scenario, { roundTripMs, megabitsPerSecond, queueKib }: PathOptions): Site {
  return {
    ...LOOPBACK,
    async reach(to) {
      const port = freePort();
      const script = fileURLToPath(new URL("./delay_main.ts", import.meta.url));
      const path = [port, to, roundTripMs, megabitsPerSecond, queueKib].map(String);
      await Program.start(s, { command: [Deno.execPath(), "run", "-A", script, ...path], port });
      return { host: "127.0.0.1", port };
    },
  };
}
