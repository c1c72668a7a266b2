/**
 * How a tele client reaches the server: by its way as it is, or with TLS and the files it was given.
 *
 * @module
 */
import { type Address, parseAddress, reaches } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { Commands } from "../../net/command/commands.ts";
import { type Connected, dialWay } from "../../net/dial_way.ts";
import type { Duplex } from "../../net/duplex.ts";
import { badInput, TeleError } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { systemCertificates } from "../../net/system_certificates.ts";
import { checkDialSettings, requireTls, type TlsConnection, type TlsDialSettings } from "../../net/tls_client.ts";
import { dialTls } from "../../net/tls_dial.ts";
import { byProxy, formatWay, hostField, type Way } from "../../net/way.ts";
import { openWebSocket } from "../../net/websocket/websocket_client.ts";
import { offered, SESSION_ALPN, WEB_ALPN } from "../rfd80/alpn.ts";
import type { ClientOptions, ClientTls } from "../command_line/role_options.ts";
import { readFiles, type Texts, watchFiles } from "../files/watched_files.ts";
import { watchProxy } from "./proxy_watch.ts";

/** What `--tls-ca` takes in place of a file: the certificates that this machine trusts. */
const SYSTEM = "system";

/** Connects to the server. It watches its files until it is stopped. */
export interface OuterDialer {
  /**
   * Opens a carrier for sessions.
   *
   * @param connected Called when the connection is accepted, before TLS, or by somebody in the middle.
   * @throws {TeleError} `untrusted`, `doubted` or `refused` for a wrong server, else as {@linkcode dialWay}.
   */
  dialCarrier(signal: AbortSignal, connected?: Connected): Promise<Duplex>;
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
  const { out, tls } = options;
  const watch = await watchProxy(options.proxy, log, clock);
  const commands = new Commands({ clock, log });
  // What still runs when this process ends would go on without it.
  if (out.kind === "command") addEventListener("unload", () => commands.kill());
  const way = () => watch.proxy === undefined ? out : byProxy(out, watch.proxy);
  if (tls === undefined) {
    return {
      async dialCarrier(signal, connected) {
        const dialed = way();
        const duplex = await dialWay(dialed, "carrier", signal, connected, commands);
        const isDirect = dialed.kind === "tcp" || dialed.kind === "websocket";
        if (!isDirect || !isOwnPort(duplex, options.in)) return await upgraded(duplex, out, signal, connected);
        duplex.close();
        const sentence = "that is this tele client's own --in: give the tele server's address as --out";
        throw new TeleError("refused", `${formatWay(out)}: ${sentence}`);
      },
      dialProtocol: () => Promise.reject(badInput("RFD 80 mode needs TLS")),
      stop() {
        watch.stop();
        return commands.stop();
      },
    };
  }
  // Before the files, with which a runtime that is too old finds fault.
  requireTls();
  const protocols = protocolsOf(options);
  const caFile = tls.caFile === SYSTEM ? undefined : tls.caFile;
  const files = { "--tls-ca": caFile, "--tls-cert": tls.certFile, "--tls-key": tls.keyFile };
  let settings = settingsOf(tls, protocols, await readFiles(files));
  // A client runs as long as its connections do: the next carrier must use certificates that were renewed meanwhile.
  const stopFiles = watchFiles({
    files,
    clock,
    log,
    onChange: (texts) => settings = settingsOf(tls, protocols, texts),
  });
  return {
    dialProtocol: (signal) => dialTls(way(), settings, signal, undefined, commands),
    async dialCarrier(signal, connected) {
      const { duplex, protocol } = await dialTls(way(), settings, signal, connected, commands);
      if (out.kind === "websocket") return await upgraded(duplex, out, signal, connected);
      if (protocol === SESSION_ALPN) return duplex;
      duplex.close();
      const sentence = `it speaks TLS but not ${SESSION_ALPN}: it is no tele server, or not one for that protocol`;
      throw new TeleError("refused", `${formatWay(out)}: ${sentence}`);
    },
    stop() {
      watch.stop();
      stopFiles();
      return commands.stop();
    },
  };
}

/** What is offered by ALPN. A web server in front knows nothing of tele. */
function protocolsOf({ out, protocol }: ClientOptions): string[] {
  if (protocol !== undefined) return offered(protocol);
  return [out.kind === "websocket" ? WEB_ALPN : SESSION_ALPN];
}

/** The carrier on a connection, behind the upgrade of a WebSocket. */
async function upgraded(duplex: Duplex, out: Way, signal: AbortSignal, connected?: Connected): Promise<Duplex> {
  if (out.kind !== "websocket") return duplex;
  const url = formatWay(out);
  connected?.(`${url}: the web server there takes the connection, but neither it nor a tele server behind it answers`);
  return await openWebSocket(duplex, { url, host: hostField(out), target: out.target }, signal);
}

/** Whether a name has led this client to its own port. */
function isOwnPort({ peer, localAddress }: Duplex, listens: Address | undefined): boolean {
  if (listens?.kind !== "tcp") return false;
  const to = parseAddress(peer);
  return to.kind === "tcp" && reaches(to, listens, to.host === localAddress);
}

function settingsOf(tls: ClientTls, protocols: string[], texts: Texts): TlsDialSettings {
  const ca = tls.caFile === SYSTEM ? systemCertificates() : texts["--tls-ca"];
  const [cert, key] = [texts["--tls-cert"], texts["--tls-key"]];
  const certificate = cert !== undefined && key !== undefined ? { cert, key } : undefined;
  const settings = { protocols, ca, name: tls.name, certificate };
  checkDialSettings(settings);
  return settings;
}
