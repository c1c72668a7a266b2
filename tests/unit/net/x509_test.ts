/** Certificates as bytes: their version, and who signed them. */
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { canCheckSignature, isSignedBy, isWellFormed, versionOf } from "../../../lib/net/x509.ts";
import { TestCa } from "../../support/certificates.ts";
import { tlsTest } from "../../support/tls_world.ts";

const [ca, otherCa] = await Promise.all([TestCa.make("a CA"), TestCa.make("a CA")]);
const certificate = new X509Certificate((await ca.issue()).cert);
const [issuer, stranger] = [ca, otherCa].map(({ cert }) => new X509Certificate(cert)) as [
  X509Certificate,
  X509Certificate,
];

tlsTest("the version is read from the bytes, and bytes that are no certificate are refused", () => {
  assertEquals(versionOf(certificate.raw), 3);
  // A certificate that begins with its serial number, as those of version 1 do.
  assertEquals(versionOf(new Uint8Array([0x30, 5, 0x30, 3, 2, 1, 7])), 1);
  for (const garbage of [[], [1, 2, 3], [0x30, 2, 2, 0], [0x30, 0x84, 0xff, 0xff, 0xff, 0xff]]) {
    assertThrows(() => versionOf(new Uint8Array(garbage)), RangeError);
  }
});

tlsTest("it is signed by its issuer, and not by another one of the same name", () => {
  assert(isSignedBy(certificate, issuer));
  assertFalse(isSignedBy(certificate, stranger));
  assert(isSignedBy(issuer, issuer), "who signed itself");
  assert(canCheckSignature(certificate, issuer));
  assert(isWellFormed(certificate));
});

tlsTest("one bit that changed is another certificate", () => {
  const raw = certificate.raw.slice();
  // Inside its name, which both signatures are over.
  const at = raw.indexOf("a test".charCodeAt(0), 60);
  raw[at]! ^= 1;
  assertFalse(isSignedBy(new X509Certificate(raw), issuer));
});
