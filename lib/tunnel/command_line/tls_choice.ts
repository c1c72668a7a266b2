/**
 * Which TLS a role has, as its options say together.
 *
 * @module
 */

import type { Way } from "../../net/way.ts";
import { example, type GivenFlags, mistake } from "./given_flags.ts";
import * as rfd80 from "./rfd80_options.ts";
import type { ClientTls, ServerTls } from "./role_options.ts";
import * as tls from "./tls_options.ts";

/**
 * TLS at a server: with a certificate and its key, or not at all.
 *
 * @throws {TeleError} `bad-input` if something of it is missing.
 */
export function serverTls(given: GivenFlags): ServerTls | undefined {
  const [certFile, keyFile, clientCaFile] = [tls.SERVER_TLS_CERT, tls.SERVER_TLS_KEY, tls.TLS_CLIENT_CA].map((option) =>
    given.value(option)
  );
  refuseHalfAPair(certFile, keyFile);
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile, clientCaFile };
  given.refuse([tls.TLS_CLIENT_CA], "needs TLS: give --tls-cert=FILE and --tls-key=FILE too");
  return undefined;
}

/**
 * TLS of a client on the way `out`: if it was asked for, by whichever option.
 *
 * @throws {TeleError} `bad-input` if something of it is missing, or has no place on that way.
 */
export function clientTls(given: GivenFlags, out: Way): ClientTls | undefined {
  const options = [tls.TLS_CA, tls.TLS_NAME, tls.CLIENT_TLS_CERT, tls.CLIENT_TLS_KEY];
  if (out.kind === "websocket") {
    given.refuse([rfd80.PROTOCOL], "is told by ALPN, which a WebSocket leaves to the web server: give --out=host:port");
    if (!out.isSecure) given.refuse([tls.TLS, ...options], "needs TLS, and ws:// has none: write wss:// in --out");
  }
  const [caFile, name, certFile, keyFile] = options.map((option) => given.value(option));
  refuseHalfAPair(certFile, keyFile);
  const isAsked = [tls.TLS, rfd80.PROTOCOL, ...options].some((option) => given.has(option.name));
  if (!isAsked && !(out.kind === "websocket" && out.isSecure)) return undefined;
  if (name === undefined && (out.kind === "unix" || out.kind === "command")) {
    const [over, no] = out.kind === "unix" ? ["a unix socket", "a path is no name"] : ["a command", "it has no name"];
    throw mistake(`TLS over ${over} needs --tls-name=NAME, since ${no} to verify: ${example(tls.TLS_NAME)}`);
  }
  return { caFile, name, certFile, keyFile };
}

function refuseHalfAPair(certFile: string | undefined, keyFile: string | undefined): void {
  if (certFile !== undefined && keyFile === undefined) {
    throw mistake(`--tls-cert needs --tls-key=FILE, its private key: ${example(tls.SERVER_TLS_KEY)}`);
  }
  if (keyFile !== undefined && certFile === undefined) {
    throw mistake(`--tls-key needs --tls-cert=FILE, its certificate: ${example(tls.SERVER_TLS_CERT)}`);
  }
}
