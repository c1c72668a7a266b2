/**
 * The paths of a client: what `--out` and `--from` make together.
 *
 * @module
 */
import { type Address, reaches } from "../../net/address.ts";
import { formatOrigin, leadsTo } from "../../net/origin.ts";
import { addressOf, formatWay, type Way } from "../../net/way.ts";
import type { Encryption } from "../../session/handshake/seal.ts";
import { MOST_PATHS } from "../../session/session_constants.ts";
import { type GivenFlags, mistake } from "./given_flags.ts";
import { type ProxyEnvironment, proxySource } from "./proxy_choice.ts";
import type { ClientOptions, ClientPath, ProxySource } from "./role_options.ts";
import * as rfd80 from "./rfd80_options.ts";
import * as services from "./service_options.ts";
import * as session from "./session_options.ts";

/** A path as far as `--out`, `--from` and the proxy say it. */
export type UnsecuredPath = Omit<ClientPath, "tls">;

/** Beginning of a sentence about `--from`. */
const FROM = `--${session.FROM.name}`;

/**
 * The products of all `--out` and `--from`, in that order; but from an address nothing leads to one of the other family.
 *
 * @throws {TeleError} `bad-input` if there is none, one is given twice, there are too many, one cannot be had, or one
 *   leads back to this client.
 */
export function clientPaths(
  given: GivenFlags,
  environment: ProxyEnvironment,
): readonly [UnsecuredPath, ...UnsecuredPath[]] {
  given.need(session.CLIENT_OUT, "--client needs --out=ADDR, the address of the tele server");
  const outs = given.values(session.CLIENT_OUT);
  const origins = given.values(session.FROM);
  refuseTwice("--out", outs.map(formatWay));
  refuseTwice(FROM, origins.map(formatOrigin));
  if (origins.length > 0) outs.forEach(refuseWithoutOrigin);
  const listens = [
    ...given.values(session.CLIENT_IN).map((address) => ({ flag: "--in", address })),
    ...given.values(services.FORWARD).map((forward) => ({ flag: "--forward", address: forward.in })),
    ...given.values(services.SOCKS).map((address) => ({ flag: "--socks", address })),
  ];
  const proxied = outs.map((out) => ({ out, proxy: proxySource(given, environment, out) }));
  for (const { out, proxy } of proxied) for (const listen of listens) refuseOwnPort(listen, out, proxy);
  const all = origins.length === 0 ? [undefined] : origins;
  const paths = proxied.flatMap((way) =>
    all.filter((from) => from === undefined || leadsTo(from, hostOf(way))).map((from): UnsecuredPath => ({
      ...way,
      from,
    }))
  );
  const alone = origins.find((origin) => !paths.some(({ from }) => from === origin));
  if (alone !== undefined) {
    const family = formatOrigin(alone).includes(":") ? "IPv6" : "IPv4";
    throw mistake(`${FROM}=${formatOrigin(alone)} is an ${family} address, and no --out leads to one: leave it out`);
  }
  const lost = outs.find((out) => !paths.some((path) => path.out === out));
  if (lost !== undefined) throw mistake(`no ${FROM} is of the family of --out=${formatWay(lost)}: leave it out`);
  const [first, ...others] = paths;
  refuseTooMany(given, paths.length);
  return [first, ...others];
}

/** How many carriers a client has at the most: as many as it has paths at the least. */
export function carriersFor(given: GivenFlags, paths: number): number {
  const carriers = given.value(session.CARRIERS);
  if (carriers === undefined) return Math.max(paths, given.valueOrDefault(session.CARRIERS));
  if (carriers >= paths) return carriers;
  throw mistake(
    `--out and ${FROM} make ${paths} paths, each of which has a connection: give --carriers=${paths} or more, ` +
      "or fewer paths",
  );
}

/** Names a path in logs. */
export function formatPath({ out, from }: Pick<ClientPath, "out" | "from">): string {
  return from === undefined ? formatWay(out) : `${formatWay(out)} from ${formatOrigin(from)}`;
}

/** What helps where a carrier cannot be sealed. */
export const UNSEALED = "give --encryption=never to both sides where the network is private already";

/** Whether a token seals a path: TLS whose server this client verifies is enough, unless it says always. */
export function isSealed({ tls }: Pick<ClientPath, "tls">, encryption: Encryption | undefined): boolean {
  return encryption === "always" || (encryption === "auto" && tls === undefined);
}

/** Where the tele server is and what protects the way there, in the words of a ready line. */
export function serverOf(
  { paths, encryption }: Pick<ClientOptions, "paths"> & Partial<Pick<ClientOptions, "encryption">>,
): string {
  const words = paths.map((path) => {
    const hasTls = path.tls !== undefined && path.out.kind !== "websocket";
    const protections = [...hasTls ? ["TLS"] : [], ...isSealed(path, encryption) ? ["sealed by the token"] : []];
    return `${formatPath(path)}${protections.length === 0 ? "" : ` (${protections.join(", ")})`}`;
  });
  return words.join(" and ");
}

function refuseTwice(flag: string, texts: readonly string[]): void {
  const twice = texts.find((text, at) => texts.indexOf(text) !== at);
  if (twice !== undefined) {
    throw mistake(`${flag}=${twice} is given twice: each makes a path of its own, so give it once`);
  }
}

function refuseWithoutOrigin(out: Way): void {
  const named = `${FROM} is an address of this machine that a connection leaves from, and --out=${formatWay(out)}`;
  if (out.kind === "command") throw mistake(`${named} is a command, which chooses that by itself: leave ${FROM} out`);
  if (out.kind === "unix") throw mistake(`${named} does not leave it: leave ${FROM} out`);
  const address = addressOf(out);
  if (address?.kind === "tcp" && address.host?.includes("%")) {
    throw mistake(`${named} names the interface by its zone already: leave ${FROM} out`);
  }
}

/** The host that is dialed, as far as it is known. */
function hostOf({ out, proxy }: Omit<UnsecuredPath, "from">): string {
  if (proxy?.kind === "given") return proxy.proxy.host;
  const address = proxy === undefined ? addressOf(out) : undefined;
  return address?.kind === "tcp" ? address.host ?? "" : "";
}

function refuseTooMany(given: GivenFlags, count: number): void {
  if (count > 1 && given.has(rfd80.PROTOCOL.name)) {
    throw mistake(`RFD 80 mode has one path, and --out and ${FROM} make ${count}: give each once`);
  }
  if (count > MOST_PATHS) {
    throw mistake(`--out and ${FROM} make ${count} paths, and a session has ${MOST_PATHS} at most: give fewer`);
  }
}

/** A client must not be led back to the port that it listens on. */
function refuseOwnPort(
  { flag, address }: { flag: string; address: Address },
  out: Way,
  proxy: ProxySource | undefined,
): void {
  const itself =
    `this tele client would connect to itself: ${flag} is where user's clients connect on this machine, and`;
  if (proxy?.kind === "given" && reaches({ ...proxy.proxy, kind: "tcp" }, address)) {
    throw mistake(`${itself} ${proxy.by} names the same place as a proxy: give them different hosts or ports`);
  }
  const to = addressOf(out);
  // What is this machine to a proxy is another one to this client.
  if (proxy !== undefined || to === undefined || !reaches(to, address)) return;
  throw mistake(`${itself} --out is the tele server: give them different hosts or ports`);
}
