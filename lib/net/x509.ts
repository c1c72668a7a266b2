/**
 * Certificates in more detail than the runtime shows: their version, and whether one was really signed by another.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { constants, type KeyObject, verify, type X509Certificate } from "node:crypto";

/** The hashes that certificates are signed over today, with their length in bytes. */
const HASHES = [["sha256", 32], ["sha384", 48], ["sha512", 64]] as const;

/** The tag of a certificate's version (RFC 5280, 4.1), which the first version did not have yet. */
const VERSION_TAG = 0xa0;
const SEQUENCE_TAG = 0x30;

/** 1.2.840.10045.4.3.4 (RFC 5758, 3.2). */
const ECDSA_WITH_SHA512 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];

/** One element of DER (X.690, 8.1): where it and its contents begin, and where both end. */
interface Element {
  readonly start: number;
  readonly contents: number;
  readonly end: number;
}

/**
 * The version of X.509 that a certificate has: 1, 2 or 3.
 *
 * @param der The certificate.
 * @throws {RangeError} If it is none.
 *
 * @example
 * ```ts ignore
 * import { X509Certificate } from "node:crypto";
 * import { versionOf } from "./x509.ts";
 *
 * console.log(versionOf(new X509Certificate(Deno.readTextFileSync("cert.pem")).raw));
 * ```
 */
export function versionOf(der: Uint8Array): number {
  const signed = signedPartOf(der);
  const first = elementAt(der, signed.contents);
  if (der[first.start] !== VERSION_TAG) return 1;
  const number = elementAt(der, first.contents);
  return der[number.end - 1] + 1;
}

/**
 * Whether the part of the runtime that checks the peer's key can read a certificate: of one that is not quite DER, Deno
 * 2.9.6 does not ask a server to prove that it has the key. (The client made here is the one way to ask beforehand.)
 */
export function isWellFormed(certificate: X509Certificate): boolean {
  try {
    Deno.createHttpClient({ caCerts: [certificate.toString()] }).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a signature of `issuer` can be checked here at all: with a key on P-521, Deno 2.9.6 takes only signatures
 * over SHA-512.
 */
export function canCheckSignature(certificate: X509Certificate, issuer: X509Certificate): boolean {
  if (!isOnP521(publicKeyOf(issuer))) return true;
  const { raw } = certificate;
  const algorithm = elementAt(raw, signedPartOf(raw).end);
  const identifier = elementAt(raw, algorithm.contents);
  return raw.subarray(identifier.contents, identifier.end).every((byte, at) => byte === ECDSA_WITH_SHA512[at]);
}

/**
 * Whether the key of `issuer` made the signature of `certificate`. Names, dates and purposes are for the caller to
 * compare.
 */
export function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  const key = publicKeyOf(issuer);
  if (key === undefined) return false;
  try {
    if (isOnP521(key)) {
      return verify("sha512", signedBytesOf(certificate), key, signatureOf(certificate));
    }
    if (certificate.verify(key)) return true;
    // Deno knows the older padding only.
    return key.asymmetricKeyType === "rsa" && HASHES.some(([hash, saltLength]) =>
      verify(
        hash,
        signedBytesOf(certificate),
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
        signatureOf(certificate),
      )
    );
  } catch {
    // The runtime does not know that combination.
    return false;
  }
}

function isOnP521(key: KeyObject | undefined): boolean {
  return key?.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "secp521r1";
}

/** The key in a certificate; `undefined` if it is of a kind that the runtime does not know. */
function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}

function signedPartOf(der: Uint8Array): Element {
  const { contents } = elementAt(der, 0);
  if (der[0] !== SEQUENCE_TAG || der[contents] !== SEQUENCE_TAG) throw new RangeError("this is no certificate");
  return elementAt(der, contents);
}

function signedBytesOf({ raw }: X509Certificate): Buffer {
  const { start, end } = signedPartOf(raw);
  return Buffer.from(raw.subarray(start, end));
}

function signatureOf({ raw }: X509Certificate): Buffer {
  const algorithm = elementAt(raw, signedPartOf(raw).end);
  const signature = elementAt(raw, algorithm.end);
  // The first byte of a bit string counts the bits that are missing at its end: none.
  return Buffer.from(raw.subarray(signature.contents + 1, signature.end));
}

function elementAt(der: Uint8Array, start: number): Element {
  const first = der[start + 1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  let length = lengthBytes === 0 ? first : 0;
  for (let at = 0; at < lengthBytes; at++) length = length * 256 + (der[start + 2 + at] ?? 0);
  const contents = start + 2 + lengthBytes;
  const end = contents + length;
  if (end > der.length) throw new RangeError("this is not DER: it ends inside an element");
  return { start, contents, end };
}
