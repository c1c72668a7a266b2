/** Which certificates are vouched for: what the runtime's own check lets through must be seen here. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { X509Certificate } from "node:crypto";
import tls from "node:tls";
import { parseAddress } from "../../../lib/net/address.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { checkAnchors } from "../../../lib/net/tls_certificate.ts";
import { dialTls } from "../../../lib/net/tls_dial.ts";
import { versionOf } from "../../../lib/net/x509.ts";
import { anchorsOf, derOf, notQuiteDer, type Pair, TestCa } from "../../support/certificates.ts";
import { certificates, failureOf, tlsTest, TlsWorld } from "../../support/tls_world.ts";

const DAY_MS = 86_400_000;

/** Before Deno 2.9, which TLS needs, `node:crypto` checks no signature of a certificate. */
function test(name: string, fn: () => Promise<void>) {
  tlsTest(`certificates: ${name}`, fn);
}

test("a CA vouches for what it has signed, through others in any order, and for nothing else", async () => {
  const { ca, otherCa, server } = await certificates();
  const second = await ca.issueCa("second");
  const third = await second.issueCa("third");
  const deep = await third.issue();
  const now = Date.now();
  assertEquals(anchorsOf(otherCa, ca).judge([derOf(server)], now), undefined);
  assertEquals(anchorsOf(ca).judge([derOf(deep), derOf(third), derOf(second)], now), undefined);
  assertEquals(anchorsOf(ca).judge([derOf(deep), derOf(second), derOf(otherCa), derOf(third)], now), undefined);
  assertEquals(anchorsOf(third).judge([derOf(deep)], now), undefined);
  const unknown = "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
  assertEquals(anchorsOf(ca).judge([derOf(deep), derOf(third)], now), unknown);
  assertEquals(anchorsOf(otherCa).judge([derOf(deep), derOf(third), derOf(second), derOf(ca)], now), unknown);
  assertEquals(anchorsOf().judge([derOf(server)], now), unknown);
  assertEquals(anchorsOf(ca).judge([], now), "CERT_UNREADABLE");
  assertEquals(anchorsOf(ca).judge([new Uint8Array(40)], now), "CERT_UNREADABLE");
});

test("the same name is not the same signature", async () => {
  const { ca, server } = await certificates();
  const namesake = await TestCa.make("test CA");
  assertEquals(new X509Certificate(namesake.cert).subject, new X509Certificate(ca.cert).subject);
  assertEquals(anchorsOf(namesake).judge([derOf(server)], Date.now()), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
});

test("one that is no CA vouches for itself alone", async () => {
  const own = await TestCa.make("laptop", { isCa: false });
  const guest = await own.issue();
  assertEquals(anchorsOf(own).judge([derOf(own)], Date.now()), undefined);
  assertEquals(anchorsOf(own).judge([derOf(guest)], Date.now()), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
});

test("each has its time, what is trusted for itself too", async () => {
  const { ca, server } = await certificates();
  for (const trusted of [ca, server]) {
    const judge = (days: number) => anchorsOf(trusted).judge([derOf(server)], Date.now() + days * DAY_MS);
    assertEquals([judge(0), judge(31), judge(-2)], [undefined, "CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
  }
});

test("one that is not quite DER is nobody's", async () => {
  const own = notQuiteDer(await TestCa.make("laptop", { isCa: false }));
  assertEquals(anchorsOf(own).judge([derOf(own)], Date.now()), "CERT_UNREADABLE");
  const { ca } = await certificates();
  const file = ca.cert + own.cert;
  assertThrows(
    () => checkAnchors("--tls-ca", file),
    TeleError,
    "certificate 2 in this file is not written as DER has it",
  );
});

test("version 1 is nobody's, whoever signed it", async () => {
  const { ca } = await certificates();
  const old = await ca.issue({ isOld: true });
  assertEquals([versionOf(derOf(old)), versionOf(derOf(ca))], [1, 3]);
  assertEquals(anchorsOf(ca).judge([derOf(old)], Date.now()), "CERT_VERSION_TOO_OLD");
  assertEquals(anchorsOf(old).judge([derOf(old)], Date.now()), "CERT_VERSION_TOO_OLD");
});

/** A server of `node:tls` that shows `pair`, dialed with trust in `ca`: the failure. */
async function failureAt(pair: Pair, ca: string): Promise<string> {
  const server = tls.createServer({ ...pair, ALPNProtocols: ["tele/2"] });
  server.on("secureConnection", (socket) => socket.on("error", () => {}).end("welcome"));
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const dialing = dialTls(parseAddress(`localhost:${port}`), { protocols: ["tele/2"], ca });
    return await failureOf(dialing.then(({ duplex }) => duplex.close()));
  } finally {
    server.close();
  }
}

tlsTest("a server whose certificate only names the CA is not let pass", async () => {
  const { ca, server } = await certificates();
  const forger = await TestCa.make("test CA");
  const forgeries: [Pair, string][] = [
    // What the runtime takes for good: of version 1, so that nobody looks at the signature.
    [await forger.issue({ isOld: true, commonName: "localhost" }), ca.cert],
    [await ca.issue({ isOld: true, commonName: "localhost" }), ca.cert],
    // The same in between, behind a certificate that looks well.
    [
      await behind(await forger.issue(), await forger.issue({ isOld: true, isCa: true, commonName: "test CA" })),
      ca.cert,
    ],
    // Instead of the one that is trusted itself.
    [await TestCa.make("a test", { isOld: true, isCa: false }), server.cert],
  ];
  for (const [pair, trusted] of forgeries) assertStringIncludes(await failureAt(pair, trusted), "untrusted: ADDRESS: ");
  assertStringIncludes(await failureAt(forgeries[0]![0], ca.cert), "X.509 version 1, which nobody can check");
});

function behind(pair: Pair, other: Pair): Pair {
  return { key: pair.key, cert: pair.cert + other.cert };
}

tlsTest("a client certificate of version 1 is told as what it is, at both ends", async () => {
  const { ca } = await certificates();
  const world = await TlsWorld.start({ clientCa: ca.cert });
  const failure = await world.failure({ certificate: await ca.issue({ isOld: true }) });
  assertStringIncludes(failure, "untrusted: ADDRESS: the server ended the connection right after the TLS handshake");
  assertStringIncludes(failure, "this client's certificate is of X.509 version 1, which nobody can check");
  assertStringIncludes(await world.refusal(), "is of X.509 version 1, which nobody can check");
  world.close();
});

tlsTest("a client's own certificate is its pass, without a CA, and for nobody that it vouches for", async () => {
  const [laptop, desk] = await Promise.all(["laptop", "desk"].map((name) => TestCa.make(name, { isCa: false })));
  const world = await TlsWorld.start({ clientCa: laptop!.cert + desk!.cert });
  for (const [pair, name] of [[laptop!, "laptop"], [desk!, "desk"]] as const) {
    const [near, far] = await world.pair({ certificate: pair });
    assertEquals(far.duplex.peerName, name);
    assertEquals(near.duplex.peerName, undefined);
  }
  await world.failure({ certificate: await laptop!.issue() });
  assertStringIncludes(await world.refusal(), "issued by a CA that this server's --tls-client-ca does not have");
  world.close();
});

tlsTest("a stranger is not shown the clients' certificates", async () => {
  const [laptop, { ca }] = await Promise.all([TestCa.make("laptop", { isCa: false }), certificates()]);
  for (const clientCa of [laptop.cert, laptop.cert + ca.cert]) {
    const world = await TlsWorld.start({ clientCa });
    const shown = await new Promise<string>((resolve) => {
      const socket = tls.connect({ port: world.port, rejectUnauthorized: false }, () => {
        const names: string[] = [];
        for (let next = socket.getPeerCertificate(true); next?.raw !== undefined; next = next.issuerCertificate) {
          names.push(String(next.subject.CN));
          if (next.issuerCertificate === next) break;
        }
        resolve(names.join(", "));
      });
      socket.on("error", () => {});
    });
    assert(!shown.includes("laptop"), shown);
    world.close();
  }
});
