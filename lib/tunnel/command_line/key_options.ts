/**
 * The rows of the option table for tokens and certificates: where a token is, and the commands that make either.
 *
 * @module
 */

import { checkTokenName } from "../../session/handshake/token_name.ts";
import { type HostName, parseHostNames } from "../values/host_name.ts";
import { type Encryption, ENCRYPTIONS } from "../../session/handshake/seal.ts";
import { A_FILE, A_FOLDER, choice, type FlagOption, type ValueOption } from "./option.ts";

/** `--token-file`. */
export const TOKEN_FILE: ValueOption<string> = {
  kind: "value",
  name: "token-file",
  placeholder: "FILE",
  role: "both",
  meaning: "file with a secret that both roles share, or at the server one for each client; or set TELE_TOKEN",
  without: "no token",
  example: "--token-file=/etc/tele/token",
  ...A_FILE,
};

/** `--encryption`. */
export const ENCRYPTION: ValueOption<Encryption> = {
  kind: "value",
  name: "encryption",
  placeholder: "WHEN",
  role: "both",
  meaning: "seal with the token: auto (unless the client verified TLS), always, or never (a VPN)",
  default: "auto",
  example: "--encryption=always",
  ...choice(ENCRYPTIONS),
};

/** `--make-token`. */
export const MAKE_TOKEN: FlagOption = {
  kind: "flag",
  name: "make-token",
  role: "alone",
  meaning: "print a good token and end",
  example: "tele --make-token",
};

/** `--name`. */
export const NAME: ValueOption<string> = {
  kind: "value",
  name: "name",
  placeholder: "NAME",
  role: "alone",
  meaning: "whose token --make-token makes: a line for the token files of both sides",
  without: "a token without a name",
  example: "--name=alice",
  takes: "a name of letters, digits, . _ @ and -",
  parse(text) {
    checkTokenName(text, JSON.stringify(text));
    return text;
  },
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
  ...A_FOLDER,
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
