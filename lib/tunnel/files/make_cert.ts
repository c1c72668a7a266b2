/**
 * `tele --make-cert`: a certificate and its key, for a server or a client that no authority vouches for.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { badInput, reasonOf } from "../../net/error.ts";
import type { HostName } from "../values/host_name.ts";

const DAY_MS = 86_400_000;

/** A certificate must be valid at once on a machine whose clock is behind. */
const VALID_BEFORE_MS = DAY_MS;

/**
 * Ten years: peers trust this file itself, no authority renews it, and an expired one would be an outage for good.
 * Against a leaked key a new pair helps, not a date.
 */
const VALID_FOR_MS = 3652 * DAY_MS;

/** Bytes of a serial number; RFC 5280, 4.1.2.2 allows 20. */
const SERIAL_BYTES = 16;

/** Longest common name, in characters (RFC 5280, appendix A.1, `ub-common-name`). */
const MAX_COMMON_NAME_CHARACTERS = 64;

/** A certificate and its key, both PEM. */
export interface CertificateFiles {
  /** The certificate. */
  readonly certificate: string;
  /** The private key, PKCS #8. */
  readonly key: string;
  /** End of its validity. */
  readonly notAfter: Date;
}

/**
 * Makes a self-signed certificate for `hosts`, with a new key (EC P-256).
 *
 * It is not a certificate authority, which rustls refuses as a server's certificate (`CaUsedAsEndEntity`). It is good
 * for both ends of TLS: a client's certificate is made in the same way.
 *
 * @param hosts At least one.
 * @param now The time, in milliseconds since 1970.
 *
 * @example
 * ```ts
 * import { makeCertificate } from "./make_cert.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const { certificate, key } = await makeCertificate([{ kind: "dns", name: "localhost" }], Date.now());
 * assertStringIncludes(certificate, "BEGIN CERTIFICATE");
 * assertStringIncludes(key, "BEGIN PRIVATE KEY");
 * ```
 */
export async function makeCertificate(hosts: readonly HostName[], now: number): Promise<CertificateFiles> {
  // For X.509's encoding, which nobody should write once more. Loaded here, since only who makes one needs it. It is
  // 1.14.3, since 2.2.0 does not start unless another package (reflect-metadata) is imported before it.
  const x509 = await import("@peculiar/x509");
  const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(ecdsa, true, ["sign", "verify"]);
  const notAfter = new Date(now + VALID_FOR_MS);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    keys,
    signingAlgorithm: ecdsa,
    serialNumber: randomSerial(),
    name: [{ CN: [hosts.map(({ name }) => name).find(fitsCommonName) ?? "tele"] }],
    notBefore: new Date(now - VALID_BEFORE_MS),
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension(hosts.map(({ kind, name }) => ({ type: kind, value: name }))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const privateKey = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(privateKey, "PRIVATE KEY")}\n`,
    notAfter,
  };
}

/**
 * Writes `cert.pem` and `key.pem` into `directory`, and makes that if it is missing. It never touches files that exist.
 *
 * @returns What to tell the user: the files, and the command lines that use them.
 * @throws TeleError `bad-input` if a file exists or cannot be written; then neither is left behind.
 */
export async function writeCertificate(directory: string, hosts: readonly HostName[]): Promise<string> {
  const folder = directory.replace(/(?<=.)\/+$/, "");
  const paths = { certificate: `${folder}/cert.pem`, key: `${folder}/key.pem` };
  const made = await makeCertificate(hosts, Date.now());
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw badInput(`cannot make the folder ${folder}: ${reasonOf(error)}`);
  }
  await createFile(paths.key, made.key, 0o600);
  try {
    await createFile(paths.certificate, made.certificate, 0o644);
  } catch (error) {
    await Deno.remove(paths.key);
    throw error;
  }
  return nextSteps(paths, hosts, made.notAfter);
}

async function createFile(path: string, text: string, mode: number): Promise<void> {
  try {
    using file = await Deno.open(path, { write: true, createNew: true, mode });
    try {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    } catch (error) {
      await Deno.remove(path);
      throw error;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw badInput(`cannot write ${path}: ${reasonOf(error)}`);
    throw badInput(`${path} exists and is left as it is; nothing was written: give --make-cert another folder`);
  }
}

function nextSteps(paths: { certificate: string; key: string }, hosts: readonly HostName[], notAfter: Date): string {
  const host = hosts[0]?.name.replace(/^\*/, "www") ?? "";
  const [certificate, key] = [shellWord(paths.certificate), shellWord(paths.key)];
  return [
    `wrote ${paths.certificate} and ${paths.key}`,
    `for ${hosts.map(({ name }) => name).join(", ")}; valid until ${notAfter.toISOString().slice(0, 10)}`,
    "",
    "on the server, which alone needs the key:",
    `  tele --server --in=:22 --out=:40300 --tls-cert=${certificate} --tls-key=${key}`,
    "on the client, with a copy of cert.pem:",
    `  tele --client --in=:2222 --out=${host.includes(":") ? `[${host}]` : host}:40300 --tls-ca=cert.pem`,
    "",
    "or, as the certificate of a client, which alone needs the key then:",
    `  tele --client ... --tls-cert=${certificate} --tls-key=${key}`,
    "and on the server, with a copy of cert.pem:",
    "  tele --server ... --tls-client-ca=cert.pem",
  ].join("\n");
}

/** A path, quoted so that a shell reads it as one word. */
function shellWord(path: string): string {
  return /^[\w./+:@%-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Random, positive, and of full length: the sign bit is not set, and there is no leading zero. */
function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  bytes[0] = (bytes[0] ?? 0) & 0x3f | 0x40;
  return encodeHex(bytes);
}

function fitsCommonName(name: string): boolean {
  return name.length <= MAX_COMMON_NAME_CHARACTERS;
}
