/**
 * tele as a contender: this tree's source, or that of another which `TELE_MAIN` names, run by this Deno.
 *
 * @module
 */
import type { Scenario } from "../../tests/support/scenario.ts";
import { teleMain, TeleProcess } from "../../tests/support/tele_process.ts";
import { makeCertificate } from "./certificate.ts";
import { runProgram } from "./program.ts";
import type { Site, Tunnel } from "./site.ts";

/** How a tele pair is set up. */
export interface TeleSetup {
  hasTls?: boolean;
  /** Carriers. @default {1} */
  pool?: number;
}

const HELP_MS = 20_000;

/** Starts a tele pair in front of the user's server on port `to` of the far side. */
export async function startTele(s: Scenario, site: Site, to: number, setup: TeleSetup): Promise<Tunnel> {
  const forServer: string[] = [];
  const forClient = [`--pool=${setup.pool ?? 1}`];
  if (setup.hasTls) {
    if (!await knowsTls()) throw new Error("this tele has no --tls-cert");
    const { certificate, key } = await makeCertificate(s, site.farAddress);
    forServer.push(`--tls-cert=${certificate}`, `--tls-key=${key}`);
    // The name is that of the far side even where a relay stands in between.
    forClient.push("--tls", `--tls-ca=${certificate}`, `--tls-name=${site.farAddress}`);
  }
  // Each has a folder of its own: an identity belongs to one client.
  const home = await Deno.makeTempDir({ dir: s.home, prefix: "tele-" });
  const start = async (role: "server" | "client", wrap: readonly string[], args: string[]) => {
    const options = { role, home, wrap: [...wrap], args: [...args, "--log-level=warn"] };
    return s.use(await TeleProcess.start(options));
  };
  const server = await start("server", site.far, [`--in=127.0.0.1:${to}`, `--out=${site.farAddress}:0`, ...forServer]);
  const { host, port } = await site.reach(server.port);
  const client = await start("client", site.near, ["--in=127.0.0.1:0", `--out=${host}:${port}`, ...forClient]);
  return { host: "127.0.0.1", port: client.port, pids: [client.pid, server.pid] };
}

let tlsKnown: Promise<boolean> | undefined;

function knowsTls(): Promise<boolean> {
  return tlsKnown ??= runProgram([Deno.execPath(), "run", "-A", teleMain(), "--help"], HELP_MS)
    .then((help) => help.includes("--tls-cert"));
}
