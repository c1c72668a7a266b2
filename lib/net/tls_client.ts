/**
 * The client's end of TLS, over a connection that is there.
 *
 * @module
 */
import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import tls from "node:tls";
import type { Duplex } from "./duplex.ts";
import { badInput } from "./error.ts";
import { NO_LEAF } from "./leaf.ts";
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
  /** Whether the peer only leads on, as a proxy does: then its TLS protects nothing of what comes behind it. */
  readonly leadsOn?: boolean;
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

/** To whom a connection leads. */
export interface TlsPeer {
  /** The address as the user wrote it, for sentences. */
  readonly address: string;
  /** The names of which its certificate must have one; an error is about the first. */
  readonly names: readonly [string, ...string[]];
  /**
   * Offered by ALPN behind the protocols of the settings, for those on the way.
   *
   * @default {[]}
   */
  readonly others?: readonly string[];
}

/**
 * Does the TLS handshake over `transport`, which from now on belongs to the result and is closed if it fails.
 *
 * In TLS 1.3 a peer judges this side's certificate only after the handshake has ended here: the first `read` of the
 * connection then fails with the sentence.
 *
 * @param signal Gives up, and closes `transport` at once, when it aborts.
 * @throws {TeleError} `untrusted` if a certificate is not accepted, `refused` if there is no common protocol,
 * `protocol` if the peer speaks no TLS, `carrier-lost` for all that the network does, `bad-input` if the settings are
 * wrong.
 */
export async function secureClient(
  transport: Duplex,
  { address, names, others = [] }: TlsPeer,
  settings: TlsDialSettings,
  signal?: AbortSignal,
): Promise<TlsConnection> {
  const { own } = prepare(settings);
  const verified = settings.name === undefined ? names : [settings.name] as const;
  const attempt: TlsAttempt = {
    address,
    name: verified[0],
    protocols: settings.protocols,
    hasCertificate: own !== undefined,
    ownFault: () => own && faultOfClientCertificate(own, Date.now()),
  };
  const duplex = await TlsDuplex.start(transport, makeEnd(verified, settings, attempt, others), signal);
  return { duplex, protocol: duplex.protocol };
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
 * Checks what {@linkcode secureClient} would use once, at the start, and not at each connection.
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

function makeEnd(
  names: readonly string[],
  settings: TlsDialSettings,
  attempt: TlsAttempt,
  others: readonly string[],
): TlsEnd {
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
        ALPNProtocols: [...settings.protocols, ...others],
        secureContext,
        rejectUnauthorized: true,
      }),
    secureEvent: "secureConnect",
    awaitsHello: false,
    check(socket) {
      const code = anchors?.judge(peerChain(socket), Date.now());
      return code === undefined ? undefined : Object.assign(new Error(code), { code });
    },
    seen: () => settings.leadsOn ? {} : { leaf: NO_LEAF },
    explain: (failure) => explainToClient(attempt, failure),
  };
}
