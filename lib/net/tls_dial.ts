/**
 * Connecting to an address with TLS.
 *
 * @module
 */
import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import tls from "node:tls";
import { type Address, dialCandidates, formatAddress } from "./address.ts";
import { dial } from "./dial.ts";
import type { Duplex } from "./duplex.ts";
import { badInput, TeleError } from "./error.ts";
import { isNodeSound } from "./runtime.ts";
import { TlsDuplex } from "./tls_duplex.ts";
import type { TlsEnd } from "./tls_end.ts";
import { peerChain } from "./peer_certificate.ts";
import { type CertificatePair, checkAnchors, checkPair, faultOfClientCertificate } from "./tls_certificate.ts";
import type { TlsAnchors } from "./tls_anchors.ts";
import { explainToClient, type TlsAttempt } from "./tls_failure.ts";

/** How to connect with TLS. The peer's certificate is always verified. */
export interface TlsDialSettings {
  /** Offered by ALPN (RFC 7301), best first. */
  readonly protocols: readonly string[];
  /** Certificates of CAs in PEM, trusted instead of the usual ones, as with `curl --cacert`. */
  readonly ca?: string;
  /** The name that the peer's certificate must have, and that is asked for, instead of the dialed host. */
  readonly name?: string;
  /** What this side presents if the peer wants a certificate, in PEM. */
  readonly certificate?: CertificatePair;
}

/** Settings that were checked, ready for any number of connections. */
interface Prepared {
  readonly secureContext: tls.SecureContext;
  /** Those of `ca`. */
  readonly anchors: TlsAnchors | undefined;
  /** This side's own certificate. */
  readonly own: X509Certificate | undefined;
}

const prepared: WeakMap<TlsDialSettings, Prepared> = new WeakMap();

/** A connection whose TLS handshake is done. */
export interface TlsConnection {
  /** Its plain bytes. */
  readonly duplex: Duplex;
  /** What was agreed on by ALPN; undefined if the peer does not know ALPN. */
  readonly protocol: string | undefined;
}

/** Names of which a certificate must have one if the address is `:port` or a unix socket. */
const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"];

/**
 * Connects to `address` and does the TLS handshake. `:port` tries loopback in both families, and takes a certificate
 * for `localhost`, `127.0.0.1` or `::1`.
 *
 * In TLS 1.3 a peer judges this side's certificate only after the handshake has ended here: the first `read` of the
 * connection then fails with the sentence.
 *
 * @param signal Gives up when it aborts; the socket is closed at once.
 * @param connected Called when somebody has accepted the connection, before TLS.
 * @throws {TeleError} `untrusted` if a certificate is not accepted, `refused` if there is no common protocol,
 * `protocol` if the peer speaks no TLS, `carrier-lost` for all that the network does, `bad-input` if this runtime is
 * too old or the settings are wrong.
 *
 * @example
 * ```ts
 * import { dialTls } from "./tls_dial.ts";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => dialTls({ kind: "unix", path: "/nowhere/at/all" }, { protocols: ["tele/2"] }));
 * ```
 */
export async function dialTls(
  address: Address,
  settings: TlsDialSettings,
  signal?: AbortSignal,
  connected?: () => void,
): Promise<TlsConnection> {
  requireTls();
  let failure: unknown;
  for (const candidate of dialCandidates(address)) {
    try {
      const transport = await dial(candidate, "user", signal);
      connected?.();
      return await secure(transport, address, settings, signal);
    } catch (error) {
      // What a server said matters more than that nobody listens on loopback's other family.
      if (!(failure instanceof TeleError) || failure.code === "carrier-lost") failure = error;
      if (signal?.aborted) break;
    }
  }
  throw failure;
}

/**
 * Asks for a runtime that can do TLS in this way. Deno 2.6.8 calls a server authorized whose certificate another CA
 * signed, and has nothing to check that certificate with.
 *
 * @throws {TeleError} `bad-input` where `node:tls` cannot do this: before Deno 2.9.
 */
export function requireTls(version: string = Deno.version.deno): void {
  if (isNodeSound(version)) return;
  throw badInput(`TLS needs Deno 2.9 or later, and this is ${version}: install a newer one`);
}

/**
 * Checks what {@linkcode dialTls} would use once, at the start, and not at each connection.
 *
 * @throws {TeleError} `bad-input`, with a sentence that names the option and tells what is wrong with its file.
 */
export function checkDialSettings(settings: TlsDialSettings): void {
  requireTls();
  prepare(settings);
}

function prepare(settings: TlsDialSettings): Prepared {
  const known = prepared.get(settings);
  if (known !== undefined) return known;
  const trusted = settings.ca === undefined ? undefined : checkAnchors("--tls-ca", settings.ca);
  const pair = settings.certificate === undefined ? undefined : checkPair(settings.certificate);
  const made: Prepared = {
    secureContext: createContext(trusted?.pem, pair),
    anchors: trusted?.anchors,
    own: pair?.own,
  };
  prepared.set(settings, made);
  return made;
}

function createContext(ca: string | undefined, pair: CertificatePair | undefined): tls.SecureContext {
  try {
    return tls.createSecureContext({ ca, cert: pair?.cert, key: pair?.key });
  } catch (cause) {
    throw badInput("--tls-cert: the runtime cannot use this certificate; make another", { cause });
  }
}

async function secure(
  transport: Duplex,
  address: Address,
  settings: TlsDialSettings,
  signal?: AbortSignal,
): Promise<TlsConnection> {
  const { own } = prepare(settings);
  const names = namesOf(address, settings);
  const attempt: TlsAttempt = {
    address: formatAddress(address),
    name: names[0],
    protocols: settings.protocols,
    hasCertificate: own !== undefined,
    ownFault: () => own && faultOfClientCertificate(own, Date.now()),
  };
  const duplex = await TlsDuplex.start(transport, makeEnd(names, settings, attempt), signal);
  return { duplex, protocol: duplex.protocol };
}

/** The names of which the peer's certificate must have one; an error is about the first. */
function namesOf(address: Address, { name }: TlsDialSettings): readonly string[] {
  if (name !== undefined) return [name];
  if (address.kind === "unix" || address.host === undefined) return LOOPBACK_NAMES;
  // A zone (RFC 4007, 11) means something on this machine alone: no certificate has one.
  return [address.host.replace(/%.*$/, "")];
}

function makeEnd(names: readonly string[], settings: TlsDialSettings, attempt: TlsAttempt): TlsEnd {
  const { secureContext, anchors } = prepare(settings);
  return {
    start: (socket) =>
      tls.connect({
        socket,
        // An address is no name to ask for (RFC 6066, 3).
        servername: isIP(names[0]) ? undefined : names[0],
        checkServerIdentity: (_host, certificate) => {
          const errors = names.map((name) => tls.checkServerIdentity(name, certificate));
          return errors.includes(undefined) ? undefined : errors[0];
        },
        ALPNProtocols: [...settings.protocols],
        secureContext,
        rejectUnauthorized: true,
      }),
    secureEvent: "secureConnect",
    awaitsHello: false,
    check(socket) {
      const code = anchors?.judge(peerChain(socket), Date.now());
      return code === undefined ? undefined : Object.assign(new Error(code), { code });
    },
    explain: (failure) => explainToClient(attempt, failure),
  };
}
