/**
 * The rows of the option table for services: several user's servers behind one tele server, each with a name.
 *
 * @module
 */

import { type Address, parseAddress, parseDialAddress } from "../../net/address.ts";
import { HOST_PATTERN_FORM, type HostPattern, parseHostPattern } from "../../net/host_pattern.ts";
import { checkServiceName } from "../../session/handshake/service_name.ts";
import { anAddress, type FlagOption, refuseSwapped, type ValueOption } from "./option.ts";
import type { Forward, Service } from "./role_options.ts";

/** The port of PostgreSQL, in all examples. */
const DATABASE_PORT = 5432;

/** `--service`. */
export const SERVICE: ValueOption<Service> = {
  kind: "value",
  name: "service",
  placeholder: "NAME=ADDR",
  role: "server",
  meaning: "one more user's server, which clients ask for by this name; may be given several times",
  without: "none",
  isRepeatable: true,
  example: "--service=db=:5432",
  takes: "the name of a service, =, and an address",
  parse: parseService,
};

/** `--forward`. */
export const FORWARD: ValueOption<Forward> = {
  kind: "value",
  name: "forward",
  placeholder: "ADDR=NAME",
  role: "client",
  meaning: "where user's clients connect to the service of this name; may be given several times",
  without: "none",
  isRepeatable: true,
  example: "--forward=:5432=db",
  takes: "an address to listen on, =, and the name of a service",
  parse: parseForward,
};

/** `--reverse`. */
export const REVERSE: ValueOption<Service> = {
  kind: "value",
  name: "reverse",
  placeholder: "NAME=ADDR",
  role: "client",
  meaning:
    "a user's server of this side, which users of the server's side reach by this name; may be given several times",
  without: "none",
  isRepeatable: true,
  example: "--reverse=db=:5432",
  takes: "the name of a service, =, and an address",
  parse: parseService,
};

/** `--reverse-listen`. */
export const REVERSE_LISTEN: ValueOption<Forward> = {
  kind: "value",
  name: "reverse-listen",
  placeholder: "ADDR=NAME",
  role: "server",
  meaning: "where user's clients connect to the service of this name that a client offers; may be given several times",
  without: "none",
  isRepeatable: true,
  example: "--reverse-listen=:5432=db",
  takes: "an address to listen on, =, and the name of a service",
  parse: parseForward,
};

/** `--socks`. */
export const SOCKS: ValueOption<Address> = {
  kind: "value",
  name: "socks",
  placeholder: "ADDR",
  role: "client",
  meaning: "where user's clients connect that speak SOCKS 5 and say where to go, as the server's --allow lets them",
  without: "none",
  example: "--socks=:1080",
  ...anAddress(1080),
};

/** `--allow`. */
export const ALLOW: ValueOption<HostPattern> = {
  kind: "value",
  name: "allow",
  placeholder: "HOST:PORT",
  role: "server",
  meaning: "where clients with --socks may go: a pattern such as *.example.com:443; may be given several times",
  without: "nowhere",
  isRepeatable: true,
  example: "--allow=*.example.com:443",
  takes: HOST_PATTERN_FORM,
  parse: parseHostPattern,
};

/** `--send-proxy`. */
export const SEND_PROXY: FlagOption = {
  kind: "flag",
  name: "send-proxy",
  role: "server",
  meaning: "tell user's servers by PROXY protocol version 2 where their users come from",
  example: "tele --server --in=:8080 --send-proxy",
};

function parseService(text: string): Service {
  const at = text.indexOf("=");
  // Without "=" the whole is read as the name, and then the address is missing: the sentence says what was forgotten.
  const [name, address] = at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  refuseSwapped(name, address, `${address}=${name}`);
  return { name: readName(name), in: parseDialAddress(address, DATABASE_PORT) };
}

/** The name stands behind the last "=": there may be others in the path of a unix socket. */
function parseForward(text: string): Forward {
  const at = text.lastIndexOf("=");
  const [address, service] = at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  refuseSwapped(service, address, `${service}=${address}`);
  return { in: parseAddress(address, DATABASE_PORT), service: readName(service) };
}

function readName(text: string): string {
  checkServiceName(text, JSON.stringify(text));
  return text;
}
