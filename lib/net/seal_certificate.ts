/**
 * The certificate that a server seals with.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { decodeHex } from "@std/encoding/hex";
import { generateKeyPairSync, sign, X509Certificate } from "node:crypto";
import { pemOf } from "./pem.ts";
import type { CertificatePair } from "./tls_certificate.ts";

/** Tags of DER (X.690, 8.1 and RFC 5280, 4.1). */
const Tag = { integer: 0x02, bitString: 0x03, sequence: 0x30, version: 0xa0, extensions: 0xa3 };

/** `ecdsa-with-SHA256`: 1.2.840.10045.4.3.2 (RFC 5758, 3.2). */
const ECDSA_WITH_SHA256 = decodeHex("300a06082a8648ce3d040302");

/** A name whose only part is the common name "tele" (RFC 5280, 4.1.2.4). */
const NAME = decodeHex("300f310d300b06035504030c0474656c65");

/** From 2020 on, without an end (RFC 5280, 4.1.2.5): nobody looks at dates, and no clock can be wrong. */
const VALIDITY = decodeHex("3020170d3230303130313030303030305a180f39393939313233313233353935395a");

/** Key usage `digitalSignature`, critical (RFC 5280, 4.2.1.3): the only one of which TLS 1.3 makes use. */
const KEY_USAGE = decodeHex("300e0603551d0f0101ff040403020780");

/** Bytes of a serial number; RFC 5280, 4.1.2.2 allows 20. */
const SERIAL_BYTES = 16;

/**
 * Makes a key (EC P-256), and a certificate that it signs itself, all in memory.
 *
 * Nobody looks at more of such a certificate than its key and its hash (`PROTOCOL.md`, "Seal"), so all but the serial
 * number, the key and the signature are always the same. One for people's files, with names and dates, needs a package
 * that takes longer to load than the rest of a server.
 *
 * @example
 * ```ts
 * import { X509Certificate } from "node:crypto";
 * import { makeSealCertificate } from "./seal_certificate.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { cert } = makeSealCertificate();
 * assertEquals(new X509Certificate(cert).subject, "CN=tele");
 * ```
 */
export function makeSealCertificate(): CertificatePair {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signed = element(
    Tag.sequence,
    element(Tag.version, element(Tag.integer, new Uint8Array([2]))),
    element(Tag.integer, randomSerial()),
    ECDSA_WITH_SHA256,
    NAME,
    VALIDITY,
    NAME,
    publicKey.export({ type: "spki", format: "der" }),
    element(Tag.extensions, element(Tag.sequence, KEY_USAGE)),
  );
  // No bits are missing at the end of its last byte.
  const signature = element(Tag.bitString, new Uint8Array(1), sign("sha256", signed, privateKey));
  const certificate = element(Tag.sequence, signed, ECDSA_WITH_SHA256, signature);
  return {
    cert: pemOf([new X509Certificate(certificate)]),
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

/** An element of DER, of less than 64 KiB (X.690, 8.1.3). */
function element(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const contents = concat(parts);
  const { length } = contents;
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat([new Uint8Array([tag, ...header]), contents]);
}

/** Positive, and of full length: the sign bit is not set, and there is no leading zero. */
function randomSerial(): Uint8Array {
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  serial[0] = serial[0] & 0x3f | 0x40;
  return serial;
}
