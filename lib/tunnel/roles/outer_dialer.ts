/**
 * How a tele client reaches the server: by its ways as they are, sealed by a token, or with TLS and the files it was
 * given.
 *
 * @module
 */
import { parseAddress, reaches } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { Commands } from "../../net/command/commands.ts";
import { type Connected, dialWay } from "../../net/dial_way.ts";
import type { Duplex } from "../../net/duplex.ts";
import { badInput, TeleError } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { requireOrigins } from "../../net/origin.ts";
import type { TlsConnection } from "../../net/tls_client.ts";
import { dialTls } from "../../net/tls_dial.ts";
import { tlsWarmUp } from "../../net/tls_warm_up.ts";
import { byProxy, formatWay, fromOrigin, hostField, type Way } from "../../net/way.ts";
import { openWebSocket } from "../../net/websocket/websocket_client.ts";
import { requireSealing, sealed, SESSION_ALPN } from "../../session/sealing.ts";
import { ticketProtocol } from "../../session/handshake/ticket.ts";
import { type Entrance, entrancesOf } from "../command_line/services.ts";
import { isSealed, UNSEALED } from "../command_line/client_paths.ts";
import type { ClientOptions, ClientPath } from "../command_line/role_options.ts";
import { watchProxies } from "./proxy_watch.ts";
import { watchTls } from "./tls_watch.ts";

/**
 * What is done when a carrier is dialed, in this order: the proxy takes a connection, or the command runs; what they
 * lead to takes it; and then TLS, the upgrade to a WebSocket, and the seal.
 */
export type DialStage = "proxy" | "command" | "connection" | "tls" | "websocket" | "seal";

/** Connects to the server. It watches its files until it is stopped. */
export interface OuterDialer {
  /**
   * Opens a carrier for sessions.
   *
   * @param connected Called when the connection is accepted, before TLS, or by somebody in the middle.
   * @param path Place of the path among those of the options. @default {0}
   * @param reached Told of each stage that is done; of some perhaps twice.
   * @param ticket What leads to the owner of the session: TLS presents it, where it may end there.
   * @throws {TeleError} `untrusted`, `doubted` or `refused` for a wrong server, else as {@linkcode dialWay}.
   */
  dialCarrier(
    signal: AbortSignal,
    connected?: Connected,
    path?: number,
    reached?: (stage: DialStage) => void,
    ticket?: Uint8Array,
  ): Promise<Duplex>;
  /** Opens a connection of RFD 80 mode. Only with TLS; throws as {@linkcode dialTls}. */
  dialProtocol(signal: AbortSignal): Promise<TlsConnection>;
  /** Stops watching files, and ends commands; settles when those are gone. */
  stop(): Promise<void>;
}

/**
 * Makes the dialer of a client.
 *
 * @throws {TeleError} `bad-input` if a file cannot be read or used.
 */
export async function makeDialer(options: ClientOptions, log: Log, clock: Clock): Promise<OuterDialer> {
  const { paths, encryption } = options;
  if (paths.some((path) => isSealed(path, encryption))) requireSealing(UNSEALED);
  if (paths.some(({ from }) => from !== undefined)) requireOrigins();
  const proxies = await watchProxies(paths.map(({ proxy }) => proxy), log, clock);
  const tls = await watchTls(options, log, clock).catch((error) => {
    proxies.stop();
    throw error;
  });
  const commands = new Commands({ clock, log });
  // What still runs when this process ends would go on without it.
  const kill = () => commands.kill();
  if (paths.some(({ out }) => out.kind === "command")) addEventListener("unload", kill);
  const wayOf = (path: number): Way => {
    const { proxy } = proxies.of(path);
    const { out, from } = paths[path];
    const way = proxy === undefined ? out : byProxy(out, proxy);
    return from === undefined ? way : fromOrigin(way, from);
  };
  return {
    async dialProtocol(signal) {
      const settings = tls.of(0);
      if (settings === undefined) throw badInput("RFD 80 mode needs TLS");
      return await dialTls(wayOf(0), settings, signal, undefined, commands);
    },
    async dialCarrier(signal, connected, path = 0, reached, ticket) {
      const { out } = paths[path];
      const through: Connected = (silence) => {
        connected?.(silence);
        if (silence === undefined) reached?.("connection");
        else reached?.(out.kind === "command" ? "command" : "proxy");
      };
      const settings = tls.of(path);
      const seals = isSealed(paths[path], encryption);
      if (seals) tlsWarmUp.start();
      // To a web server in front ALPN says something else.
      const others = ticket === undefined || out.kind === "websocket" ? [] : [ticketProtocol(ticket)];
      const duplex = settings === undefined
        ? notOwn(await dialWay(wayOf(path), signal, through, commands), paths[path], entrancesOf(options))
        : tele(await dialTls(wayOf(path), settings, signal, through, commands, others), out);
      reached?.(settings === undefined ? "connection" : "tls");
      const carrier = await upgraded(duplex, out, signal, connected);
      if (out.kind === "websocket") reached?.("websocket");
      if (!seals) return carrier;
      connected?.();
      const inside = await sealed(carrier, formatWay(out), signal, ticket);
      reached?.("seal");
      return inside;
    },
    async stop() {
      proxies.stop();
      tls.stop();
      await commands.stop();
      removeEventListener("unload", kill);
    },
  };
}

/** The connection, unless a name has led this client to its own port. */
function notOwn(duplex: Duplex, { out, proxy }: ClientPath, entrances: readonly Entrance[]): Duplex {
  const isDirect = proxy === undefined && (out.kind === "tcp" || out.kind === "websocket");
  if (!isDirect) return duplex;
  const to = parseAddress(duplex.peer);
  const isOwnHost = to.kind === "tcp" && (duplex.remoteAddress ?? to.host) === duplex.localAddress;
  const own = entrances.find(({ in: address }) => address?.kind === "tcp" && reaches(to, address, isOwnHost));
  if (own === undefined) return duplex;
  duplex.close();
  const sentence = `that is this tele client's own ${own.flag}: give the tele server's address as --out`;
  throw new TeleError("refused", `${formatWay(out)}: ${sentence}`);
}

/** The connection, if a tele server speaks there. A web server in front knows nothing of that. */
function tele({ duplex, protocol }: TlsConnection, out: Way): Duplex {
  if (out.kind === "websocket" || protocol === SESSION_ALPN) return duplex;
  duplex.close();
  const sentence = `it speaks TLS but not ${SESSION_ALPN}: it is no tele server, or not one for that protocol`;
  throw new TeleError("refused", `${formatWay(out)}: ${sentence}`);
}

/** The carrier on a connection, behind the upgrade of a WebSocket. */
async function upgraded(duplex: Duplex, out: Way, signal: AbortSignal, connected?: Connected): Promise<Duplex> {
  if (out.kind !== "websocket") return duplex;
  const url = formatWay(out);
  connected?.(`${url}: the web server there takes the connection, but neither it nor a tele server behind it answers`);
  return await openWebSocket(duplex, { url, host: hostField(out), target: out.target }, signal);
}
