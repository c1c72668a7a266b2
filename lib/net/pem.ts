/**
 * Certificates and keys as files have them: text with `-----BEGIN …-----` (RFC 7468), and what stands there instead.
 *
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { badInput, TeleError } from "./error.ts";
import { isWellFormed, versionOf } from "./x509.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The curves that TLS knows here, as OpenSSL names them. */
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];

/**
 * Reads the certificates of a file, at least one.
 *
 * @param option Named in errors: the option that gave the file.
 * @throws {TeleError} `bad-input`, with a sentence that tells what stands there instead.
 *
 * @example
 * ```ts
 * import { readCertificates } from "./pem.ts";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => readCertificates("--tls-ca", ""), Error, "--tls-ca: this file is empty");
 * ```
 */
export function readCertificates(option: string, text: string): X509Certificate[] {
  // OpenSSL writes these words around the same bytes for some of its commands.
  const plain = text.replaceAll(/(BEGIN|END) (TRUSTED|X509) CERTIFICATE-/g, "$1 CERTIFICATE-");
  const blocks = plain.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) throw badFile(option, explainNoCertificate(plain));
  if (blocks.length < plain.split("-----BEGIN CERTIFICATE-----").length - 1) {
    throw badFile(option, "a certificate in this file is cut off or damaged; copy the file anew");
  }
  return blocks.map((block, at) => {
    const which = blocks.length === 1 ? "the certificate" : `certificate ${at + 1}`;
    const certificate = parse(block);
    if (certificate === undefined) throw badFile(option, `${which} in this file is damaged; copy the file anew`);
    if (!isWellFormed(certificate)) {
      throw badFile(
        option,
        `${which} in this file is not written as DER has it, so nobody can rely on it; have it made anew`,
      );
    }
    return certificate;
  });
}

/**
 * Reads the private key of a file.
 *
 * @param option Named in errors: the option that gave the file.
 * @throws {TeleError} `bad-input`, with a sentence that tells what stands there instead.
 */
export function readKey(option: string, text: string): KeyObject {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw badFile(option, "this key is locked with a password; unlock it with openssl pkey -in FILE -out NEW-FILE");
  }
  const block = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^-]*-----END ([A-Z]+ )?PRIVATE KEY-----/.exec(text)?.[0];
  if (block === undefined) throw badFile(option, explainNoKey(text));
  let key: KeyObject;
  try {
    key = createPrivateKey(block);
  } catch (cause) {
    throw badFile(option, "the private key in this file is damaged, or of a kind that tele does not know", cause);
  }
  if (!isUsable(key)) {
    throw badFile(option, "TLS has no use for a key of this kind: make one with EC P-256 or P-384, Ed25519 or RSA");
  }
  return key;
}

/** The text in the plainest form: no byte order mark, no words in between. */
export function pemOf(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => `${certificate.toString().trim()}\n`).join("");
}

/** Certificates of the first version have neither names nor a sign that they are no CA's. */
export function isOfOldVersion({ raw }: X509Certificate): boolean {
  return versionOf(raw) !== 3;
}

function parse(block: string): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(block);
    versionOf(certificate.raw);
    return certificate;
  } catch {
    return undefined;
  }
}

function isUsable({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === "ec") return CURVES.includes(asymmetricKeyDetails?.namedCurve ?? "");
  return asymmetricKeyType === "rsa" || asymmetricKeyType === "ed25519";
}

function explainNoCertificate(text: string): string {
  const general = explainNoPem(text, "openssl x509 -inform DER -in FILE -out NEW-FILE");
  if (general !== undefined) return general;
  if (text.includes("-----BEGIN CERTIFICATE REQUEST-")) {
    return "this is only a request for a certificate; give the certificate that the CA made of it";
  }
  if (text.includes("-----BEGIN CERTIFICATE-")) {
    return "the certificate in this file is cut off or damaged; copy it anew";
  }
  if (/-----BEGIN [A-Z ]*KEY-/.test(text)) {
    return "there is a key in this file but no certificate; give the file that has the certificate";
  }
  return "there is no certificate in this file; it must be in PEM, with -----BEGIN CERTIFICATE-----";
}

function explainNoKey(text: string): string {
  const general = explainNoPem(text, "openssl pkey -inform DER -in FILE -out NEW-FILE");
  if (general !== undefined) return general;
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-/.test(text)) return "the key in this file is cut off or damaged; copy it anew";
  if (text.includes("-----BEGIN CERTIFICATE-")) {
    return "there is a certificate in this file but no private key; give the file that has the key";
  }
  return "there is no private key in this file; it must be in PEM, with -----BEGIN PRIVATE KEY-----";
}

function explainNoPem(text: string, remedy: string): string | undefined {
  if (text.trim() === "") return "this file is empty";
  if (/^\0+$/.test(text)) return "this file holds nothing but zeros; copy it anew";
  if (text.slice(0, 4).includes("\0")) return "this file is in UTF-16; save it as UTF-8";
  // The beginning of a sequence, the outermost element of any of them; bytes beyond ASCII came out as U+FFFD.
  if (/^0[^\x20-\x7e\s]/.test(text)) return `this file is in DER, and PEM is needed: ${remedy}`;
  return undefined;
}

function badFile(option: string, sentence: string, cause?: unknown): TeleError {
  return badInput(`${option}: ${sentence}`, { cause });
}
