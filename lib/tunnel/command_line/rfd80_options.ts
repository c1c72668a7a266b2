/**
 * The rows of the option table for RFD 80 mode.
 *
 * @module
 */

import { parseDialAddress } from "../../net/address.ts";
import { parseProtocolName } from "../rfd80/alpn.ts";
import { parseSize } from "../values/size.ts";
import { range, refuseSwapped, type ValueForm, type ValueOption } from "./option.ts";
import type { Route } from "./role_options.ts";

const A_PROTOCOL: ValueForm<string> = {
  takes: 'a name of 1 to 250 printable ASCII characters without spaces, "=" and ","',
  parse: parseProtocolName,
};

/** `--protocol`. */
export const PROTOCOL: ValueOption<string> = {
  kind: "value",
  name: "protocol",
  placeholder: "NAME",
  role: "both",
  meaning: "one protocol in place of sessions; the server's --in speaks it",
  without: "sessions",
  example: "--protocol=teleport-mysql",
  ...A_PROTOCOL,
};

/** `--route`. */
export const ROUTE: ValueOption<Route> = {
  kind: "value",
  name: "route",
  placeholder: "NAME=ADDR",
  role: "server",
  meaning: "a protocol and its user's server; may be given several times",
  without: "none",
  isRepeatable: true,
  example: "--route=teleport-mysql=:3306",
  takes: "the name of a protocol, =, and an address",
  parse: parseRoute,
};

/** `--max-message`. */
export const MAX_MESSAGE: ValueOption<number> = {
  kind: "value",
  name: "max-message",
  placeholder: "SIZE",
  role: "both",
  meaning: "largest message taken in RFD 80 mode",
  default: "256MiB",
  example: "--max-message=16MiB",
  // RFD 80 writes the length in 32 bits.
  ...range("a size", parseSize, "64KiB", "4294967295B"),
};

function parseRoute(text: string): Route {
  const at = text.indexOf("=");
  // Without "=" the whole is read as the name, and then the address is missing: the sentence says what was forgotten.
  const [protocol, address] = at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  refuseSwapped(protocol, address, `${address}=${protocol}`);
  return { protocol: parseProtocolName(protocol), in: parseDialAddress(address) };
}
