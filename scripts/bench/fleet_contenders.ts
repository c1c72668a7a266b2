/**
 * What a server of a fleet costs that passes carriers on to the one that has their session, beside other relays in its
 * place.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { makeTestToken } from "../../tests/support/key_files.ts";
import type { Scenario } from "../../tests/support/scenario.ts";
import { TeleProcess } from "../../tests/support/tele_process.ts";
import { freePort } from "../../tests/support/user_programs.ts";
import { type Contender, TELE } from "./contender.ts";
import { Program } from "./program.ts";
import type { Endpoint, Site, Tunnel } from "./site.ts";
import { startTele } from "./tele.ts";

const LOCAL = "127.0.0.1";

/** How long the other server may take to have a carrier and pass it on, in milliseconds. */
const PASSED_MS = 30_000;

/** The least that a relay on Deno can be. */
const bare = ({ port }: Endpoint, to: Endpoint): string[] => {
  const script = fileURLToPath(new URL("./bare_main.ts", import.meta.url));
  return [Deno.execPath(), "run", "-A", script, LOCAL, String(port), to.host, String(to.port)];
};

const socat = ({ port }: Endpoint, to: Endpoint): string[] => {
  const options = `bind=${LOCAL},fork,reuseaddr,nodelay`;
  return ["socat", `TCP-LISTEN:${port},${options}`, `TCP:${to.host}:${to.port},nodelay`];
};

/** A tele whose carriers go through one relay. */
function behind(name: string, programs: string[], command: (listen: Endpoint, to: Endpoint) => string[]): Contender {
  return {
    name: `tele behind ${name}`,
    programs,
    async start(s, site, to) {
      const { tunnel, relay } = await startBehind(s, site, to, command, []);
      return { ...tunnel, pids: [...tunnel.pids, relay.pid] };
    },
  };
}

async function startBehind(
  s: Scenario,
  site: Site,
  to: number,
  command: (listen: Endpoint, to: Endpoint) => string[],
  serverFlags: string[],
): Promise<{ tunnel: Tunnel; relay: Program; at: Endpoint }> {
  const at = { host: LOCAL, port: freePort() };
  let relay: Program | undefined;
  const through: Site = {
    ...site,
    async reach(port) {
      relay = await Program.start(s, { command: command(at, { host: LOCAL, port }), wrap: site.far, port: at.port });
      return at;
    },
  };
  const tunnel = await startTele(s, through, to, { serverFlags });
  return { tunnel, relay: relay!, at };
}

/** A tele whose session began at one server, and whose carriers come to another: where a relay was there is a server. */
const PASSED_ON: Contender = {
  name: "tele passed on",
  programs: ["socat"],
  async start(s, site, to) {
    const key = `${await Deno.makeTempDir({ dir: s.home })}/fleet-key`;
    await Deno.writeTextFile(key, makeTestToken(), { mode: 0o600 });
    const fleet = () => [`--node=${LOCAL}:${freePort()}`, `--fleet-key-file=${key}`];
    const { tunnel, relay, at } = await startBehind(s, site, to, socat, fleet());
    await relay[Symbol.asyncDispose]();
    const args = [`--in=${LOCAL}:${to}`, `--out=${LOCAL}:${at.port}`, ...fleet(), "--log-level=debug"];
    const passer = s.use(await TeleProcess.start({ role: "server", args, home: s.home }));
    await passer.logged(/ passed on to /, PASSED_MS);
    return { ...tunnel, pids: [...tunnel.pids, passer.pid] };
  },
};

/** tele at the owner itself, passed on to it, and behind other relays. */
export const IN_A_FLEET: readonly Contender[] = [
  TELE,
  PASSED_ON,
  behind("a bare Deno relay", [], bare),
  behind("socat", ["socat"], socat),
];
