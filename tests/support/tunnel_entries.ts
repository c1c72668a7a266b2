/**
 * Tunnels of configurations, from their TOML.
 *
 * @module
 */
import { type Configuration, readConfiguration } from "../../lib/tunnel/configuration/configuration.ts";
import type { TunnelEntry } from "../../lib/tunnel/configuration/tunnel_table.ts";

/** The configuration of a text, called `tele.toml` in sentences. */
export function configuration(text: string, environment: Record<string, string> = {}): Configuration {
  return readConfiguration(text, { file: "tele.toml", environment });
}

/** A tele server called `name` in front of the user's server on `port`, with further lines of TOML. */
export function serverEntry(name: string, port: number, ...lines: string[]): TunnelEntry {
  return entryOf("server", name, port, lines);
}

/** A tele client called `name` that listens on `port`, with further lines of TOML. */
export function clientEntry(name: string, port: number, ...lines: string[]): TunnelEntry {
  return entryOf("client", name, port, ['out = "example.com:40300"', ...lines]);
}

function entryOf(role: string, name: string, port: number, lines: readonly string[]): TunnelEntry {
  const head = ["[[tunnel]]", `name = "${name}"`, `role = "${role}"`, `in = ":${port}"`];
  const [entry] = configuration([...head, ...lines].join("\n")).tunnels;
  if (entry === undefined) throw new Error("a configuration has a tunnel");
  return entry;
}
