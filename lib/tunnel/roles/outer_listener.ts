/**
 * Where tele clients connect: over plain TCP for sessions only, over TLS for what ALPN chooses.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { listen, type Listening } from "../../net/listen.ts";
import type { Log } from "../../net/log.ts";
import { requireTls } from "../../net/tls_client.ts";
import { listenTls, type TlsListenSettings } from "../../net/tls_listen.ts";
import { Strangers } from "../../session/strangers.ts";
import { announced, type Choice, choiceOf } from "../rfd80/alpn.ts";
import type { Route, ServerOptions, ServerTls } from "../command_line/role_options.ts";
import { type FilesByOption, readFiles, type Texts, watchFiles } from "../files/watched_files.ts";

/** Takes a connection from outside, and what it is for. */
export type TakeOuter = (outer: Duplex, choice: Choice<Route>) => void;

/** Hosts of an address without a host: every interface, in both families if the machine has them. */
const EVERY_INTERFACE = ["::", "0.0.0.0"];

/**
 * Listens at `--out`.
 *
 * @throws {TeleError} `bad-input` if that is not possible, or a file is wrong.
 */
export function listenOuter(options: ServerOptions, log: Log, clock: Clock, take: TakeOuter): Promise<Listening> {
  if (options.tls !== undefined) return listenSecurely(options, options.tls, log, clock, take);
  return listen(options.out, {
    use: "carrier",
    defaultHosts: EVERY_INTERFACE,
    clock,
    log,
    onConnection: (outer) => take(outer, { kind: "session" }),
  });
}

async function listenSecurely(
  options: ServerOptions,
  tls: ServerTls,
  log: Log,
  clock: Clock,
  take: TakeOuter,
): Promise<Listening> {
  requireTls();
  const served = { sessions: options.in !== undefined, routes: options.routes };
  const protocols = announced(served);
  const settings = (texts: Texts): TlsListenSettings => ({
    cert: texts["--tls-cert"],
    key: texts["--tls-key"],
    clientCa: texts["--tls-client-ca"],
    protocols,
  });
  const files: FilesByOption = {
    "--tls-cert": tls.certFile,
    "--tls-key": tls.keyFile,
    "--tls-client-ca": tls.clientCaFile,
  };
  const strangers = new Strangers(clock, log);
  const listening = await listenTls(options.out, settings(await readFiles(files)), {
    defaultHosts: EVERY_INTERFACE,
    clock,
    log,
    onRefused: (peer, reason) => strangers.tell(peer, reason),
    onLeft: (peer, reason) => log("debug", `carrier from ${peer} ended before it was attached: ${reason}`, { peer }),
    onConnection({ duplex, protocol }) {
      const choice = choiceOf(protocol, served) ?? choiceWithoutAlpn(options);
      if (choice !== undefined) return take(duplex, choice);
      strangers.tell(duplex.peer, `it offers no protocol by ALPN, and this server speaks ${protocols.join(", ")}`);
      duplex.close();
    },
  });
  const stopWatching = watchFiles({ files, clock, log, onChange: (texts) => listening.renew(settings(texts)) });
  return {
    addresses: listening.addresses,
    isExposed: listening.isExposed,
    close() {
      stopWatching();
      strangers.stop();
      listening.close();
    },
  };
}

/** A client without ALPN can mean only the one protocol there is. It never gets a session. */
function choiceWithoutAlpn({ in: sessions, routes }: ServerOptions): Choice<Route> | undefined {
  const [route, ...others] = routes;
  if (sessions !== undefined || route === undefined || others.length > 0) return undefined;
  return { kind: "route", route, pings: false };
}
