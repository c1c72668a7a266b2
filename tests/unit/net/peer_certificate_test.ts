/** Who is at the other end of TLS: the chain that was shown, and a name that may go to a terminal. */
import { assertEquals } from "@std/assert";
import type { TLSSocket } from "node:tls";
import { peerChain, peerName } from "../../../lib/net/peer_certificate.ts";

/** A socket whose peer shows `certificate`. */
function socket(certificate: unknown): TLSSocket {
  return { getPeerCertificate: () => certificate } as TLSSocket;
}

const raw = (number: number) => new Uint8Array([number]);

Deno.test("the chain ends at one that has signed itself, and without a certificate there is none", () => {
  const root: Record<string, unknown> = { raw: raw(2) };
  root.issuerCertificate = root;
  assertEquals(peerChain(socket({ raw: raw(1), issuerCertificate: root })), [raw(1), raw(2)]);
  assertEquals(peerChain(socket({})), []);
});

Deno.test("a chain that goes in a circle is cut", () => {
  const [one, other]: Record<string, unknown>[] = [{ raw: raw(1) }, { raw: raw(2) }];
  one!.issuerCertificate = other;
  other!.issuerCertificate = one;
  assertEquals(peerChain(socket(one)).length, 10);
});

Deno.test("the name is the common one, else the first of the others, else none", () => {
  assertEquals(peerName(socket({ subject: { CN: "laptop" }, subjectaltname: "DNS:other" })), "laptop");
  assertEquals(peerName(socket({ subject: { CN: ["first", "second"] } })), "first");
  assertEquals(peerName(socket({ subject: {}, subjectaltname: "URI:x, DNS:b.example" })), undefined);
  assertEquals(peerName(socket({ subject: {}, subjectaltname: "DNS:a.example, DNS:b.example" })), "a.example");
  assertEquals(peerName(socket({})), undefined);
});

Deno.test("a name that would steer a terminal is shown without what does so, and not longer than a line", () => {
  assertEquals(peerName(socket({ subject: { CN: "a\x1b[2Jb\u202ec" } })), "a?[2Jb?c");
  assertEquals(peerName(socket({ subject: { CN: "a".repeat(1_000) } }))!.length, 64);
  assertEquals(peerName(socket({ subject: { CN: "  " } })), undefined);
});
