/**
 * The services of a command line: what a server has behind names, and where a client listens for them.
 *
 * @module
 */
import { type Address, formatAddress, reaches } from "../../net/address.ts";
import { type GivenFlags, mistake } from "./given_flags.ts";
import type { ClientOptions, Forward, ServerOptions, Service } from "./role_options.ts";
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
}

/**
 * The services that a server is given.
 *
 * @throws {TeleError} `bad-input` if two have the same name.
 */
export function servicesOf(given: GivenFlags): readonly Service[] {
  const all = given.values(services.SERVICE);
  const names = all.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw mistake(`--service=${twice} is given twice: a name leads to one user's server, so give each its own`);
  }
  return all;
}

/**
 * Where a client is to listen for services.
 *
 * @throws {TeleError} `bad-input` if one place is given twice, here or by `--in`.
 */
export function forwardsOf(given: GivenFlags): readonly Forward[] {
  const forwards = given.values(services.FORWARD);
  const all = entrancesOf({ in: given.value(session.CLIENT_IN), isStdio: false, forwards });
  for (const [at, one] of all.entries()) {
    const other = all.slice(at + 1).find((other) => isSame(one.in, other.in));
    if (other === undefined || other.in === undefined) continue;
    const place = formatAddress(other.in);
    throw mistake(`${one.flag} and ${other.flag} both listen on ${place}: give each connection one place to go to`);
  }
  return forwards;
}

/** All places where a client listens; the one without a service first, if there is one. */
export function entrancesOf(
  { in: input, isStdio, forwards }: Pick<ClientOptions, "in" | "isStdio" | "forwards">,
): readonly Entrance[] {
  const named = forwards.map((forward) => ({ ...forward, flag: `--${services.FORWARD.name}` }));
  if (isStdio || (input === undefined && forwards.length > 0)) return named;
  return [{ flag: `--${session.CLIENT_IN.name}`, in: input, service: undefined }, ...named];
}

/** Whether a server serves sessions: it has a user's server for them, with a name or without. */
export function servesSessions({ in: input, services }: Pick<ServerOptions, "in" | "services">): boolean {
  return input !== undefined || services.length > 0;
}

function isSame(one: Address | undefined, other: Address | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return reaches(one, other) || reaches(other, one);
}
