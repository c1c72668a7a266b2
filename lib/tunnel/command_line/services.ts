/**
 * The services of a command line: what a server has behind names, and where a client listens for them.
 *
 * @module
 */
import { type Address, formatAddress, reaches } from "../../net/address.ts";
import { MOST_OFFERS } from "../../session/session_constants.ts";
import { type GivenFlags, mistake } from "./given_flags.ts";
import type { ClientOptions, ServerOptions, Service } from "./role_options.ts";
import * as services from "./service_options.ts";
import * as session from "./session_options.ts";

/** Where user's clients connect, to a client or a server. */
export interface Entrance {
  /** The option that says so. */
  readonly flag: string;
  /** The address; `undefined` for a free port. */
  readonly in: Address | undefined;
  /** Name of the service that they reach; `undefined` for the one without a name. */
  readonly service: string | undefined;
  /** Whether they say by SOCKS where they want to go. */
  readonly isSocks: boolean;
}

/**
 * The services of a server that have names, those of clients that it listens for, and the destinations that it allows.
 *
 * @throws {TeleError} `bad-input` if two services have the same name, or a destination or a place is given twice.
 */
export function namedOf(given: GivenFlags): Pick<ServerOptions, "services" | "allows" | "reverseListens"> {
  const allows = given.values(services.ALLOW);
  const again = allows.find(({ text }, at) => allows.findIndex((other) => other.text === text) !== at);
  if (again !== undefined) throw mistake(`--allow=${again.text} is given twice: give it once`);
  const reverseListens = given.values(services.REVERSE_LISTEN);
  refuseSamePlace(reverseEntrancesOf({ reverseListens }));
  return { services: servicesOf(given, services.SERVICE), allows, reverseListens };
}

function servicesOf(given: GivenFlags, option: typeof services.SERVICE): readonly Service[] {
  const all = given.values(option);
  const names = all.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return all;
  throw mistake(`--${option.name}=${twice} is given twice: a name leads to one user's server, so give each its own`);
}

/**
 * Where a client is to listen for services, and for SOCKS, and what it offers.
 *
 * @throws {TeleError} `bad-input` if one place is given twice, here or by `--in`, two services have the same name, one
 *   leads back to this client, or with `--stdio`.
 */
export function forwardsOf(given: GivenFlags): Pick<ClientOptions, "forwards" | "socks" | "reverses"> {
  if (given.has(session.STDIO.name)) {
    const why = "is for connections that come; --stdio carries one, to the service without a name";
    given.refuse([services.FORWARD, services.SOCKS, services.REVERSE], why);
  }
  const reverses = servicesOf(given, services.REVERSE);
  if (reverses.length > MOST_OFFERS) {
    throw mistake(`a client offers ${MOST_OFFERS} services at the most: give fewer --${services.REVERSE.name}`);
  }
  const forwards = given.values(services.FORWARD);
  const [input, socks] = [given.value(session.CLIENT_IN), given.value(services.SOCKS)];
  const all = entrancesOf({ in: input, isStdio: false, forwards, socks, reverses });
  refuseSamePlace(all);
  for (const { name, in: to } of reverses) {
    const own = all.find(({ in: place }) => place !== undefined && reaches(to, place));
    if (own === undefined) continue;
    throw mistake(
      `this tele client would connect to itself: ${own.flag} is where user's clients connect on this machine, and ` +
        `--${services.REVERSE.name}=${name} is a user's server, which listens already: give them different ports`,
    );
  }
  return { forwards, socks, reverses };
}

function refuseSamePlace(entrances: readonly Entrance[]): void {
  for (const [at, one] of entrances.entries()) {
    const other = entrances.slice(at + 1).find((other) => isSame(one.in, other.in));
    if (other === undefined || other.in === undefined) continue;
    const place = formatAddress(other.in);
    throw mistake(`${one.flag} and ${other.flag} both listen on ${place}: give each connection one place to go to`);
  }
}

/** The places where a server listens for services that clients offer. */
export function reverseEntrancesOf({ reverseListens }: Pick<ServerOptions, "reverseListens">): readonly Entrance[] {
  return reverseListens.map((listen) => ({ ...listen, flag: `--${services.REVERSE_LISTEN.name}`, isSocks: false }));
}

/** What says where a client listens. */
export type ListeningClient = Pick<ClientOptions, "in" | "isStdio" | "forwards" | "socks" | "reverses">;

/** All places where a client listens; the one without a service first, if there is one. */
export function entrancesOf(
  { in: input, isStdio, forwards, socks, reverses }: ListeningClient,
): readonly Entrance[] {
  const named = forwards.map((forward) => ({ ...forward, flag: `--${services.FORWARD.name}`, isSocks: false }));
  const bySocks = { flag: `--${services.SOCKS.name}`, in: socks, service: undefined, isSocks: true };
  const others = socks === undefined ? named : [...named, bySocks];
  if (isStdio || (input === undefined && others.length + reverses.length > 0)) return others;
  return [{ flag: `--${session.CLIENT_IN.name}`, in: input, service: undefined, isSocks: false }, ...others];
}

/** What a server leads to by sessions, and what it listens for. */
export type ServedUsers = Pick<ServerOptions, "in" | "services" | "allows" | "reverseListens">;

/**
 * Whether a server serves sessions: it leads to a user's server, with a name or without, or to destinations, or listens
 * for services that clients offer.
 */
export function servesSessions({ in: input, services, allows, reverseListens }: ServedUsers): boolean {
  return input !== undefined || services.length + allows.length + reverseListens.length > 0;
}

function isSame(one: Address | undefined, other: Address | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return reaches(one, other) || reaches(other, one);
}
