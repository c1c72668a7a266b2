/**
 * Certificates for tests: ordinary ones made here, those with another key or signature by openssl.
 *
 * @module
 */
import { sign, X509Certificate } from "node:crypto";
import { concat } from "@std/bytes/concat";
import { TlsAnchors } from "../../lib/net/tls_anchors.ts";
import { program } from "./skip.ts";

/** A certificate and its private key, in PEM. */
export interface Pair {
  cert: string;
  key: string;
}

/** The bytes of a certificate. */
export function derOf({ cert }: Pair): Uint8Array {
  return new X509Certificate(cert).raw;
}

/** These certificates as the ones that are trusted. */
export function anchorsOf(...pairs: Pair[]): TlsAnchors {
  return new TlsAnchors(pairs.map(({ cert }) => new X509Certificate(cert)));
}

/** The same certificate with a truth that is not DER's: 1 for 255. */
export function notQuiteDer({ cert, key }: Pair): Pair {
  const hex = new X509Certificate(cert).raw.toHex().replace("551d130101ff", "551d13010101");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${Uint8Array.fromHex(hex).toBase64()}\n-----END CERTIFICATE-----\n`,
    key,
  };
}

/** What a certificate is for. */
export interface CertificateWish {
  /** `CA:FALSE` unless true. */
  isCa?: boolean;
  /** Subject alternative names as openssl writes them, such as `DNS:localhost,IP:127.0.0.1`. */
  names?: string;
  /** Days for which it is valid from now on; below 0 it has expired. */
  days?: number;
  /** Days until it becomes valid, for one day. */
  startsInDays?: number;
  /** Of X.509 version 1: without any extension, names included. */
  isOld?: boolean;
  /** Its own name; `a test` unless given. */
  commonName?: string;
  /** The options of `openssl req` that choose the key; EC P-256 unless given. */
  keyOptions?: string[];
  /** What is signed over; openssl's usual one unless given. */
  hash?: "sha512";
  /** Options of `openssl` that choose another signature of the issuer's key. */
  signature?: string[];
  /** The only thing that it may be used for. */
  use?: "clientAuth" | "serverAuth";
}

/** The names under which tests reach this machine. */
export const HERE = "DNS:localhost,DNS:tele.example,IP:127.0.0.1,IP:::1";

/** A CA that issues what tests need. */
export class TestCa implements Pair {
  readonly cert: string;
  readonly key: string;

  private constructor(pair: Pair) {
    this.cert = pair.cert;
    this.key = pair.key;
  }

  /** Makes a CA. */
  static async make(name: string, wish: CertificateWish = {}): Promise<TestCa> {
    return new TestCa(await issue({ isCa: true, ...wish }, name, undefined));
  }

  /** Issues a certificate. */
  issue(wish: CertificateWish = {}): Promise<Pair> {
    return issue({ names: HERE, ...wish }, wish.commonName ?? "a test", this);
  }

  /** Issues the certificate of another CA. */
  async issueCa(commonName: string): Promise<TestCa> {
    return new TestCa(await this.issue({ isCa: true, names: undefined, commonName }));
  }
}

const DAY_MS = 86_400_000;

const EC = { name: "ECDSA", namedCurve: "P-256" };

/** Makes a certificate that `ca`, or itself, has signed. */
async function issue(wish: CertificateWish, name: string, ca: Pair | undefined): Promise<Pair> {
  const { isOld, keyOptions, hash, signature, use } = wish;
  const isOrdinary = (keyOptions ?? hash ?? signature) === undefined;
  const caKey = isOrdinary && ca !== undefined ? await importKey(ca.key) : undefined;
  if (!isOrdinary || (ca !== undefined && caKey === undefined)) return await issueByOpenssl(wish, name, ca);
  const x509 = await import("@peculiar/x509");
  const keys = await crypto.subtle.generateKey(EC, true, ["sign", "verify"]) as CryptoKeyPair;
  const days = wish.startsInDays === undefined ? wish.days ?? 30 : 1;
  // One that has expired was valid once: of one that ends before it begins verifiers say something else.
  const startsAt = Date.now() + (wish.startsInDays ?? Math.min(0, days - 30)) * DAY_MS;
  const endsAt = Date.now() + ((wish.startsInDays ?? 0) + days) * DAY_MS;
  const names = (wish.names ?? "").split(",").filter((each) => each !== "").map((each) => {
    const at = each.indexOf(":");
    return { type: each.slice(0, at) === "IP" ? "ip" as const : "dns" as const, value: each.slice(at + 1) };
  });
  const certificate = await x509.X509CertificateGenerator.create({
    // Two of one issuer must differ; the first digit keeps it positive.
    serialNumber: `1${crypto.randomUUID().replaceAll("-", "").slice(1)}`,
    subject: `CN=${name}`,
    issuer: ca === undefined ? `CN=${name}` : new x509.X509Certificate(ca.cert).subject,
    notBefore: new Date(startsAt),
    notAfter: new Date(endsAt),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    publicKey: keys.publicKey,
    signingKey: caKey ?? keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(wish.isCa ?? false, undefined, true),
      ...names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
      ...use === undefined ? [] : [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[use]])],
    ],
  });
  const key = `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY")}\n`;
  const der = new Uint8Array(certificate.rawData);
  const cert = x509.PemConverter.encode(isOld ? inVersion1(der, ca?.key ?? key) : der, "CERTIFICATE");
  return { cert: `${cert}\n`, key };
}

/** The same certificate in version 1 of X.509, which has no extensions; `issuerKey` signs it anew. */
function inVersion1(certificate: Uint8Array, issuerKey: string): Uint8Array<ArrayBuffer> {
  const [signed, algorithm] = partsOf(certificate) as [Uint8Array, Uint8Array];
  // First stands the version, last the extensions.
  const old = element(0x30, ...partsOf(signed).slice(1, -1));
  const signature = new Uint8Array(sign("sha256", old, issuerKey));
  return element(0x30, old, algorithm, element(0x03, new Uint8Array([0]), signature));
}

/** One element of DER (X.690, 8.1). */
function element(tag: number, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const contents = concat(parts);
  const { length } = contents;
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat([new Uint8Array([tag, ...header]), contents]);
}

/** The elements in one element of DER, each with its tag and length. */
function partsOf(der: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = contentsOf(der, 0).start; at < der.length; at = contentsOf(der, at).end) {
    parts.push(der.subarray(at, contentsOf(der, at).end));
  }
  return parts;
}

/** Where the contents of the element at `at` begin and end. */
function contentsOf(der: Uint8Array, at: number): { start: number; end: number } {
  const first = der[at + 1]!;
  const start = at + 2 + (first < 0x80 ? 0 : first & 0x7f);
  const length = first < 0x80 ? first : der.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  return { start, end: start + length };
}

/** A key that was made here; `undefined` if it is of another kind. */
async function importKey(pem: string): Promise<CryptoKey | undefined> {
  const base64 = pem.replace(/-----[^-]*-----|\s/g, "");
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return await crypto.subtle.importKey("pkcs8", der, EC, false, ["sign"]).catch(() => undefined);
}

async function issueByOpenssl(wish: CertificateWish, name: string, ca: Pair | undefined): Promise<Pair> {
  const folder = await Deno.makeTempDir();
  try {
    const file = (name: string) => `${folder}/${name}`;
    const constraint = `basicConstraints=critical,CA:${wish.isCa ? "TRUE" : "FALSE"}\n`;
    const names = wish.names ? `subjectAltName=${wish.names}\n` : "";
    await Deno.writeTextFile(file("ext"), constraint + names);
    const algorithm = wish.keyOptions ?? ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    await openssl("req", ...algorithm, "-nodes", "-keyout", file("key"), "-subj", `/CN=${name}`, "-out", file("csr"));
    if (ca !== undefined) {
      await Deno.writeTextFile(file("ca"), ca.cert);
      await Deno.writeTextFile(file("ca-key"), ca.key);
    }
    const signer = ca === undefined ? ["-signkey", file("key")] : ["-CA", file("ca"), "-CAkey", file("ca-key")];
    // A random serial number, since two of one issuer must differ.
    const serial = ["-set_serial", `0x${crypto.randomUUID().replaceAll("-", "").slice(1)}`];
    const days = ["-days", String(wish.days ?? 30)];
    const hash = [...wish.hash === undefined ? [] : [`-${wish.hash}`], ...wish.signature ?? []];
    const output = ["-in", file("csr"), "-extfile", file("ext"), "-out", file("cert")];
    await openssl("x509", "-req", ...hash, ...signer, ...serial, ...days, ...output);
    return { cert: await Deno.readTextFile(file("cert")), key: await Deno.readTextFile(file("key")) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function openssl(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program("openssl"), { args }).output();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
