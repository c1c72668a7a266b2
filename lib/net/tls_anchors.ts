/**
 * Trust in a file of certificates: which peers it vouches for.
 *
 * Why beside the runtime's own check: Deno 2.9.6 takes a certificate of X.509 version 1 from a server, with `ca` given,
 * as soon as its issuer *is called* like a certificate of `ca`, without looking at the signature; and whoever presents
 * such a certificate, or one that is not quite DER, need not prove that it has the key. So anybody could be the server
 * of a `--tls-ca`. On resumption it checks nothing at all, at either end. A peer must pass both checks.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { canCheckSignature, isSignedBy, isWellFormed, versionOf } from "./x509.ts";

/** The longest way from a certificate to one that is trusted; the public ones have three steps. */
const LONGEST_PATH = 6;

/** Most signatures that are checked for one peer, since each takes time. */
const MOST_SIGNATURES = 24;

/** What can be wrong with a peer's certificate. The first three words are the runtime's as well. */
export type CertificateFault =
  | "CERT_HAS_EXPIRED"
  | "CERT_NOT_YET_VALID"
  | "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
  | "CERT_VERSION_TOO_OLD"
  | "SIGNATURE_UNKNOWN"
  | "CERT_UNREADABLE";

/** Certificates that are trusted: CAs with all that they issue, others for themselves alone. */
export class TlsAnchors {
  readonly #anchors: readonly X509Certificate[];
  readonly #fingerprints: ReadonlySet<string>;

  /** Trusts `anchors`. */
  constructor(anchors: readonly X509Certificate[]) {
    this.#anchors = anchors;
    this.#fingerprints = new Set(anchors.map(({ fingerprint256 }) => fingerprint256));
  }

  /**
   * Whether they vouch for a peer.
   *
   * @param chain What the peer presented, in DER: its own certificate, then those in between in any order.
   * @param nowMs The time by the wall clock, in milliseconds since 1970.
   * @returns What is wrong, `undefined` if they do.
   */
  judge(chain: readonly Uint8Array[], nowMs: number): CertificateFault | undefined {
    let certificates: X509Certificate[];
    try {
      // One of the first version in between is enough for the runtime not to look at signatures.
      if (chain.some((der) => versionOf(der) !== 3)) return "CERT_VERSION_TOO_OLD";
      certificates = chain.map((der) => new X509Certificate(der));
    } catch {
      return "CERT_UNREADABLE";
    }
    const [own, ...between] = certificates;
    if (own === undefined || !isWellFormed(own)) return "CERT_UNREADABLE";
    const fault = faultOfDates(own, nowMs);
    if (fault !== undefined || this.#fingerprints.has(own.fingerprint256)) return fault;
    const search: Search = { between, nowMs, signatures: MOST_SIGNATURES, isBlind: false };
    if (this.#vouchFor(own, search, LONGEST_PATH)) return undefined;
    return search.isBlind ? "SIGNATURE_UNKNOWN" : "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
  }

  /** Whether a certificate, in DER, is one of them itself. */
  has(der: Uint8Array): boolean {
    return this.#fingerprints.has(fingerprintOf(der));
  }

  #vouchFor(certificate: X509Certificate, search: Search, steps: number): boolean {
    if (this.#anchors.some((anchor) => hasIssued(anchor, certificate, search))) return true;
    return steps > 1 &&
      search.between.some((issuer) =>
        issuer !== certificate && faultOfDates(issuer, search.nowMs) === undefined &&
        hasIssued(issuer, certificate, search) && this.#vouchFor(issuer, search, steps - 1)
      );
  }
}

interface Search {
  readonly between: readonly X509Certificate[];
  readonly nowMs: number;
  /** Signatures that may still be checked. */
  signatures: number;
  /** Whether there was one that cannot be checked here. */
  isBlind: boolean;
}

function hasIssued(issuer: X509Certificate, certificate: X509Certificate, search: Search): boolean {
  if (!issuer.ca || !certificate.checkIssued(issuer)) return false;
  if (!canCheckSignature(certificate, issuer)) search.isBlind = true;
  return search.signatures-- > 0 && isSignedBy(certificate, issuer);
}

/** A name for exactly one certificate: SHA-256 over its DER. */
export function fingerprintOf(der: Uint8Array): string {
  return new X509Certificate(der).fingerprint256;
}

/** Whether a certificate is used outside of its time. */
export function faultOfDates(
  { validFrom, validTo }: X509Certificate,
  nowMs: number,
): "CERT_HAS_EXPIRED" | "CERT_NOT_YET_VALID" | undefined {
  if (nowMs > Date.parse(validTo)) return "CERT_HAS_EXPIRED";
  return nowMs < Date.parse(validFrom) ? "CERT_NOT_YET_VALID" : undefined;
}
