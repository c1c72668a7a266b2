/**
 * A configuration: the text of a TOML file → tunnels, checked as strictly as command lines.
 *
 * @module
 */

import { parse } from "@std/toml";
import { badInput, reasonOf } from "../../net/error.ts";
import type { LogLevel } from "../../net/log.ts";
import { escapeUnshown } from "../../net/shown_text.ts";
import type { CommandEnvironment } from "../command_line/command_environment.ts";
import { theNearest } from "../command_line/nearest_name.ts";
import type { ValueOption } from "../command_line/option.ts";
import type { StatusOptions } from "../command_line/role_options.ts";
import * as session from "../command_line/session_options.ts";
import { statusOf } from "../command_line/status_choice.ts";
import { STATUS, STATUS_TOKEN_FILE } from "../command_line/status_options.ts";
import type { LogFormat } from "../log/log_format.ts";
import { defaultKeys, keysOf, NAME_KEY, PROCESS_KEYS, ROLE_KEY, TUNNEL_ROLES } from "./key.ts";
import { locate, type Located, type LocatedTable } from "./locator.ts";
import { PlacedError } from "./place.ts";
import { readSettings, type Setting, type TomlTable } from "./setting.ts";
import { listenPlaces, readTunnel, type TunnelEntry } from "./tunnel_table.ts";

/** What holds for the whole process. */
export interface ProcessSettings {
  /** Lowest level that is logged. */
  readonly logLevel: LogLevel;
  /** Shape of a log line. */
  readonly logFormat: LogFormat;
  /** Memory of all sessions of all tunnels together, in bytes; `undefined` for a quarter of the machine's. */
  readonly memoryBytes: number | undefined;
  /** Where the process tells how its tunnels go; `undefined` for nowhere. */
  readonly status: StatusOptions | undefined;
}

/** A configuration without a mistake. */
export interface Configuration extends ProcessSettings {
  /** What the file sets for the whole process. */
  readonly settings: readonly Setting[];
  /** Its tunnels, in the order of the file; never none. */
  readonly tunnels: readonly TunnelEntry[];
}

/** What a configuration is read with. */
export interface Surroundings {
  /** How the file is called in sentences. */
  readonly file: string;
  /** The variables that count as options. */
  readonly environment: CommandEnvironment;
}

/**
 * Reads a configuration.
 *
 * @throws {TeleError} `bad-input` with file, line and column of the first mistake.
 *
 * @example
 * ```ts
 * import { readConfiguration } from "./configuration.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const around = { file: "tele.toml", environment: {} };
 * const text = '[[tunnel]]\nname = "office"\nrole = "server"\nin = ":22"\n';
 * assertEquals(readConfiguration(text, around).tunnels.map(({ name }) => name), ["office"]);
 * assertThrows(() => readConfiguration(`${text}max = 0\n`, around), Error, "tele.toml:5:7: max takes a whole number");
 * ```
 */
export function readConfiguration(text: string, { file, environment }: Surroundings): Configuration {
  try {
    return read(text, environment);
  } catch (error) {
    if (!(error instanceof PlacedError)) throw error;
    const { line, column } = error.place;
    throw badInput(escapeUnshown(`${file}:${line}:${column}: ${error.message}`), { cause: error });
  }
}

function read(text: string, environment: CommandEnvironment): Configuration {
  const located = locate(text);
  const values = parseToml(text, located);
  const all = readSettings(located.top, values, [...PROCESS_KEYS, ...defaultKeys()], strangeKey);
  const isOfProcess = ({ option }: Setting) => PROCESS_KEYS.some((key) => key === option);
  const [settings, defaults] = [all.filter(isOfProcess), all.filter((setting) => !isOfProcess(setting))];
  if (located.tunnels.length === 0) {
    throw new PlacedError(located.top.place, "no tunnel is in this file: each begins with a line [[tunnel]]");
  }
  const tables = values["tunnel"] as readonly TomlTable[];
  const tunnels = located.tunnels.map((table, at) => readTunnel(table, tables[at] ?? {}, defaults, environment));
  for (const setting of defaults) refuseIdle(setting, tunnels);
  refuseTwins(tunnels, located.tunnels);
  return {
    logLevel: valueOrDefault(settings, session.LOG_LEVEL),
    logFormat: valueOrDefault(settings, session.LOG_FORMAT),
    memoryBytes: valueOf(settings, session.MEMORY),
    status: readStatus(settings),
    settings,
    tunnels,
  };
}

/** What the file says of an option of the process, as on a command line. */
function textOf(settings: readonly Setting[], { name }: ValueOption<unknown>): string | undefined {
  return settings.find(({ option }) => option.name === name)?.texts[0];
}

function readStatus(settings: readonly Setting[]): StatusOptions | undefined {
  try {
    return statusOf(valueOf(settings, STATUS), valueOf(settings, STATUS_TOKEN_FILE));
  } catch (error) {
    const place = settings.find(({ option }) => option.name === STATUS_TOKEN_FILE.name)?.key.place;
    throw place === undefined ? error : new PlacedError(place, reasonOf(error), { cause: error });
  }
}

function valueOf<Value>(settings: readonly Setting[], option: ValueOption<Value>): Value | undefined {
  const text = textOf(settings, option);
  return text === undefined ? undefined : option.parse(text);
}

function valueOrDefault<Value>(settings: readonly Setting[], option: ValueOption<Value>): Value {
  return option.parse(textOf(settings, option) ?? option.default ?? "");
}

/** The values of the text. What the locator could not read is no configuration, even if it is TOML. */
function parseToml(text: string, { top, tunnels, unread }: Located): TomlTable {
  let values: TomlTable;
  try {
    values = parse(text);
  } catch (error) {
    const [, line = "1", column = "0", told] =
      /^(?:Parse error on line (\d+), column (\d+): )+(.*)/s.exec(reasonOf(error)) ??
        [];
    const keys = [top, ...tunnels].flatMap((table) => table.keys);
    // The parser counts columns from 0, and is behind the mistake when it finds it.
    const place = unread ?? keys.find(({ place }) => place.line === Number(line))?.value ??
      { line: Number(line), column: Number(column) + 1 };
    const [reason] = (told ?? reasonOf(error)).replace(/ on line '.*/s, "").split("\n");
    const hint = reason === "Cannot parse value" ? '; text stands in quotes, for example in = ":22"' : "";
    throw new PlacedError(place, `this is not TOML: ${reason}${hint}`, { cause: error });
  }
  if (unread === undefined) return values;
  throw new PlacedError(unread, 'this is not understood: write one key = value on each line, for example in = ":22"');
}

/** What is wrong with a key above the first table. */
function strangeKey(name: string): string {
  const [own, any] = [TUNNEL_ROLES.flatMap(keysOf), [...PROCESS_KEYS, ...defaultKeys()]];
  if (name === "tunnel") return "write each tunnel as a table of its own, below a line [[tunnel]]";
  if (name === NAME_KEY || name === ROLE_KEY || own.some((option) => option.name === name)) {
    return `${name} is another for each tunnel: write it below [[tunnel]]`;
  }
  return `unknown key ${name}${theNearest(name, any.map((option) => option.name), "")}`;
}

/** A default that reaches no tunnel would only look as if it did something. */
function refuseIdle({ option, key }: Setting, tunnels: readonly TunnelEntry[]): void {
  if (tunnels.some(({ command }) => keysOf(command.kind).includes(option))) return;
  throw new PlacedError(key.place, `${option.name} belongs to role = "${option.role}", and no tunnel here has it`);
}

/** Two tunnels of one name could not be told apart, and of two on one port only one could listen. */
function refuseTwins(tunnels: readonly TunnelEntry[], tables: readonly LocatedTable[]): void {
  for (const [at, tunnel] of tunnels.entries()) {
    const before = tunnels.slice(0, at);
    const keys = [...tables[at]?.keys ?? [], ...tunnel.settings.map(({ key }) => key)];
    const refuse = (name: string, sentence: string) => {
      throw new PlacedError(keys.find((key) => key.name === name)?.value ?? { line: 1, column: 1 }, sentence);
    };
    if (before.some(({ name }) => name === tunnel.name)) {
      refuse(NAME_KEY, `another tunnel is called ${tunnel.name} already: names must differ`);
    }
    for (const { address, option } of listenPlaces(tunnel)) {
      const other = before.find((other) => listenPlaces(other).some((place) => place.address === address));
      if (other !== undefined) refuse(option, `tunnel ${other.name} listens on ${address} already: give another port`);
    }
  }
}
