/**
 * A `[[tunnel]]` of a configuration → what a command line of its own would say.
 *
 * @module
 */

import { type Address, formatAddress } from "../../net/address.ts";
import { reasonOf } from "../../net/error.ts";
import type { CommandEnvironment } from "../command_line/command_environment.ts";
import { type Command, parseCommandLine } from "../command_line/command_line.ts";
import { theNearest } from "../command_line/nearest_name.ts";
import { OPTIONS } from "../command_line/option_table.ts";
import { entrancesOf, reverseEntrancesOf } from "../command_line/services.ts";
import { keysOf, NAME_KEY, PROCESS_KEYS, ROLE_KEY, TUNNEL_ROLES, type TunnelRole } from "./key.ts";
import type { LocatedTable } from "./locator.ts";
import { type Place, PlacedError } from "./place.ts";
import { argumentsOf, inForce, readSettings, type Setting, type TomlTable } from "./setting.ts";

/** A command that runs until it is asked to end. */
export type RoleCommand = Extract<Command, { readonly kind: TunnelRole }>;

/** A tunnel of a configuration. */
export interface TunnelEntry {
  /** What it is called in the log: no other one is. */
  readonly name: string;
  /** What its settings say. */
  readonly command: RoleCommand;
  /** What it and the defaults set. */
  readonly settings: readonly Setting[];
}

/** The names that a tunnel can have: long enough for that of a host. */
export const TUNNEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/**
 * Reads a `[[tunnel]]`.
 *
 * @param table Where its keys stand.
 * @param values Their values.
 * @param defaults What stands above all tables.
 * @param environment The variables that count as options.
 * @throws {PlacedError} With a sentence that says what to change.
 */
export function readTunnel(
  table: LocatedTable,
  values: TomlTable,
  defaults: readonly Setting[],
  environment: CommandEnvironment,
): TunnelEntry {
  const name = readName(table, values);
  const role = readRole(table, values);
  const options = keysOf(role);
  const own = readSettings(table, values, options, (key) => strangeKey(key, role));
  const settings = inForce(options, own, defaults);
  const args = [`--${role}`, ...settings.flatMap(argumentsOf)];
  let command: Command;
  try {
    command = parseCommandLine(args, environment);
  } catch (error) {
    throw new PlacedError(placeOf(reasonOf(error), table, settings), `tunnel ${name}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  if (command.kind !== "server" && command.kind !== "client") throw new Error(`--${role} starts no role`);
  refuseSecrets(command, settings, table.place);
  return { name, command, settings };
}

/** Whether both do the same, whatever else changed around them. */
export function isSame(one: TunnelEntry, other: TunnelEntry): boolean {
  const textOf = ({ command, settings }: TunnelEntry) => JSON.stringify([command.kind, ...settings.map(argumentsOf)]);
  return textOf(one) === textOf(other);
}

/** A place where a tunnel listens. */
export interface ListenPlace {
  /** The address. */
  readonly address: string;
  /** Name of the option that says so. */
  readonly option: string;
}

/** Where the tunnel listens, as far as it is not a port that the system chooses. */
export function listenPlaces({ command }: TunnelEntry): ListenPlace[] {
  const all: { in: Address | undefined; flag: string }[] = command.kind === "server"
    ? [
      { in: command.options.out, flag: "--out" },
      { in: command.options.fleet?.node, flag: "--node" },
      ...reverseEntrancesOf(command.options),
    ]
    : [...entrancesOf(command.options)];
  return all.flatMap(({ in: address, flag }) => {
    if (address === undefined || (address.kind === "tcp" && address.port === 0)) return [];
    return [{ address: formatAddress(address), option: flag.slice("--".length) }];
  });
}

function readName(table: LocatedTable, values: TomlTable): string {
  const key = table.keys.find((key) => key.name === NAME_KEY);
  if (key === undefined) {
    throw new PlacedError(table.place, 'this tunnel has no name, which its log lines begin with: name = "office"');
  }
  const value = values[NAME_KEY];
  if (typeof value === "string" && TUNNEL_NAME.test(value)) return value;
  throw new PlacedError(
    key.value,
    'name takes 1 to 63 letters, digits, ".", "_" and "-", the first a letter or digit; for example name = "office"',
  );
}

function readRole(table: LocatedTable, values: TomlTable): TunnelRole {
  const key = table.keys.find((key) => key.name === ROLE_KEY);
  const role = TUNNEL_ROLES.find((role) => role === values[ROLE_KEY]);
  if (key !== undefined && role !== undefined) return role;
  throw new PlacedError(
    key?.value ?? table.place,
    'a tunnel needs role = "server" beside the user\'s server or role = "client" beside the user\'s client',
  );
}

/** What is wrong with a key that this role does not have. */
function strangeKey(name: string, role: TunnelRole): string | undefined {
  if (name === NAME_KEY || name === ROLE_KEY) return undefined;
  if (PROCESS_KEYS.some((option) => option.name === name)) {
    return `${name} holds for all tunnels of this process: write it above the first [[tunnel]]`;
  }
  const other = TUNNEL_ROLES.find((other) => other !== role && keysOf(other).some((option) => option.name === name));
  if (other !== undefined) return `${name} belongs to role = "${other}"; a ${role} does not take it`;
  if (OPTIONS.some((option) => option.name === name)) {
    return `${name} belongs to a command line of its own: leave it out`;
  }
  return `unknown key ${name}${theNearest(name, [NAME_KEY, ROLE_KEY, ...names(role)], "")}`;
}

function names(role: TunnelRole): string[] {
  return keysOf(role).map(({ name }) => name);
}

/** Where the first thing stands that the sentence names: an option of this tunnel, or its role. */
function placeOf(sentence: string, table: LocatedTable, settings: readonly Setting[]): Place {
  for (const [, name] of sentence.matchAll(/--([a-z\d-]+)/g)) {
    const own = table.keys.find((key) => key.name === name) ?? settings.find(({ option }) => option.name === name)?.key;
    if (own !== undefined) return own.place;
  }
  return table.place;
}

/** A configuration is printed, copied and mailed: what it holds is known to more than its owner. */
function refuseSecrets({ kind, options }: RoleCommand, settings: readonly Setting[], otherwise: Place): void {
  if (kind !== "client") return;
  const proxies = options.paths.map(({ proxy }) => proxy).filter((proxy) => proxy?.kind === "given");
  if (!proxies.some(({ by, proxy }) => by === "--proxy" && proxy.login !== undefined)) return;
  const key = settings.find(({ option }) => option.name === "proxy")?.key;
  throw new PlacedError(
    key?.value ?? otherwise,
    "this proxy's URL holds a password: write the URL into a file of its own, and name that by proxy-file",
  );
}
