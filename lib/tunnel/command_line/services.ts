/**
 * The services of a command line: what a server has behind names, and where a client listens for them.
 *
 * @module
 */
import { type Address, formatAddress, reaches } from "../../net/address.ts";
import { type GivenFlags, mistake } from "./given_flags.ts";
import type { ClientOptions, ServerOptions, Service } from "./role_options.ts";
import * as services from "./service_options.ts";
import * as session from "./session_options.ts";

/** Where user's clients connect. */
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
 * The services of a server that have names, and the destinations that it allows.
 *
 * @throws {TeleError} `bad-input` if two services have the same name, or a destination is given twice.
 */
export function namedOf(given: GivenFlags): Pick<ServerOptions, "services" | "allows"> {
  const allows = given.values(services.ALLOW);
  const again = allows.find(({ text }, at) => allows.findIndex((other) => other.text === text) !== at);
  if (again !== undefined) throw mistake(`--allow=${again.text} is given twice: give it once`);
  return { services: servicesOf(given), allows };
}

function servicesOf(given: GivenFlags): readonly Service[] {
  const all = given.values(services.SERVICE);
  const names = all.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw mistake(`--service=${twice} is given twice: a name leads to one user's server, so give each its own`);
  }
  return all;
}

/**
 * Where a client is to listen for services, and for SOCKS.
 *
 * @throws {TeleError} `bad-input` if one place is given twice, here or by `--in`, or with `--stdio`.
 */
export function forwardsOf(given: GivenFlags): Pick<ClientOptions, "forwards" | "socks"> {
  if (given.has(session.STDIO.name)) {
    const why = "is for connections that come; --stdio carries one, to the service without a name";
    given.refuse([services.FORWARD, services.SOCKS], why);
  }
  const forwards = given.values(services.FORWARD);
  const [input, socks] = [given.value(session.CLIENT_IN), given.value(services.SOCKS)];
  const all = entrancesOf({ in: input, isStdio: false, forwards, socks });
  for (const [at, one] of all.entries()) {
    const other = all.slice(at + 1).find((other) => isSame(one.in, other.in));
    if (other === undefined || other.in === undefined) continue;
    const place = formatAddress(other.in);
    throw mistake(`${one.flag} and ${other.flag} both listen on ${place}: give each connection one place to go to`);
  }
  return { forwards, socks };
}

/** All places where a client listens; the one without a service first, if there is one. */
export function entrancesOf(
  { in: input, isStdio, forwards, socks }: Pick<ClientOptions, "in" | "isStdio" | "forwards" | "socks">,
): readonly Entrance[] {
  const named = forwards.map((forward) => ({ ...forward, flag: `--${services.FORWARD.name}`, isSocks: false }));
  const bySocks = { flag: `--${services.SOCKS.name}`, in: socks, service: undefined, isSocks: true };
  const others = socks === undefined ? named : [...named, bySocks];
  if (isStdio || (input === undefined && others.length > 0)) return others;
  return [{ flag: `--${session.CLIENT_IN.name}`, in: input, service: undefined, isSocks: false }, ...others];
}

/** What a server leads to by sessions. */
export type ServedUsers = Pick<ServerOptions, "in" | "services" | "allows">;

/** Whether a server serves sessions: it leads to a user's server, with a name or without, or to destinations. */
export function servesSessions({ in: input, services, allows }: ServedUsers): boolean {
  return input !== undefined || services.length > 0 || allows.length > 0;
}

function isSame(one: Address | undefined, other: Address | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return reaches(one, other) || reaches(other, one);
}
