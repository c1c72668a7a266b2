/**
 * Where tele clients connect: over plain TCP, sealed or by WebSocket for sessions only, over TLS for what ALPN chooses.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { FrontDoor, type FrontDoorOptions } from "../../net/front_door.ts";
import { listen, type Listening } from "../../net/listen.ts";
import type { Log } from "../../net/log.ts";
import { type PortSharer, SharedPorts } from "../../net/shared_ports.ts";
import { requireTls } from "../../net/tls_client.ts";
import { checkListenSettings, listenTls, type TlsListenSettings } from "../../net/tls_listen.ts";
import type { SealServer } from "../../net/seal_server.ts";
import { tlsWarmUp } from "../../net/tls_warm_up.ts";
import type { PassedLayer } from "../../session/handshake/preface.ts";
import { Strangers } from "../../session/strangers.ts";
import { announced, type Choice, choiceOf } from "../rfd80/alpn.ts";
import type { Route, ServerOptions, ServerTls } from "../command_line/role_options.ts";
import { servesSessions } from "../command_line/services.ts";
import type { FleetNode, TakePassed } from "./fleet_node.ts";
import { type FilesByOption, markOf, readFiles, type Texts, watchFiles } from "../files/watched_files.ts";
import { makeSealServer, requireSealing } from "../../session/sealing.ts";
import { UNSEALED } from "../command_line/client_paths.ts";

/** Takes a connection from outside, and what it is for. */
export type TakeOuter = (outer: Duplex, choice: Exclude<Choice<Route>, { kind: "web" }>) => void;

/** Hosts of an address without a host: every interface, in both families if the machine has them. */
const EVERY_INTERFACE = ["::", "0.0.0.0"];

/** Where tele clients connect. Who leaves its ports leaves the node as well. */
export interface OuterListening extends Listening, PortSharer {
  /** Takes a carrier that another server of the fleet has passed on, as if it had come here itself. */
  readonly welcome: TakePassed;
}

/** What {@linkcode listenOuter} may ask. */
export interface OuterQuestions {
  /** Takes the carriers of other servers' sessions, if this is one of a fleet. */
  readonly node?: FleetNode | undefined;
  /** Whether somebody new may come, for who balances. @default yes */
  readonly isReady?: () => boolean;
}

/**
 * Listens at `--out`, and for the other servers of the fleet.
 *
 * @throws {TeleError} `bad-input` if that is not possible, or a file is wrong.
 */
export async function listenOuter(
  options: ServerOptions,
  log: Log,
  clock: Clock,
  take: TakeOuter,
  { node, isReady }: OuterQuestions = {},
): Promise<OuterListening> {
  const needs = { log, clock, take, node, isReady };
  const { tls } = options;
  const opened = Promise.withResolvers<OuterListening>();
  // First: whoever has a ticket of this process is to find it, or it would be taken for one that is over.
  await node?.listen((carrier, layer) => void opened.promise.then(({ welcome }) => welcome(carrier, layer)));
  const listening = await (tls === undefined ? listenPlainly(options, needs) : listenSecurely(options, tls, needs));
  opened.resolve(listening);
  return listening;
}

interface OuterNeeds {
  readonly log: Log;
  readonly clock: Clock;
  readonly take: TakeOuter;
  readonly node: FleetNode | undefined;
  readonly isReady: (() => boolean) | undefined;
}

async function listenPlainly(
  options: ServerOptions,
  { log, clock, take, node, isReady }: OuterNeeds,
): Promise<OuterListening> {
  const strangers = new Strangers(clock, log);
  const takeSession = (outer: Duplex) => take(outer, { kind: "session" });
  const seal = sealOf(options);
  const door = new FrontDoor({
    clock,
    seal,
    passOn: passOnBy(node, "inner"),
    isReady,
    onWebSocket: takeSession,
    onOther: takeSession,
    ...departuresOf(strangers, log, node),
  });
  const listening = await SharedPorts.open(() =>
    listen(options.out, {
      use: "carrier",
      defaultHosts: EVERY_INTERFACE,
      clock,
      log,
      sharesPort: options.seat !== undefined,
      onConnection: (outer) => void door.welcome(outer),
    })
  );
  if (seal !== undefined) tlsWarmUp.start();
  const stop = () => {
    strangers.stop();
    door.close();
  };
  return outerListening(listening, { node, welcome: (carrier) => void door.welcome(carrier), stop });
}

async function listenSecurely(
  options: ServerOptions,
  tls: ServerTls,
  { log, clock, take, node, isReady }: OuterNeeds,
): Promise<OuterListening> {
  requireTls();
  const served = { sessions: servesSessions(options), routes: options.routes };
  const protocols = announced(served);
  const settings = (texts: Texts) => settingsOf(texts, protocols);
  const files = filesOf(tls);
  const strangers = new Strangers(clock, log);
  const departures = departuresOf(strangers, log, node);
  const refuse = (outer: Duplex) => {
    const sentence = `it offers no protocol by ALPN, or speaks another; this server speaks ${protocols.join(", ")}`;
    strangers.tell(outer.peer, sentence);
    outer.close();
  };
  const takeSession = (outer: Duplex) => take(outer, { kind: "session" });
  const seal = sealOf(options);
  const inside = { clock, seal, isReady, passOn: passOnBy(node, "inner"), onWebSocket: takeSession, ...departures };
  const door = new FrontDoor({ ...inside, onOther: refuse });
  // Behind the name of sessions, where a client may seal once more.
  const sessionDoor = new FrontDoor({ ...inside, onOther: takeSession });
  const since = markOf(files);
  const listening = await listenTls(options.out, settings(await readFiles(files)), {
    defaultHosts: EVERY_INTERFACE,
    clock,
    log,
    sharesPort: options.seat !== undefined,
    ...departures,
    passOn: passOnBy(node, "outer"),
    onConnection({ duplex, protocol }) {
      const choice = choiceOf(protocol, served) ?? choiceWithoutAlpn(options);
      if (choice?.kind === "session" && seal !== undefined) return void sessionDoor.welcome(duplex);
      if (choice !== undefined && choice.kind !== "web") return take(duplex, choice);
      // Without ALPN only a web client is known, by its first bytes, and it comes for a session.
      if (served.sessions) void door.welcome(duplex);
      else refuse(duplex);
    },
  });
  const stopWatching = watchFiles({ files, since, clock, log, onChange: (texts) => listening.renew(settings(texts)) });
  const stop = () => {
    stopWatching();
    strangers.stop();
    door.close();
    sessionDoor.close();
  };
  const welcome: TakePassed = (carrier, layer) => void (layer === "outer" ? listening : sessionDoor).welcome(carrier);
  return outerListening(listening, { node, welcome, stop });
}

/** What is asked about a carrier that begins with TLS, where its session may be another server's. */
function passOnBy(node: FleetNode | undefined, layer: PassedLayer): FrontDoorOptions["passOn"] {
  return node && ((carrier, isGone) => node.passTls(carrier, layer, isGone));
}

/**
 * Whether it could listen with the files of `--out`, as far as they tell.
 *
 * @throws {TeleError} `bad-input` if one is wrong.
 */
export async function checkOuterFiles({ tls }: Pick<ServerOptions, "tls">, clock: Clock): Promise<void> {
  if (tls === undefined) return;
  requireTls();
  checkListenSettings(settingsOf(await readFiles(filesOf(tls)), []), clock);
}

function filesOf(tls: ServerTls): FilesByOption {
  return { "--tls-cert": tls.certFile, "--tls-key": tls.keyFile, "--tls-client-ca": tls.clientCaFile };
}

function settingsOf(texts: Texts, protocols: readonly string[]): TlsListenSettings {
  return { cert: texts["--tls-cert"], key: texts["--tls-key"], clientCa: texts["--tls-client-ca"], protocols };
}

/** What ends the seals of clients; `undefined` where nobody seals. */
function sealOf({ encryption }: ServerOptions): SealServer | undefined {
  if (encryption === undefined || encryption === "never") return undefined;
  requireSealing(UNSEALED);
  return makeSealServer();
}

/** What becomes of those who come and do not stay: the log tells of them, and they are to have no session. */
function departuresOf(
  strangers: Strangers,
  log: Log,
  node: FleetNode | undefined,
): Pick<FrontDoorOptions, "onRefused" | "onLeft"> {
  const gone = (tell: FrontDoorOptions["onLeft"]): FrontDoorOptions["onLeft"] => (peer, reason) => {
    node?.fleet.decided(peer);
    tell(peer, reason);
  };
  return {
    onRefused: gone((peer, reason) => strangers.tell(peer, reason)),
    onLeft: gone((peer, reason) =>
      log("debug", `carrier from ${peer} ended before it was attached: ${reason}`, { peer })
    ),
  };
}

interface OuterEnds extends Pick<OuterListening, "welcome">, Pick<OuterQuestions, "node"> {
  /** Sends away who is not let in yet. */
  stop(): void;
}

function outerListening(listening: Listening & PortSharer, { node, welcome, stop }: OuterEnds): OuterListening {
  return {
    welcome,
    leave() {
      listening.leave();
      node?.leave();
    },
    async comeBack() {
      await Promise.all([listening.comeBack(), node?.comeBack()]);
    },
    addresses: listening.addresses,
    isExposed: listening.isExposed,
    close() {
      stop();
      listening.close();
    },
  };
}

/** A client without ALPN can mean only the one protocol there is. It never gets a session. */
function choiceWithoutAlpn(options: ServerOptions): Choice<Route> | undefined {
  const [route, ...others] = options.routes;
  if (servesSessions(options) || route === undefined || others.length > 0) return undefined;
  return { kind: "route", route, pings: false };
}
