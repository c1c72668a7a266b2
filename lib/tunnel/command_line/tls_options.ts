/**
 * The rows of the option table for TLS, RFD 80 mode and tokens, and for the commands that make keys for them.
 *
 * @module
 */

import { parseProtocolName } from "../rfd80/alpn.ts";
import { type HostName, parseHostName, parseHostNames } from "../values/host_name.ts";
import { parseDialAddress } from "../../net/address.ts";
import { A_FILE, type FlagOption, range, type ValueForm, type ValueOption } from "./option.ts";
import type { Route } from "./role_options.ts";
import { parseSize } from "../values/size.ts";

const A_PROTOCOL: ValueForm<string> = {
  takes: 'a name of 1 to 250 printable ASCII characters without spaces, "=" and ","',
  parse: parseProtocolName,
};

/** The server's `--tls-cert`. */
export const SERVER_TLS_CERT: ValueOption<string> = {
  kind: "value",
  name: "tls-cert",
  placeholder: "FILE",
  role: "server",
  meaning: "TLS, with this certificate (PEM); needs --tls-key",
  without: "no TLS",
  example: "--tls-cert=/etc/tele/cert.pem",
  ...A_FILE,
};

/** The server's `--tls-key`. */
export const SERVER_TLS_KEY: ValueOption<string> = {
  kind: "value",
  name: "tls-key",
  placeholder: "FILE",
  role: "server",
  meaning: "the certificate's private key (PEM)",
  without: "no TLS",
  example: "--tls-key=/etc/tele/key.pem",
  ...A_FILE,
};

/** `--tls-client-ca`. */
export const TLS_CLIENT_CA: ValueOption<string> = {
  kind: "value",
  name: "tls-client-ca",
  placeholder: "FILE",
  role: "server",
  meaning: "clients must show a certificate that is in this file (PEM), or of a CA in it",
  without: "none needed",
  example: "--tls-client-ca=/etc/tele/clients.pem",
  ...A_FILE,
};

/** `--tls`. */
export const TLS: FlagOption = {
  kind: "flag",
  name: "tls",
  role: "client",
  meaning: "TLS to the tele server; the other options here imply it",
  example: "tele --client --out=example.com:40300 --tls",
};

/** `--tls-ca`. */
export const TLS_CA: ValueOption<string> = {
  kind: "value",
  name: "tls-ca",
  placeholder: "FILE",
  role: "client",
  meaning: "certificates to trust (PEM), or system: those of this machine",
  without: "public authorities",
  example: "--tls-ca=cert.pem",
  ...A_FILE,
};

/** `--tls-name`. */
export const TLS_NAME: ValueOption<string> = {
  kind: "value",
  name: "tls-name",
  placeholder: "NAME",
  role: "client",
  meaning: "the name to verify",
  without: "the host in --out",
  example: "--tls-name=example.com",
  takes: "a host name or an IP address",
  parse: (text) => parseHostName(text).name,
};

/** The client's `--tls-cert`. */
export const CLIENT_TLS_CERT: ValueOption<string> = {
  kind: "value",
  name: "tls-cert",
  placeholder: "FILE",
  role: "client",
  meaning: "this client's own certificate (PEM); needs --tls-key",
  without: "none",
  example: "--tls-cert=client/cert.pem",
  ...A_FILE,
};

/** The client's `--tls-key`. */
export const CLIENT_TLS_KEY: ValueOption<string> = {
  kind: "value",
  name: "tls-key",
  placeholder: "FILE",
  role: "client",
  meaning: "the private key of this client's certificate (PEM)",
  without: "none",
  example: "--tls-key=client/key.pem",
  ...A_FILE,
};

/** `--token-file`. */
export const TOKEN_FILE: ValueOption<string> = {
  kind: "value",
  name: "token-file",
  placeholder: "FILE",
  role: "both",
  meaning: "file with a secret that both roles share; or set TELE_TOKEN",
  without: "no token",
  example: "--token-file=/etc/tele/token",
  ...A_FILE,
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

/** `--make-token`. */
export const MAKE_TOKEN: FlagOption = {
  kind: "flag",
  name: "make-token",
  role: "alone",
  meaning: "print a good token and end",
  example: "tele --make-token",
};

/** `--make-cert`. */
export const MAKE_CERT: ValueOption<string> = {
  kind: "value",
  name: "make-cert",
  placeholder: "DIR",
  role: "alone",
  meaning: "write DIR/cert.pem and DIR/key.pem and end; needs --host",
  without: "none",
  example: "--make-cert=/etc/tele",
  takes: "a folder",
  parse: (text) => text,
};

/** `--host`. */
export const HOST: ValueOption<HostName[]> = {
  kind: "value",
  name: "host",
  placeholder: "NAME[,NAME]",
  role: "alone",
  meaning: "the names and IP addresses that the certificate is for",
  without: "required with --make-cert",
  example: "--host=example.com,192.0.2.1",
  takes: "host names and IP addresses with commas in between",
  parse: parseHostNames,
};

function parseRoute(text: string): Route {
  const at = text.indexOf("=");
  // Without "=" the whole is read as the name, and then the address is missing: the sentence says what was forgotten.
  const protocol = parseProtocolName(at === -1 ? text : text.slice(0, at));
  return { protocol, in: parseDialAddress(at === -1 ? "" : text.slice(at + 1)) };
}
