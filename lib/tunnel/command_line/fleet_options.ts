/**
 * The rows of the option table for servers that have sessions together.
 *
 * @module
 */

import { type Address, formatAddress, parseAddress } from "../../net/address.ts";
import { badInput } from "../../net/error.ts";
import { isAnyAddress } from "../../net/ip_address.ts";
import { isNodeText } from "../../session/handshake/ticket.ts";
import { MAX_NODE_BYTES } from "../../session/session_constants.ts";
import { A_FILE, type ValueOption } from "./option.ts";

/** The port of nodes in examples. */
const NODE_PORT = 40301;

/** `--node`. */
export const NODE: ValueOption<Address> = {
  kind: "value",
  name: "node",
  placeholder: "ADDR",
  role: "server",
  meaning: "where other servers of the fleet reach this one: it passes them carriers, and they pass some to it",
  without: "a server alone",
  example: "--node=10.0.0.7:40301",
  takes: "host:port, [v6]:port or unix:/path, as other servers can dial it",
  parse: parseNode,
};

/** `--fleet-key-file`. */
export const FLEET_KEY_FILE: ValueOption<string> = {
  kind: "value",
  name: "fleet-key-file",
  placeholder: "FILE",
  role: "server",
  meaning: "file with a key that all servers of the fleet share, and nobody else; tele --make-token prints one",
  without: "required with --node",
  example: "--fleet-key-file=/etc/tele/fleet-key",
  ...A_FILE,
};

/** An address that others can dial as it stands: it is what tickets say. */
function parseNode(text: string): Address {
  const address = parseAddress(text, NODE_PORT);
  if (address.kind === "tcp") {
    const { host, port } = address;
    if (host === undefined || isAnyAddress(host)) {
      throw badInput(`other servers cannot dial ${text}: write the address of this machine, as 10.0.0.7:${NODE_PORT}`);
    }
    if (port === 0) throw badInput(`other servers cannot dial port 0: write for example ${host}:${NODE_PORT}`);
  }
  if (isNodeText(formatAddress(address))) return address;
  throw badInput(`${text} is longer than the ${MAX_NODE_BYTES} bytes that a ticket can tell: take a shorter name`);
}
