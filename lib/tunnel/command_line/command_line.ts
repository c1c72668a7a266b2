/**
 * The command line: arguments → what to do.
 *
 * @module
 */

import { type Address, formatAddress, reaches } from "../../net/address.ts";
import { carriersFor, clientPaths } from "./client_paths.ts";
import { DOCTOR } from "./command_words.ts";
import { type ConfigCommand, configCommand } from "./config_command.ts";
import { example, GivenFlags, mistake } from "./given_flags.ts";
import type { HostName } from "../values/host_name.ts";
import type { CommandEnvironment } from "./command_environment.ts";
import { HELP, SESSION_ONLY, VERSION } from "./option_table.ts";
import type {
  ClientOptions,
  ClientPath,
  CommonOptions,
  DoctorOptions,
  Forward,
  Route,
  ServerOptions,
} from "./role_options.ts";
import * as doctor from "./doctor_options.ts";
import { fleetChoice } from "./fleet_choice.ts";
import { NODE } from "./fleet_options.ts";
import * as keys from "./key_options.ts";
import * as rfd80 from "./rfd80_options.ts";
import * as services from "./service_options.ts";
import { entrancesOf, forwardsOf, namedOf, servesSessions } from "./services.ts";
import { limitsOf } from "./limits_choice.ts";
import * as session from "./session_options.ts";
import * as shells from "./shell_options.ts";
import { givenStatus, refuseStatus } from "./status_choice.ts";
import { clientTls, serverTls } from "./tls_choice.ts";
import { refuseWorkers, workersChoice } from "./workers_choice.ts";

/** What the command line asks for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "completion"; readonly shell: shells.Shell }
  | { readonly kind: "man" }
  | { readonly kind: "config-schema" }
  | ConfigCommand
  | { readonly kind: "make-token"; readonly name: string | undefined }
  | { readonly kind: "make-cert"; readonly directory: string; readonly hosts: readonly HostName[] }
  | { readonly kind: "server"; readonly options: ServerOptions }
  | { readonly kind: "client"; readonly options: ClientOptions }
  | { readonly kind: "doctor"; readonly options: DoctorOptions };

/**
 * Reads the command line. No arguments at all ask for the help, and `--help` wins over everything else.
 *
 * Both spellings of a flag (`--in=`, and the original's `-in=`) and both ways to give a value (`--in=:22`, `--in :22`)
 * mean the same.
 *
 * @param args The arguments, without the program's name.
 * @throws TeleError `bad-input` with one line that names the flag and what it takes.
 *
 * @example
 * ```ts
 * import { parseCommandLine } from "./command_line.ts";
 * import { assert, assertEquals, assertThrows } from "@std/assert";
 *
 * const command = parseCommandLine(["-server", "-in=:22", "-out=:40300"]);
 * assert(command.kind === "server");
 * assertEquals(command.options.in, { kind: "tcp", host: undefined, port: 22 });
 * assertEquals(command.options.limits.pingIntervalMs, 30_000);
 * assertThrows(() => parseCommandLine(["--client", "--otu=:22"]), Error, "the nearest is --out");
 * ```
 */
export function parseCommandLine(args: readonly string[], environment: CommandEnvironment = {}): Command {
  if (args.length === 0) return { kind: "help" };
  if (args[0] === DOCTOR.word) return doctorCommand(args.slice(1), environment);
  const given = new GivenFlags(args.slice());
  if (given.has(HELP.name)) return { kind: "help" };
  if (given.has(VERSION.name)) return { kind: "version" };
  given.refuseWhatIsNotTaken();
  const others = configCommand(given) ?? printCommand(given);
  if (others !== undefined) return others;
  if (given.has(keys.MAKE_TOKEN.name)) return makeTokenCommand(given);
  if (given.has(keys.MAKE_CERT.name)) return makeCertCommand(given);
  if (given.has(session.SERVER.name) && given.has(session.CLIENT.name)) {
    throw mistake("--server and --client are two roles: start one tele process for each");
  }
  if (!given.has(session.SERVER.name) && !given.has(session.CLIENT.name)) {
    given.refuse([keys.HOST], "belongs to --make-cert=DIR: give both");
    given.refuse([keys.NAME], "belongs to --make-token: give both");
    throw mistake(
      "tele needs a role: --server beside the user's server or --client beside the user's client; see --help",
    );
  }
  return given.has(session.SERVER.name) ? serverCommand(given, environment) : clientCommand(given, environment);
}

function printCommand(given: GivenFlags): Command | undefined {
  const asked = [shells.COMPLETION, shells.MAN].find(({ name }) => given.has(name));
  if (asked === undefined) return undefined;
  given.refuseOthers(asked);
  const shell = given.value(shells.COMPLETION);
  return shell === undefined ? { kind: "man" } : { kind: "completion", shell };
}

function makeTokenCommand(given: GivenFlags): Command {
  given.refuseOthers(keys.MAKE_TOKEN, keys.NAME);
  return { kind: "make-token", name: given.value(keys.NAME) };
}

function makeCertCommand(given: GivenFlags): Command {
  given.refuseOthers(keys.MAKE_CERT, keys.HOST);
  const [directory, hosts] = [given.value(keys.MAKE_CERT), given.value(keys.HOST)];
  if (directory === undefined || hosts === undefined) {
    throw mistake(`--make-cert needs --host=NAME[,NAME], whom the certificate is for: ${example(keys.HOST)}`);
  }
  return { kind: "make-cert", directory, hosts };
}

function serverCommand(given: GivenFlags, environment: CommandEnvironment): Command {
  given.refuseOtherRole("server");
  const input = given.value(session.SERVER_IN);
  const routes = routesOf(given, input);
  const users = { in: given.has(rfd80.PROTOCOL.name) ? undefined : input, ...namedOf(given) };
  if (!servesSessions(users) && routes.length === 0) {
    throw mistake(`--server needs --in=ADDR, the address of the user's server: ${example(session.SERVER_IN)}`);
  }
  if (input === undefined && users.services.length + routes.length === 0) {
    given.refuse(
      [services.SEND_PROXY],
      "tells user's servers who comes, and there is none: give --in=ADDR, or leave it out",
    );
  }
  const out = given.value(session.SERVER_OUT);
  const upstreams = [...input === undefined ? [] : [input], ...[...users.services, ...routes].map((user) => user.in)];
  refuseOwnDoors(upstreams, out, users.reverseListens);
  if (out !== undefined && upstreams.some((upstream) => reaches(upstream, out))) {
    throw mistake(
      "this tele server would connect to itself: --in is the user's server, which listens already, and --out is " +
        "where tele clients connect: give them different ports",
    );
  }
  const secured = serverTls(given);
  if (secured === undefined) {
    given.refuse(
      [rfd80.PROTOCOL, rfd80.ROUTE],
      "needs TLS, where ALPN tells protocols apart: give --tls-cert=FILE and --tls-key=FILE; --make-cert makes both",
    );
  }
  const guards = "client certificates (--tls-client-ca) guard protocols";
  const doors = users.reverseListens.map((door) => ({ ...door, flag: `--${services.REVERSE_LISTEN.name}` }));
  if (!servesSessions(users)) refuseSessionOptions(given, environment, guards);
  const fleet = fleetChoice(given);
  const nodes = fleet === undefined ? [] : [{ flag: `--${NODE.name}`, in: fleet.node }];
  const options = {
    ...users,
    sendsProxy: given.has(services.SEND_PROXY.name),
    routes,
    out,
    tls: secured,
    fleet,
    workers: workersChoice(given, [{ flag: `--${session.SERVER_OUT.name}`, in: out }, ...nodes, ...doors]),
    limits: { ...limitsOf(given), maxSessions: given.valueOrDefault(session.MAX_SESSIONS) },
    ...commonOptions(given, environment, routes.length > 0),
  };
  return { kind: "server", options };
}

/** Where a server listens for services of clients there is neither a user's server nor room for tele clients. */
function refuseOwnDoors(upstreams: readonly Address[], out: Address | undefined, listens: readonly Forward[]): void {
  for (const { in: place, service } of listens) {
    const door = `--reverse-listen=${formatAddress(place)}=${service}`;
    if (upstreams.some((upstream) => reaches(upstream, place))) {
      throw mistake(`this tele server would connect to itself: ${door} is where it listens: give it another port`);
    }
    if (out === undefined || (!reaches(place, out) && !reaches(out, place))) continue;
    throw mistake(`--out and ${door} both listen on ${formatAddress(place)}: give each connection one place to go to`);
  }
}

/** A client's command line, with or without its role: one may type `doctor` in front of it. */
function doctorCommand(args: readonly string[], environment: CommandEnvironment): Command {
  const given = new GivenFlags(args.some((arg) => /^--?client$/.test(arg)) ? args : ["--client", ...args]);
  if (given.has(HELP.name)) return { kind: "help" };
  given.refuseWhatIsNotTaken();
  given.refuseOtherRole("doctor");
  given.refuse([rfd80.PROTOCOL], "is RFD 80 mode, which has no sessions to examine: leave it out");
  refuseStatus(given, "tele doctor looks once, and ends");
  refuseWorkers(given, "tele doctor has none");
  given.need(session.CLIENT_OUT, "tele doctor needs --out=ADDR, the address of the tele server");
  const client = clientOptions(given, environment);
  const [idleMs, waitMs] = [given.valueOrDefault(doctor.IDLE), given.valueOrDefault(doctor.WAIT)];
  return { kind: "doctor", options: { client, idleMs, waitMs } };
}

function clientCommand(given: GivenFlags, environment: CommandEnvironment): Command {
  given.refuseOtherRole("client");
  return { kind: "client", options: clientOptions(given, environment) };
}

function clientOptions(given: GivenFlags, environment: CommandEnvironment): ClientOptions {
  const isStdio = given.has(session.STDIO.name);
  if (isStdio) refuseBesideStdio(given);
  const [first, ...others] = clientPaths(given, environment);
  const protocol = given.value(rfd80.PROTOCOL);
  const guards = "a client certificate (--tls-cert) shows who this client is";
  if (protocol !== undefined) refuseSessionOptions(given, environment, guards);
  const secured = (path: Omit<ClientPath, "tls">): ClientPath => ({ ...path, tls: clientTls(given, path.out) });
  const paths = [secured(first), ...others.map(secured)] as const;
  const users = { in: given.value(session.CLIENT_IN), ...forwardsOf(given), isStdio };
  return {
    ...users,
    workers: workersChoice(given, entrancesOf(users)),
    paths,
    protocol,
    sendsPings: protocol !== undefined && given.has(session.PING_INTERVAL.name),
    carriers: carriersFor(given, paths.length),
    limits: limitsOf(given),
    ...commonOptions(given, environment, protocol !== undefined),
  };
}

/** Standard input and output are one connection, and no other can come. */
function refuseBesideStdio(given: GivenFlags): void {
  given.refuse(
    [session.CLIENT_IN],
    "is for connections that come; --stdio carries standard input and output: give one of the two",
  );
  given.refuse([session.MAX], "is for many connections; --stdio carries only one: leave it out");
  refuseStatus(given, "--stdio carries one connection, and ends with it");
  refuseWorkers(given, "--stdio carries only one");
  given.refuse([rfd80.PROTOCOL], "needs a port, which --in=ADDR opens: RFD 80 mode is not built for --stdio");
}

/** The protocols in RFD 80 mode; `--protocol` makes one of `--in`. */
function routesOf(given: GivenFlags, input: ServerOptions["in"]): Route[] {
  const protocol = given.value(rfd80.PROTOCOL);
  if (protocol !== undefined && input === undefined) {
    const needs = `--protocol=${protocol} of a --server needs --in=ADDR, the user's server that speaks it`;
    throw mistake(`${needs}: ${example(session.SERVER_IN)}`);
  }
  const routes = given.values(rfd80.ROUTE);
  if (protocol !== undefined && input !== undefined) routes.unshift({ protocol, in: input });
  const names = routes.map((route) => route.protocol);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw mistake(`the protocol ${twice} has two routes: ALPN can choose only one`);
  return routes;
}

/** An option without an effect would only look as if it had one. */
function refuseSessionOptions(given: GivenFlags, environment: CommandEnvironment, guards: string): void {
  given.refuse(SESSION_ONLY, "belongs to session mode, and here are only protocols of RFD 80 mode: leave it out");
  if (environment.TELE_TOKEN === undefined) return;
  throw mistake(`TELE_TOKEN is set, but RFD 80 mode knows no tokens: unset it; ${guards}`);
}

function commonOptions(
  given: GivenFlags,
  environment: CommandEnvironment,
  hasMessages: boolean,
): Omit<CommonOptions, "limits"> {
  if (!hasMessages) {
    given.refuse([rfd80.MAX_MESSAGE], "belongs to RFD 80 mode: give --protocol=NAME, or leave it out");
  }
  const [tokenFile, variable] = [given.value(keys.TOKEN_FILE), tokenVariable(given, environment)];
  const hasToken = tokenFile !== undefined || variable !== undefined;
  if (!hasToken) given.refuse([keys.ENCRYPTION], "is about a token: give --token-file=FILE too, or set TELE_TOKEN");
  return {
    memoryBytes: given.value(session.MEMORY),
    drainTimeoutMs: given.valueOrDefault(session.DRAIN_TIMEOUT),
    maxMessageBytes: given.valueOrDefault(rfd80.MAX_MESSAGE),
    tokenFile,
    tokenVariable: variable,
    encryption: hasToken ? given.valueOrDefault(keys.ENCRYPTION) : undefined,
    logLevel: given.valueOrDefault(session.LOG_LEVEL),
    logFormat: given.valueOrDefault(session.LOG_FORMAT),
    status: givenStatus(given),
  };
}

function tokenVariable(given: GivenFlags, { TELE_TOKEN }: CommandEnvironment): string | undefined {
  if (TELE_TOKEN === "") {
    throw mistake("TELE_TOKEN is set but empty: unset it, or set it to what tele --make-token prints");
  }
  if (TELE_TOKEN !== undefined) given.refuse([keys.TOKEN_FILE], "and TELE_TOKEN are both set: use one of the two");
  return TELE_TOKEN;
}
