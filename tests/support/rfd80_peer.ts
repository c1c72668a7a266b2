/**
 * The peer of `rfd80_peer.py`, which speaks RFD 80 without knowing tele, and the certificate that both use.
 *
 * @module
 */
import { parseHostNames } from "../../lib/tunnel/values/host_name.ts";
import { makeCertificate } from "../../lib/tunnel/files/make_cert.ts";
import { PythonPeer } from "./python_peer.ts";
import type { Scenario } from "./scenario.ts";
import type { TeleProcess } from "./tele_process.ts";
import { until } from "./wait.ts";

/** The protocol of these tests, an example of RFD 80. */
export const PROTOCOL = "teleport-mysql";

/** A peer that knows pings, and one from before them, as its `--alpn` tells. */
export const KNOWS_PINGS = `--alpn=${PROTOCOL}-ping,${PROTOCOL}`;
export const KNOWS_NO_PINGS = `--alpn=${PROTOCOL}`;

/** What the peer found on one connection. */
export interface PeerEnding {
  connection: number;
  /** What ALPN chose. */
  protocol: string | null;
  /** Why its script did not come to its end. */
  problem: string | null;
  /** How the other direction ended. */
  ending: string | null;
  sent: number;
  sent_sha256: string;
  received: number;
  received_sha256: string;
  messages: number;
  /** Bytes of the largest message received. */
  largest: number;
  /** Whether the other direction ended inside a message. */
  truncated: boolean;
  pings: number;
  /** When the first hundred pings came, in milliseconds since the handshake. */
  ping_ms: number[];
}

/** A running peer. */
export class Rfd80Peer extends PythonPeer {
  constructor(args: string[]) {
    super("rfd80_peer.py", args);
  }

  /** Waits until a line of this name was printed `count` times. */
  async said(step: string, count = 1, ms = 60_000): Promise<void> {
    const met = () => this.facts.filter((fact) => fact.step === step).length >= count;
    await until(met, ms, `${count} times the peer's "${step}"`);
  }

  /** What it found on a connection, the first has number 0; waits for that. */
  async ending(connection = 0, ms = 60_000): Promise<PeerEnding> {
    const find = () => this.facts.find((fact) => fact.step === "ended" && fact.connection === connection);
    await until(() => find() !== undefined, ms, `the end of the peer's connection ${connection}`);
    return find() as unknown as PeerEnding;
  }
}

/** Files for TLS on localhost, as options of both roles and of the peer. */
export interface TlsFiles {
  server: string[];
  client: string[];
  peerServer: string[];
  peerClient: string[];
}

const made: WeakMap<Scenario, Promise<TlsFiles>> = new WeakMap();

/** A certificate for localhost in the test's folder; one for each test, whoever asks at the same time. */
export function tlsFiles(s: Scenario): Promise<TlsFiles> {
  const files = made.get(s) ?? makeFiles(s);
  made.set(s, files);
  return files;
}

async function makeFiles(s: Scenario): Promise<TlsFiles> {
  const [certificate, key] = [`${s.home}/cert.pem`, `${s.home}/key.pem`];
  const files = await makeCertificate(parseHostNames("localhost,127.0.0.1"), Date.now());
  await Deno.writeTextFile(certificate, files.certificate);
  await Deno.writeTextFile(key, files.key);
  return {
    server: [`--tls-cert=${certificate}`, `--tls-key=${key}`],
    client: [`--tls-ca=${certificate}`],
    peerServer: [`--cert=${certificate}`, `--key=${key}`],
    peerClient: [`--ca=${certificate}`],
  };
}

/** A Python server, and a tele client in front of it. */
export async function behindClient(
  s: Scenario,
  peerArgs: string[],
  clientArgs: string[] = [],
): Promise<{ peer: Rfd80Peer; client: TeleProcess }> {
  const tls = await tlsFiles(s);
  const peer = s.use(new Rfd80Peer(["server", ...tls.peerServer, ...peerArgs]));
  await peer.said("ready");
  const { port } = peer.facts[0] as { port?: number };
  const args = [`--out=localhost:${port}`, "--in=127.0.0.1:0", `--protocol=${PROTOCOL}`, ...tls.client, ...clientArgs];
  return { peer, client: await s.start("client", args, {}) };
}

/** A tele server for the user's server on `userPort`. */
export async function protocolServer(s: Scenario, userPort: number, serverArgs: string[] = []): Promise<TeleProcess> {
  const { server } = await tlsFiles(s);
  return await s.server(userPort, 0, { args: [`--protocol=${PROTOCOL}`, ...server, ...serverArgs] });
}

/** A Python client that plays its scripts with a tele server. */
export function beforeServer(s: Scenario, { port }: TeleProcess, peerArgs: string[]): Rfd80Peer {
  return s.use(new Rfd80Peer(["client", String(port), `--ca=${s.home}/cert.pem`, ...peerArgs]));
}
