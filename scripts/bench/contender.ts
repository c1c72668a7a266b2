/**
 * What is compared: ways from a user's client to a user's server.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Scenario } from "../../tests/support/scenario.ts";
import { startSshd } from "../../tests/support/sshd.ts";
import { freePort } from "../../tests/support/user_programs.ts";
import { Program } from "./program.ts";
import type { Endpoint, Site, Tunnel } from "./site.ts";
import { startTele, type TeleSetup } from "./tele.ts";
import { makeCertificate } from "./certificate.ts";

/** One way to the user's server. */
export interface Contender {
  readonly name: string;
  /** The programs that it needs. */
  readonly programs: readonly string[];
  /** How it is set up, if it is a tele: for workloads that start one themselves. */
  readonly tele?: TeleSetup;
  /** Starts it in front of the user's server on port `to` of the far side. */
  start(s: Scenario, site: Site, to: number): Promise<Tunnel>;
}

/** A command with the port on which it listens: for the near half where to dial, for the far half the user's server. */
type Half = (listen: Endpoint, dial: Endpoint) => Promise<readonly string[]>;

const LOCAL = "127.0.0.1";

export const DIRECT: Contender = {
  name: "direct",
  programs: [],
  start: async (_s, site, to) => ({ ...await site.reach(to), pids: [] }),
};

export const TELE = teleContender("tele", {});

export const TELE_TLS: Contender = { ...teleContender("tele TLS", { hasTls: true }), programs: ["openssl"] };

export const TELE_SEALED: Contender = teleContender("tele sealed", { isSealed: true });

export const TELE_WEBSOCKET: Contender = teleContender("tele WebSocket", { isWebSocket: true });

export const BARE: Contender = {
  name: "bare Deno pair",
  programs: [],
  start(s, site, to) {
    const script = fileURLToPath(new URL("./bare_main.ts", import.meta.url));
    const half: Half = (listen, dial) => {
      const addresses = [listen.host, String(listen.port), dial.host, String(dial.port)];
      return Promise.resolve([Deno.execPath(), "run", "-A", script, ...addresses]);
    };
    return startPair(s, site, to, half, half);
  },
};

export const SSH: Contender = {
  name: "ssh -L",
  programs: ["ssh", "sshd", "ssh-keygen", "id"],
  async start(s, site, to) {
    const sshd = await startSshd(s, { address: site.farAddress, wrap: site.far });
    const { host, port: farPort } = await site.reach(sshd.port);
    const port = freePort();
    const forward = ["-N", "-o", "ExitOnForwardFailure=yes", "-L", `${LOCAL}:${port}:${LOCAL}:${to}`];
    const command = ["ssh", ...sshd.options, ...forward, "-p", String(farPort), `${sshd.user}@${host}`];
    const ssh = await Program.start(s, { command, wrap: site.near, port });
    return { host: LOCAL, port, pids: [ssh.pid, sshd.pid] };
  },
};

export const STUNNEL: Contender = {
  name: "stunnel pair",
  programs: ["stunnel4", "openssl"],
  async start(s, site, to) {
    const { certificate, key } = await makeCertificate(s, site.farAddress);
    const half = (...lines: string[]): Half => async (listen, dial) => {
      const file = `${s.home}/stunnel-${listen.port}`;
      const config = ["foreground = yes", "pid =", "debug = warning", "socket = l:TCP_NODELAY=1"];
      config.push("socket = r:TCP_NODELAY=1", "[bench]", ...lines);
      config.push(`accept = ${listen.host}:${listen.port}`, `connect = ${dial.host}:${dial.port}`);
      await Deno.writeTextFile(file, config.join("\n") + "\n");
      return ["stunnel4", file];
    };
    return await startPair(s, site, to, half("client = yes"), half(`cert = ${certificate}`, `key = ${key}`));
  },
};

export const SOCAT: Contender = {
  name: "socat pair",
  programs: ["socat"],
  start(s, site, to) {
    const half: Half = (listen, dial) => {
      const options = `bind=${listen.host},fork,reuseaddr,nodelay,backlog=1024`;
      const addresses = [`TCP-LISTEN:${listen.port},${options}`, `TCP:${dial.host}:${dial.port},nodelay`];
      return Promise.resolve(["socat", ...addresses]);
    };
    return startPair(s, site, to, half, half);
  },
};

export const HAPROXY: Contender = {
  name: "haproxy pair",
  programs: ["haproxy"],
  start(s, site, to) {
    const half: Half = async (listen, dial) => {
      const file = `${s.home}/haproxy-${listen.port}`;
      const config = [
        "global",
        "  maxconn 8000",
        "defaults",
        "  mode tcp",
        "  timeout connect 10s",
        "  timeout client 1h",
        "  timeout server 1h",
        "listen bench",
        `  bind ${listen.host}:${listen.port}`,
        `  server next ${dial.host}:${dial.port}`,
      ];
      await Deno.writeTextFile(file, config.join("\n") + "\n");
      return ["haproxy", "-db", "-f", file];
    };
    return startPair(s, site, to, half, half);
  },
};

/** All that are compared where both sides are on one machine. */
export const ON_ONE_MACHINE: readonly Contender[] = [
  DIRECT,
  BARE,
  TELE,
  TELE_TLS,
  TELE_SEALED,
  TELE_WEBSOCKET,
  SSH,
  STUNNEL,
  SOCAT,
  HAPROXY,
];

/** A tele that is set up in some way. */
export function teleContender(name: string, tele: TeleSetup): Contender {
  return { name, programs: [], tele, start: (s, site, to) => startTele(s, site, to, tele) };
}

async function startPair(s: Scenario, site: Site, to: number, near: Half, far: Half): Promise<Tunnel> {
  const farEnd = { host: site.farAddress, port: freePort() };
  const farHalf = await Program.start(s, {
    command: await far(farEnd, { host: LOCAL, port: to }),
    wrap: site.far,
    port: farEnd.port,
  });
  const nearEnd = { host: LOCAL, port: freePort() };
  const nearHalf = await Program.start(s, {
    command: await near(nearEnd, await site.reach(farEnd.port)),
    wrap: site.near,
    port: nearEnd.port,
  });
  return { ...nearEnd, pids: [nearHalf.pid, farHalf.pid] };
}
