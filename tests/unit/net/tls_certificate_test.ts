/** Files of certificates are checked before anyone connects: each fault is a sentence that names its option. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { TeleError } from "../../../lib/net/error.ts";
import {
  checkAnchors,
  checkPair,
  checkServerCertificate,
  faultOfClientCertificate,
} from "../../../lib/net/tls_certificate.ts";
import { TestCa } from "../../support/certificates.ts";
import { tlsTest } from "../../support/tls_world.ts";

const DAY_MS = 86_400_000;

const ca = await TestCa.make("a CA");
const [pair, other] = await Promise.all([ca.issue(), ca.issue()]);

/** What a check says, which must be wrong input. */
function said(check: () => unknown): string {
  const error = assertThrows(check, TeleError);
  assertEquals(error.code, "bad-input");
  return error.message;
}

tlsTest("a certificate and its key are taken, alone and with the CA behind it", () => {
  const checked = checkServerCertificate({ cert: pair.cert + ca.cert, key: pair.key }, Date.now());
  assertEquals(checked.own.subject, "CN=a test");
  assertEquals(checked.cert.match(/BEGIN CERTIFICATE/g)?.length, 2);
  assertStringIncludes(checkPair(pair).key, "BEGIN PRIVATE KEY");
});

tlsTest("a key of another certificate, and a chain in the wrong order, are told apart", () => {
  assertStringIncludes(said(() => checkPair({ cert: pair.cert, key: other.key })), "--tls-key: this is not the key of");
  assertStringIncludes(
    said(() => checkPair({ cert: ca.cert + pair.cert, key: pair.key })),
    "--tls-cert: the certificate of the key in --tls-key must stand first in this file",
  );
});

tlsTest("a server's certificate must be no CA's, and of today", () => {
  assertStringIncludes(said(() => checkServerCertificate(ca, Date.now())), "this is the certificate of a CA");
  const at = (nowMs: number) => said(() => checkServerCertificate(pair, nowMs));
  assert(/--tls-cert: this certificate expired on \d{4}-\d\d-\d\d; renew it/.test(at(Date.now() + 31 * DAY_MS)));
  assertStringIncludes(at(Date.now() - DAY_MS), "this certificate is valid only from ");
});

tlsTest("a client is told of its own certificate's time, and of nothing while that is right", () => {
  const own = new X509Certificate(pair.cert);
  assertEquals(faultOfClientCertificate(own, Date.now() + 1_000), undefined);
  assertStringIncludes(
    faultOfClientCertificate(own, Date.now() + 31 * DAY_MS)!,
    "this client's certificate expired on",
  );
});

tlsTest("of a file that is trusted, the runtime is shown the CAs alone", () => {
  const both = checkAnchors("--tls-client-ca", pair.cert + ca.cert);
  assertEquals(both.pem.match(/BEGIN CERTIFICATE/g)?.length, 2);
  assertEquals(new X509Certificate(both.authorities!).subject, "CN=a CA");
  assertEquals(checkAnchors("--tls-client-ca", pair.cert).authorities, undefined);
  assertEquals(both.anchors.judge([new X509Certificate(other.cert).raw], Date.now() + 1_000), undefined);
});
