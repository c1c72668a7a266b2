/** A certificate of a seal: that all who read certificates can read it, and that it is another each time. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { leafOf } from "../../../lib/net/leaf.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { makeSealCertificate } from "../../../lib/net/seal_certificate.ts";
import { sealClient } from "../../../lib/net/seal_client.ts";
import { SealServer } from "../../../lib/net/seal_server.ts";
import { isSignedBy, isWellFormed, versionOf } from "../../../lib/net/x509.ts";
import { program } from "../../support/skip.ts";
import { tlsTest } from "../../support/tls_world.ts";

/** What OpenSSL, which reads strictly, says of a certificate. */
async function explainedByOpenssl(cert: string): Promise<string> {
  const child = new Deno.Command(program("openssl"), {
    args: ["x509", "-noout", "-text"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(cert));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

tlsTest("it is of version 3, well-formed, and signed by its own key", () => {
  const { cert, key } = makeSealCertificate();
  const certificate = new X509Certificate(cert);
  assertEquals(versionOf(certificate.raw), 3);
  assert(isWellFormed(certificate));
  assert(isSignedBy(certificate, certificate));
  assert(certificate.checkPrivateKey(createPrivateKey(key)));
  assert(!certificate.ca);
});

tlsTest("each has a key and a number of its own, whatever lengths their signatures have", () => {
  const made = Array.from({ length: 50 }, () => new X509Certificate(makeSealCertificate().cert));
  assertEquals(new Set(made.map(({ serialNumber }) => serialNumber)).size, made.length);
  assertNotEquals(made[0].publicKey.export({ format: "jwk" }), made[1].publicKey.export({ format: "jwk" }));
  for (const certificate of made) {
    assert(isSignedBy(certificate, certificate));
    assertEquals(certificate.serialNumber.length, 32);
  }
});

tlsTest("a client of this runtime has its key proven", async () => {
  const pair = makeSealCertificate();
  const [near, far] = duplexPair();
  const [client, server] = await Promise.all([
    sealClient(near, { address: "there", protocol: "tele/2" }),
    new SealServer(pair, "tele/2").unseal(far),
  ]);
  assertEquals(client.leaf, leafOf(new X509Certificate(pair.cert).raw));
  client.close();
  server.close();
});

tlsTest("OpenSSL finds in it what was meant", async () => {
  const text = await explainedByOpenssl(makeSealCertificate().cert);
  for (
    const words of [
      "Version: 3 (0x2)",
      "Signature Algorithm: ecdsa-with-SHA256",
      "Issuer: CN = tele",
      "Not Before: Jan  1 00:00:00 2020 GMT",
      "Not After : Dec 31 23:59:59 9999 GMT",
      "Subject: CN = tele",
      "NIST CURVE: P-256",
      "X509v3 Key Usage: critical\n                Digital Signature",
    ]
  ) {
    assert(text.includes(words), `${words} is missing in:\n${text}`);
  }
});
