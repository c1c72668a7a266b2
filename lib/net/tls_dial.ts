/**
 * Connecting to an address with TLS.
 *
 * @module
 */
import { isIP } from "node:net";
import tls from "node:tls";
import { type Address, dialCandidates, formatAddress } from "./address.ts";
import { dial } from "./dial.ts";
import type { Duplex } from "./duplex.ts";
import { TeleError } from "./error.ts";
import { isNodeSound } from "./node_duplex.ts";
import { TlsDuplex, type TlsEnd } from "./tls_duplex.ts";
import { explainToClient, type TlsAttempt } from "./tls_errors.ts";

/** How to connect with TLS. The peer's certificate is always verified. */
export interface TlsDialSettings {
  /** Offered by ALPN (RFC 7301), best first. */
  readonly protocols: readonly string[];
  /** Certificates of CAs in PEM, trusted instead of the usual ones, as with `curl --cacert`. */
  readonly ca?: string;
  /** The name that the peer's certificate must have, and that is asked for, instead of the dialed host. */
  readonly name?: string;
  /** What this side presents if the peer wants a certificate, in PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** A connection whose TLS handshake is done. */
export interface TlsConnection {
  /** Its plain bytes. */
  readonly duplex: Duplex;
  /** What was agreed on by ALPN; undefined if the peer does not know ALPN. */
  readonly protocol: string | undefined;
}

/** Names of which a certificate must have one, where the address is `:port` or a unix socket. */
const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"];

/**
 * Connects to `address` and does the TLS handshake. `:port` tries loopback in both families, and takes a certificate for
 * `localhost`, `127.0.0.1` or `::1`.
 *
 * In TLS 1.3 a peer judges this side's certificate only after the handshake has ended here: the first `read` of the
 * connection then fails with the sentence.
 *
 * @param signal Gives up when it aborts; the socket is closed at once.
 * @throws {TeleError} `untrusted` if a certificate is not accepted, `refused` if there is no common protocol, `protocol` if
 * the peer speaks no TLS, `carrier-lost` for all that the network does, `bad-input` if this runtime is too old.
 *
 * @example
 * ```ts
 * import { dialTls } from "./tls_dial.ts";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => dialTls({ kind: "unix", path: "/nowhere/at/all" }, { protocols: ["tele/1"] }));
 * ```
 */
export async function dialTls(
  address: Address,
  settings: TlsDialSettings,
  signal?: AbortSignal,
): Promise<TlsConnection> {
  requireTls();
  let failure: unknown;
  for (const candidate of dialCandidates(address)) {
    try {
      return await dialOne(candidate, address, settings, signal);
    } catch (error) {
      // What a server said matters more than that nobody listens on loopback's other family.
      if (!(failure instanceof TeleError) || failure.code === "carrier-lost") failure = error;
      if (signal?.aborted) break;
    }
  }
  throw failure;
}

/**
 * Asks for a runtime that can do TLS in this way.
 *
 * @throws {TeleError} `bad-input` where `node:tls` cannot do this: before Deno 2.9.
 */
export function requireTls(version: string = Deno.version.deno): void {
  if (isNodeSound(version)) return;
  throw new TeleError("bad-input", `TLS needs Deno 2.9 or later, and this is ${version}: install a newer one`);
}

async function dialOne(
  candidate: Address,
  address: Address,
  settings: TlsDialSettings,
  signal?: AbortSignal,
): Promise<TlsConnection> {
  const host = address.kind === "tcp" ? address.host : undefined;
  const names = settings.name !== undefined ? [settings.name] : host !== undefined ? [host] : LOOPBACK_NAMES;
  const attempt: TlsAttempt = {
    address: formatAddress(address),
    name: names[0]!,
    protocols: settings.protocols,
    hasCertificate: settings.certificate !== undefined,
  };
  const transport = await dial(candidate, "user", signal);
  const end: TlsEnd = {
    start: (socket) =>
      tls.connect({
        socket,
        // An address is no name to ask for (RFC 6066, 3).
        servername: isIP(names[0]!) ? undefined : names[0],
        // Exactly one of them must be in the certificate; an error is about the first.
        checkServerIdentity: (_host, certificate) => {
          const errors = names.map((name) => tls.checkServerIdentity(name, certificate));
          return errors.includes(undefined) ? undefined : errors[0];
        },
        ALPNProtocols: [...settings.protocols],
        ca: settings.ca,
        cert: settings.certificate?.cert,
        key: settings.certificate?.key,
        rejectUnauthorized: true,
      }),
    secureEvent: "secureConnect",
    awaitsHello: false,
    explain: (failure) => explainToClient(attempt, failure),
  };
  const duplex = await TlsDuplex.start(transport, end, signal);
  return { duplex, protocol: duplex.protocol };
}
