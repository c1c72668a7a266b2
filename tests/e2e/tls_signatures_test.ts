/** Signatures of certificates that openssl makes: every kind that TLS has. */
import { assertEquals } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { TlsAnchors } from "../../lib/net/tls_anchors.ts";
import { type CertificateWish, type Pair, TestCa } from "../support/certificates.ts";
import { tlsTest } from "../support/tls_world.ts";

/** Before Deno 2.9, which TLS needs, `node:crypto` checks no signature of a certificate. */
function test(name: string, fn: () => Promise<void>) {
  tlsTest(`certificates: ${name}`, fn);
}

function der({ cert }: Pair): Uint8Array {
  return new X509Certificate(cert).raw;
}

function anchors(...pairs: Pair[]): TlsAnchors {
  return new TlsAnchors(pairs.map(({ cert }) => new X509Certificate(cert)));
}

test("every kind of signature that TLS has is checked", async () => {
  const rsa = ["-newkey", "rsa:2048"];
  const wishes: CertificateWish[] = [
    { keyOptions: rsa },
    { keyOptions: rsa, signature: ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] },
    { keyOptions: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"] },
    { keyOptions: ["-newkey", "ed25519"] },
  ];
  for (const { keyOptions, signature } of wishes) {
    const ca = await TestCa.make("kind", { keyOptions });
    const [issued, namesake] = await Promise.all([ca.issue({ signature }), TestCa.make("kind", { keyOptions })]);
    assertEquals(anchors(ca).judge([der(issued)], Date.now()), undefined, `${keyOptions} ${signature}`);
    assertEquals(anchors(namesake).judge([der(issued)], Date.now()), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
  }
});

test("a signature that the runtime cannot check is told as that", async () => {
  const ca = await TestCa.make("P-521", { keyOptions: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"] });
  const [usual, long] = await Promise.all([ca.issue(), ca.issue({ hash: "sha512" })]);
  assertEquals(anchors(ca).judge([der(usual)], Date.now()), "SIGNATURE_UNKNOWN");
  assertEquals(anchors(ca).judge([der(long)], Date.now()), undefined);
});
