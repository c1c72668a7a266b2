/** Signatures of certificates that openssl makes: every kind that TLS has. */
import { assertEquals } from "@std/assert";
import { anchorsOf, type CertificateWish, derOf, TestCa } from "../support/certificates.ts";
import { tlsTest } from "../support/tls_world.ts";

/** Before Deno 2.9, which TLS needs, `node:crypto` checks no signature of a certificate. */
function test(name: string, fn: () => Promise<void>) {
  tlsTest(`certificates: ${name}`, fn);
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
    assertEquals(anchorsOf(ca).judge([derOf(issued)], Date.now()), undefined, `${keyOptions} ${signature}`);
    assertEquals(anchorsOf(namesake).judge([derOf(issued)], Date.now()), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
  }
});

test("a signature that the runtime cannot check is told as that", async () => {
  const ca = await TestCa.make("P-521", { keyOptions: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"] });
  const [usual, long] = await Promise.all([ca.issue(), ca.issue({ hash: "sha512" })]);
  assertEquals(anchorsOf(ca).judge([derOf(usual)], Date.now()), "SIGNATURE_UNKNOWN");
  assertEquals(anchorsOf(ca).judge([derOf(long)], Date.now()), undefined);
});
