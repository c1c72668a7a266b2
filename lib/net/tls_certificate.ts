/**
 * A server's certificate, checked before anybody connects.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { TeleError } from "./error.ts";

/** What a server shows, and whom it lets in; all in PEM. */
export interface ServerCertificate {
  /** Its certificate, and behind it those of the CAs between. */
  readonly cert: string;
  /** The private key of the certificate. */
  readonly key: string;
  /** The CAs one of which must have issued each client's certificate. Without it, clients need none. */
  readonly clientCa?: string;
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
export function checkServerCertificate(settings: ServerCertificate, nowMs: number): void {
  const certificate = parseCertificate("--tls-cert", settings.cert);
  const key = parseKey(settings.key);
  if (settings.clientCa !== undefined) {
    if (!parseCertificate("--tls-client-ca", settings.clientCa).ca) {
      throw bad(
        "--tls-client-ca: this is not the certificate of a CA; give the file with the one that issues the " +
          "clients' certificates",
      );
    }
  }
  if (!publicKeyOf(certificate.publicKey).equals(publicKeyOf(createPublicKey(key)))) {
    throw bad("--tls-key: this is not the key of the certificate in --tls-cert; give the two that were made together");
  }
  if (certificate.ca) {
    throw bad(
      "--tls-cert: this is the certificate of a CA, which many clients refuse for a server; make another with " +
        "openssl and -addext basicConstraints=critical,CA:FALSE",
    );
  }
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (nowMs > to) throw bad(`--tls-cert: this certificate expired on ${day(to)}; renew it`);
  if (nowMs < from) {
    throw bad(`--tls-cert: this certificate is valid only from ${day(from)} on; check this machine's clock`);
  }
}

function parseCertificate(option: string, pem: string): X509Certificate {
  if (/-----BEGIN (?!CERTIFICATE-)/.test(pem) && !pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw bad(`${option}: there is a key in this file but no certificate; give the file that has the certificate`);
  }
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw bad(
      `${option}: there is no certificate in this file; it must be in PEM, with -----BEGIN CERTIFICATE-----`,
      cause,
    );
  }
}

function parseKey(pem: string): KeyObject {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    throw bad("--tls-key: this key is locked with a password; unlock it with openssl pkey -in FILE -out NEW-FILE");
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw bad(
      "--tls-key: there is no private key in this file; it must be in PEM, with -----BEGIN PRIVATE KEY-----",
      cause,
    );
  }
}

function publicKeyOf(key: KeyObject) {
  return key.export({ type: "spki", format: "der" });
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function bad(sentence: string, cause?: unknown): TeleError {
  return new TeleError("bad-input", sentence, { cause });
}
