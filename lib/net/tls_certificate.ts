/**
 * What an end of TLS shows and trusts, checked before anybody connects.
 *
 * @module
 */
import { createPublicKey, type KeyObject, type X509Certificate } from "node:crypto";
import { badInput } from "./error.ts";
import { isOfOldVersion, pemOf, readCertificates, readKey } from "./pem.ts";
import { faultOfDates, TlsAnchors } from "./tls_anchors.ts";

/** A certificate and its private key, as their files have them: PEM. */
export interface CertificatePair {
  /** The certificate, and behind it those of the CAs between. */
  readonly cert: string;
  /** The private key of the certificate. */
  readonly key: string;
}

/** What a server shows, and whom it lets in; all in PEM. */
export interface ServerCertificate extends CertificatePair {
  /**
   * The CAs one of which must have issued each client's certificate, or clients' certificates themselves. Without it,
   * clients need none.
   */
  readonly clientCa?: string;
}

/** A pair that fits together, in the one form of PEM that every runtime reads. */
export interface CheckedPair extends CertificatePair {
  /** The certificate itself. */
  readonly own: X509Certificate;
}

/** Certificates that are trusted, for both checks: the runtime's, and ours. */
export interface CheckedAnchors {
  /** In PEM. */
  readonly pem: string;
  /** The CAs among them, in PEM; `undefined` if there are none. */
  readonly authorities: string | undefined;
  /** The same ones. */
  readonly anchors: TlsAnchors;
}

/**
 * Checks that `settings` can serve.
 *
 * @param nowMs The time by the wall clock, in milliseconds since 1970.
 * @throws {TeleError} `bad-input`, with a sentence that names the option and tells what is wrong with its file.
 *
 * @example
 * ```ts
 * import { checkServerCertificate } from "./tls_certificate.ts";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => checkServerCertificate({ cert: "nonsense", key: "" }, Date.now()), Error, "--tls-cert");
 * ```
 */
export function checkServerCertificate(settings: ServerCertificate, nowMs: number): CheckedPair {
  const pair = checkPair(settings);
  const { own } = pair;
  if (isOfOldVersion(own)) throw badInput(`--tls-cert: ${explainOldVersion("this certificate")}`);
  if (own.ca) {
    throw badInput(
      "--tls-cert: this is the certificate of a CA, which many clients refuse for a server; make another with " +
        "openssl and -addext basicConstraints=critical,CA:FALSE",
    );
  }
  const fault = explainDates("this certificate", own, nowMs);
  if (fault !== undefined) throw badInput(`--tls-cert: ${fault}`);
  return pair;
}

/**
 * Checks that a certificate and a key belong together.
 *
 * @throws {TeleError} `bad-input`, with a sentence that names the option and tells what is wrong with its file.
 */
export function checkPair({ cert, key: keyText }: CertificatePair): CheckedPair {
  const chain = readCertificates("--tls-cert", cert);
  const key = readKey("--tls-key", keyText);
  const own = chain[0];
  if (!isKeyOf(own, key)) {
    throw badInput(
      chain.some((other) => isKeyOf(other, key))
        ? "--tls-cert: the certificate of the key in --tls-key must stand first in this file, its CAs behind it"
        : "--tls-key: this is not the key of the certificate in --tls-cert; give the two that were made together",
    );
  }
  return { own, cert: pemOf(chain), key: key.export({ type: "pkcs8", format: "pem" }) as string };
}

/**
 * Checks a file of certificates that are to be trusted.
 *
 * @param option `--tls-ca` or `--tls-client-ca`.
 * @throws {TeleError} `bad-input`, with a sentence that tells what is wrong with the file.
 */
export function checkAnchors(option: string, text: string): CheckedAnchors {
  const certificates = readCertificates(option, text);
  const old = certificates.findIndex(isOfOldVersion);
  if (old >= 0) {
    const which = certificates.length === 1 ? "this certificate" : `certificate ${old + 1} in this file`;
    throw badInput(`${option}: ${explainOldVersion(which)}`);
  }
  const authorities = certificates.filter(({ ca }) => ca);
  return {
    pem: pemOf(certificates),
    authorities: authorities.length > 0 ? pemOf(authorities) : undefined,
    anchors: new TlsAnchors(certificates),
  };
}

/**
 * What keeps a peer from accepting a client's certificate, as far as this side can see.
 *
 * @returns A sentence without its end, `undefined` if there is nothing.
 */
export function faultOfClientCertificate(own: X509Certificate, nowMs: number): string | undefined {
  if (isOfOldVersion(own)) return explainOldVersion("this client's certificate");
  return explainDates("this client's certificate", own, nowMs);
}

function explainDates(what: string, certificate: X509Certificate, nowMs: number): string | undefined {
  switch (faultOfDates(certificate, nowMs)) {
    case "CERT_HAS_EXPIRED":
      return `${what} expired on ${day(certificate.validTo)}; renew it`;
    case "CERT_NOT_YET_VALID":
      return `${what} is valid only from ${day(certificate.validFrom)} on; check this machine's clock`;
    default:
      return undefined;
  }
}

function explainOldVersion(what: string): string {
  return `${what} is of X.509 version 1, which nobody can check; have it made anew with extensions (version 3), such as ` +
    "with openssl x509 -extfile FILE";
}

function isKeyOf(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return publicKeyOf(certificate.publicKey).equals(publicKeyOf(createPublicKey(key)));
  } catch {
    // Its kind of key is not known here, so it is not this one.
    return false;
  }
}

function publicKeyOf(key: KeyObject) {
  return key.export({ type: "spki", format: "der" });
}

function day(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
