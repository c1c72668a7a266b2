/**
 * tele as a contender: this tree's source, that of another tree, or that which `TELE_MAIN` names, run by this Deno.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import type { Scenario } from "../../tests/support/scenario.ts";
import { TeleProcess } from "../../tests/support/tele_process.ts";
import { teleWords } from "../../tests/support/tele_program.ts";
import { makeCertificate } from "./certificate.ts";
import { runProgram } from "./program.ts";
import { scrape } from "./scraper.ts";
import type { Site, Tunnel } from "./site.ts";

/** How a tele pair is set up. */
export interface TeleSetup {
  hasTls?: boolean;
  /** Whether a token seals the carriers, without certificates. */
  isSealed?: boolean;
  /** Whether carriers are WebSockets, without TLS. */
  isWebSocket?: boolean;
  /** Another `main.ts` than this tree's. */
  main?: string;
  /** Further flags. */
  clientFlags?: readonly string[];
  serverFlags?: readonly string[];
}

const HELP_MS = 20_000;

/** How long the first connection of the two may take, in milliseconds. */
const LINK_MS = 20_000;

/**
 * Starts a tele pair in front of the user's server on port `to` of the far side, and waits until the two are connected.
 * A client listens before that, and what a user sends meanwhile waits for round trips of the handshake: an `ssh` that
 * listens is connected, and the clock of a direct connection starts when that stands.
 */
export async function startTele(s: Scenario, site: Site, to: number, setup: TeleSetup): Promise<Tunnel> {
  const { forServer, forClient } = await flagsOf(s, site, setup);
  // Each has a folder of its own: an identity belongs to one client.
  const home = await Deno.makeTempDir({ dir: s.home, prefix: "tele-" });
  const main = setup.main === undefined ? undefined : pathToFileURL(setup.main);
  const start = async (role: "server" | "client", wrap: readonly string[], args: string[]) => {
    const env = setup.isSealed ? { TELE_TOKEN: "a token for the bench" } : undefined;
    const options = { role, home, main, wrap: [...wrap], args, env };
    return s.use(await TeleProcess.start(options));
  };
  const serverArgs = [`--in=127.0.0.1:${to}`, `--out=${site.farAddress}:0`, ...forServer, "--log-level=warn"];
  const server = await start("server", site.far, serverArgs);
  scrape(s, forServer);
  const { host, port } = await site.reach(server.port);
  const startClient = async (hosts: readonly string[]): Promise<Tunnel> => {
    const outs = hosts.map((host) => `--out=${setup.isWebSocket ? "ws://" : ""}${host}:${port}`);
    const client = await start("client", site.near, ["--in=127.0.0.1:0", ...outs, ...forClient]);
    await client.logged(/\blink up: /, LINK_MS);
    scrape(s, forClient);
    return { host: "127.0.0.1", port: client.port, pids: [client.pid, server.pid], paths: hosts.length };
  };
  if (site.paths.length < 2) return await startClient([host]);
  try {
    return await startClient(site.paths.map(({ farAddress }) => farAddress));
  } catch (error) {
    // A tree that knows one path only ends with a word about the second.
    if (!(error as Error).message.includes("--out is given more than once")) throw error;
    return await startClient([host]);
  }
}

async function flagsOf(
  s: Scenario,
  site: Site,
  setup: TeleSetup,
): Promise<{ forServer: string[]; forClient: string[] }> {
  const forServer = [...setup.serverFlags ?? []];
  const forClient = [...setup.clientFlags ?? []];
  if (setup.hasTls) {
    if (!await knowsTls()) throw new Error("this tele has no --tls-cert");
    const { certificate, key } = await makeCertificate(s, site.farAddress);
    forServer.push(`--tls-cert=${certificate}`, `--tls-key=${key}`);
    // The name is that of the far side even where a relay stands in between.
    forClient.push("--tls", `--tls-ca=${certificate}`, `--tls-name=${site.farAddress}`);
  }
  return { forServer, forClient };
}

let tlsKnown: Promise<boolean> | undefined;

function knowsTls(): Promise<boolean> {
  return tlsKnown ??= runProgram([...teleWords(), "--help"], HELP_MS)
    .then((help) => help.includes("--tls-cert"));
}
