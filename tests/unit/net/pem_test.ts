/** Files of certificates and keys as users bring them: each that is no good gets its own sentence, at both roles. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { TeleError } from "../../../lib/net/error.ts";
import { readCertificates, readKey } from "../../../lib/net/pem.ts";
import { checkDialSettings, type TlsDialSettings } from "../../../lib/net/tls_client.ts";
import { checkAnchors, checkPair, checkServerCertificate } from "../../../lib/net/tls_certificate.ts";
import { certificates, tlsTest } from "../../support/tls_world.ts";

/** Before Deno 2.9, which TLS needs, `node:crypto` reads less. */
function test(name: string, fn: () => Promise<void>) {
  tlsTest(`PEM: ${name}`, fn);
}

function refusal(read: () => unknown): string {
  const error = assertThrows(read, TeleError);
  assertEquals(error.code, "bad-input");
  assert(!error.message.includes("\n"), error.message);
  return error.message;
}

/** Bytes that are no text, as `Deno.readTextFile` gives them. */
function asText(pem: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(pem.replaceAll(/-----[^-]+-----|\s/g, "")));
}

test("what other programs write around a certificate does not matter", async () => {
  const { ca, server } = await certificates();
  const spellings = [
    server.cert.replaceAll("\n", "\r\n"),
    `\uFEFF${server.cert}`,
    `issuer=somebody\n\n${server.cert}\nsubject=a word - or two\n`,
    server.cert.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE"),
    server.cert.replaceAll("CERTIFICATE", "X509 CERTIFICATE"),
    server.key + server.cert,
  ];
  for (const cert of spellings) {
    assertEquals(checkPair({ cert, key: server.key }).cert, checkPair(server).cert);
    assertEquals(checkAnchors("--tls-ca", cert).pem, checkPair(server).cert);
  }
  assertEquals(checkAnchors("--tls-ca", ca.cert + server.cert).pem.match(/BEGIN/g)?.length, 2);
  assertEquals(
    checkPair({ ...server, key: server.cert + `\uFEFF${server.key}`.replaceAll("\n", "\r\n") }).own.ca,
    false,
  );
});

test("each wrong certificate file gets a sentence", async () => {
  const { server } = await certificates();
  const request = server.cert.replaceAll("CERTIFICATE", "CERTIFICATE REQUEST");
  const utf16 = new TextDecoder().decode(
    new Uint8Array([0xff, 0xfe, ...new Uint8Array(new Uint16Array([45, 45]).buffer)]),
  );
  const wrong: [string, string][] = [
    ["", "this file is empty"],
    [" \r\n", "this file is empty"],
    ["\0".repeat(64), "holds nothing but zeros"],
    [asText(server.cert), "in DER, and PEM is needed: openssl x509 -inform DER"],
    [utf16, "in UTF-16; save it as UTF-8"],
    ["nonsense", "there is no certificate in this file"],
    [server.key, "a key in this file but no certificate"],
    [request, "only a request for a certificate"],
    [server.cert.slice(0, 200), "cut off or damaged"],
    [server.cert + server.cert.slice(0, 200), "cut off or damaged"],
    [server.cert.replace(/\n.{30}/, "\n"), "the certificate in this file is damaged"],
    [server.cert + server.cert.replace(/\n.{30}/, "\n"), "certificate 2 in this file is damaged"],
  ];
  for (const [text, sentence] of wrong) {
    const message = refusal(() => readCertificates("--tls-ca", text));
    assertStringIncludes(message, `--tls-ca: `);
    assertStringIncludes(message, sentence);
  }
});

test("each wrong key file gets a sentence", async () => {
  const { server } = await certificates();
  const locked = createPrivateKey(server.key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "a word",
  }) as string;
  const odd = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey
    .export({ type: "pkcs8", format: "pem" }) as string;
  const wrong: [string, string][] = [
    ["", "this file is empty"],
    [asText(server.key), "in DER, and PEM is needed: openssl pkey -inform DER"],
    ["nonsense", "there is no private key in this file"],
    [server.cert, "a certificate in this file but no private key"],
    [server.key.slice(0, 80), "cut off or damaged"],
    [server.key.replace(/\n.{30}/, "\n"), "damaged, or of a kind that tele does not know"],
    [locked, "locked with a password; unlock it with openssl pkey"],
    [odd, "TLS has no use for a key of this kind"],
  ];
  for (const [text, sentence] of wrong) {
    assertStringIncludes(refusal(() => readKey("--tls-key", text)), sentence, text.slice(0, 60));
  }
});

tlsTest("a client's files are looked at before it connects, as a server's are", async () => {
  const { ca, server, client } = await certificates();
  const old = await ca.issue({ isOld: true });
  const protocols = ["tele/2"];
  const wrong: [Partial<TlsDialSettings>, string][] = [
    [{ certificate: { cert: client.cert, key: server.key } }, "--tls-key: this is not the key of the certificate in"],
    [{ certificate: { cert: ca.cert + client.cert, key: client.key } }, "--tls-cert: the certificate of the key in"],
    [{ certificate: { cert: "", key: client.key } }, "--tls-cert: this file is empty"],
    [{ certificate: { cert: client.cert, key: client.cert } }, "--tls-key: there is a certificate in this file but no"],
    [{ ca: "" }, "--tls-ca: this file is empty"],
    [{ ca: client.key }, "--tls-ca: there is a key in this file but no certificate"],
    [{ ca: ca.cert + old.cert }, "--tls-ca: certificate 2 in this file is of X.509 version 1, which nobody can check"],
  ];
  for (const [settings, sentence] of wrong) {
    assertStringIncludes(refusal(() => checkDialSettings({ protocols, ...settings })), sentence);
  }
  checkDialSettings({ protocols, ca: ca.cert, certificate: client });
  // Its time is for the server to judge, by its own clock.
  checkDialSettings({ protocols, certificate: await ca.issue({ days: -1 }) });
  checkServerCertificate({ ...server, clientCa: ca.cert }, Date.now());
});
