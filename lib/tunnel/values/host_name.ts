/**
 * Names of hosts as certificates contain them: DNS names and IP addresses.
 *
 * @module
 */
import { isIP } from "node:net";
import { badInput } from "../../net/error.ts";

/** A name that a certificate can be for. */
export interface HostName {
  /** How it is checked: as a DNS name or as an address (RFC 6125, 1.7.2). */
  readonly kind: "dns" | "ip";
  /** The name in lower case, or the address; IPv6 without brackets. */
  readonly name: string;
}

/** Longest DNS name, and longest label of one, in characters (RFC 1035, 2.3.4, less the dots of the wire form). */
const MAX_NAME_CHARACTERS = 253;
const MAX_LABEL_CHARACTERS = 63;

/**
 * Reads the name of one host, without a port.
 *
 * @throws TeleError `bad-input`, with a sentence that tells what to write instead.
 *
 * @example
 * ```ts
 * import { parseHostName } from "./host_name.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseHostName("Example.com"), { kind: "dns", name: "example.com" });
 * assertEquals(parseHostName("::1"), { kind: "ip", name: "::1" });
 * assertThrows(() => parseHostName("example.com:443"), Error, "without a port");
 * ```
 */
export function parseHostName(text: string): HostName {
  if (text === "") throw badInput("a name is empty");
  if (isIP(text) !== 0 && !text.includes("%")) return { kind: "ip", name: text.toLowerCase() };
  if (text.includes("%")) {
    throw badInput(`${quote(text)} has a zone, which certificates do not have: leave out the "%"`);
  }
  if (text.startsWith("[")) {
    throw badInput(`write an IPv6 address without brackets and port, instead of ${quote(text)}`);
  }
  if (text.includes("/")) {
    throw badInput(`${quote(text)} is a URL or a path: write only the host, for example example.com`);
  }
  if (text.includes(":")) throw badInput(`write the host without a port, instead of ${quote(text)}`);
  if (text.endsWith(".")) throw badInput(`leave out the dot at the end of ${quote(text)}`);
  // deno-lint-ignore no-control-regex
  if (/[^\x00-\x7f]/.test(text)) throw badInput(explainInternational(text));
  const name = text.toLowerCase();
  if (name.includes("*")) throw badInput(`${quote(text)} stands for many hosts: write one`);
  if (!isDnsName(name)) throw badInput(`${quote(text)} is neither a host name nor an IP address`);
  return { kind: "dns", name };
}

/**
 * Reads names of hosts with commas in between; a DNS name may begin with `*.` (RFC 6125, 6.4.3). Repeated names are
 * dropped.
 *
 * @throws TeleError `bad-input`, with a sentence that tells what to write instead.
 *
 * @example
 * ```ts
 * import { parseHostNames } from "./host_name.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseHostNames("*.example.com,127.0.0.1").map(({ name }) => name), ["*.example.com", "127.0.0.1"]);
 * ```
 */
export function parseHostNames(text: string): HostName[] {
  const hosts = text.split(",").map((part) => part.startsWith("*.") ? parseWildcard(part) : parseHostName(part));
  return hosts.filter(({ name }, at) => hosts.findIndex((other) => other.name === name) === at);
}

function parseWildcard(text: string): HostName {
  const { kind, name } = parseHostName(text.slice("*.".length));
  // OpenSSL and rustls never match "*.com".
  if (kind === "ip" || !name.includes(".")) {
    throw badInput(`${quote(text)} is too wide: write "*." in front of a name with a dot, for example *.example.com`);
  }
  return { kind, name: `*.${name}` };
}

function isDnsName(name: string): boolean {
  const labels = name.split(".");
  // To every URL parser, a last label of digits alone is a mistyped address.
  return name.length <= MAX_NAME_CHARACTERS && !/^\d+$/.test(labels.at(-1) ?? "") &&
    labels.every((label) => label.length <= MAX_LABEL_CHARACTERS && /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label));
}

function explainInternational(text: string): string {
  const ascii = URL.parse(`http://${text}`)?.hostname;
  const instead = ascii !== undefined && isDnsName(ascii) ? `: write ${ascii}` : "";
  return `${quote(text)} is not written as certificates have it${instead}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
