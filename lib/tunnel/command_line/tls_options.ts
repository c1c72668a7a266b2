/**
 * The rows of the option table for TLS.
 *
 * @module
 */

import { parseHostName } from "../values/host_name.ts";
import { A_FILE, type FlagOption, type ValueOption } from "./option.ts";

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
  completes: { words: ["system"], paths: "files" },
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
