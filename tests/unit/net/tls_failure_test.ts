/** What users read when TLS fails: each sentence is provoked over real sockets. */
import net from "node:net";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseAddress } from "../../../lib/net/address.ts";
import { dialTls } from "../../../lib/net/tls_dial.ts";
import { explainToClient, explainToServer } from "../../../lib/net/tls_failure.ts";
import { certificates, failureOf, tlsTest, TlsWorld } from "../../support/tls_world.ts";

const UNTRUSTED = "it does not trust this server's certificate";

/** Deno says the same of all these certificates; the server is told which it is. */
const NOT_TAKEN =
  "the server's certificate was issued by nobody whom this client trusts (pass its CA with --tls-ca=FILE, " +
  "or --tls-ca=system if this machine trusts it), or is not valid now (renew the server's --tls-cert), or not " +
  "made for servers: the tele server's log tells which";

tlsTest("a server's certificate that is for clients only, and one that expired while the server ran", async () => {
  const { ca } = await certificates();
  const world = await TlsWorld.start(await ca.issue({ use: "clientAuth" }));
  assertEquals(await world.failure(), `untrusted: ADDRESS: ${NOT_TAKEN}`);
  assertEquals(
    await world.refusal(),
    "it says that this server's certificate is not made for servers: its extended key usage needs serverAuth",
  );
  world.close();
  const error = new Error("received fatal alert: CertificateExpired");
  assertEquals(
    explainToServer({ error, wasSecure: false, heardAnything: false, first: undefined }),
    "it says that this server's certificate has expired, or is not valid yet: renew --tls-cert, or check the clocks of " +
      "both machines",
  );
});

tlsTest("an issuer that nobody trusts", async () => {
  const world = await TlsWorld.start();
  const { otherCa } = await certificates();
  for (const ca of [otherCa.cert, undefined]) {
    assertEquals(
      await world.failure({ ca }),
      `untrusted: ADDRESS: ${NOT_TAKEN}`,
    );
    assertStringIncludes(await world.refusal(), UNTRUSTED);
  }
  world.close();
});

tlsTest("a wrong name, and --tls-name", async () => {
  const { ca } = await certificates();
  const world = await TlsWorld.start(await ca.issue({ names: "DNS:other.example,IP:192.0.2.1" }));
  assertEquals(
    await world.failure(),
    "untrusted: ADDRESS: the server's certificate is for other.example, 192.0.2.1, not for 127.0.0.1: " +
      "pass a name that it has with --tls-name=NAME",
  );
  assertStringIncludes(await world.failure({}, "localhost"), "not for localhost");
  assertStringIncludes(await world.failure({}, ""), "not for localhost");
  await world.dial({ name: "other.example" });
  await world.dial({ name: "192.0.2.1" });
  world.close();
});

tlsTest("the names in a certificate are anybody's text: shortened, and nothing that a terminal obeys", () => {
  const subjectaltname = Array.from({ length: 50 }, (_, at) => `DNS:\u001b[2J${at}.example`).join(", ");
  const error = Object.assign(new Error("not for"), {
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
    cert: { subjectaltname },
  });
  const attempt = { address: "ADDRESS", name: "here", protocols: [], hasCertificate: false, ownFault: () => undefined };
  const { message } = explainToClient(attempt, { error, wasSecure: false, heardAnything: false, first: undefined });
  assertStringIncludes(message, "certificate is for \\u001b[2J0.example, \\u001b[2J1.example, ");
  assertStringIncludes(message, "…, not for here: pass a name");
  assert(message.length < 400, message);
  return Promise.resolve();
});

tlsTest("an alert in front of the server's proof may be anybody's, and is believed at the fifth time", () => {
  const attempt = { address: "ADDRESS", name: "here", protocols: [], hasCertificate: false, ownFault: () => undefined };
  for (const alert of ["NoApplicationProtocol", "HandshakeFailure", "CertificateRequired", "UnknownCA"]) {
    const error = new Error(`received fatal alert: ${alert}`);
    const seen = { error, heardAnything: false, first: undefined };
    assertEquals(explainToClient(attempt, { ...seen, wasSecure: false }).code, "doubted", alert);
  }
  const error = new Error("received fatal alert: CertificateRequired");
  const sealed = { error, heardAnything: false, first: undefined, wasSecure: true };
  assertEquals(explainToClient(attempt, sealed).code, "untrusted");
  return Promise.resolve();
});

tlsTest("loopback by name, by address and as :port", async () => {
  const { ca } = await certificates();
  const world = await TlsWorld.start();
  for (const host of ["localhost", "127.0.0.1", ""]) await world.dial({}, host);
  world.close();
  const byAddress = await TlsWorld.start(await ca.issue({ names: "IP:127.0.0.1" }));
  await byAddress.dial({}, "");
  byAddress.close();
});

tlsTest("no common protocol, and none asked for", async () => {
  const world = await TlsWorld.start();
  assertEquals(
    await world.failure({ protocols: ["teleport-tcp-ping", "x"] }),
    "doubted: ADDRESS: it speaks TLS but not teleport-tcp-ping, x: it is no tele server, or not one for that protocol",
  );
  assertEquals(await world.refusal(), "it offers no protocol that this server speaks");
  assertEquals((await world.dial({ protocols: [] })).protocol, undefined);
  assertEquals((await world.accept()).protocol, undefined);
  world.close();
});

tlsTest("a client certificate is missing, expired, of another CA", async () => {
  const { ca, otherCa, client } = await certificates();
  const world = await TlsWorld.start({ clientCa: ca.cert });
  await world.dial({ certificate: client });

  assertEquals(
    await world.failure(),
    "untrusted: ADDRESS: the server wants a client certificate: pass one with --tls-cert and --tls-key",
  );
  assertEquals(
    await world.refusal(),
    "it presented no client certificate: start the tele client with --tls-cert and --tls-key",
  );
  const notAccepted = "ADDRESS: the server ended the connection right after the TLS handshake, as it does " +
    "with a client certificate that it does not accept (--tls-cert): ";
  const expired = await world.failure({ certificate: await ca.issue({ days: -1 }) });
  assertStringIncludes(expired, `untrusted: ${notAccepted}this client's certificate expired on 20`);
  assertEquals(await world.refusal(), "its client certificate has expired: renew the client's --tls-cert");
  assertEquals(
    await world.failure({ certificate: await otherCa.issue() }),
    `doubted: ${notAccepted}add it or its CA to the server's --tls-client-ca, or pass another`,
  );
  assertEquals(
    await world.refusal(),
    "its client certificate was issued by a CA that this server's --tls-client-ca does not have",
  );
  const forServers = await ca.issue({ use: "serverAuth" });
  assertEquals((await world.failure({ certificate: forServers })).split(":")[0], "doubted");
  assertStringIncludes(await world.refusal(), "not made for this: its extended key usage needs clientAuth");
  world.close();
});

tlsTest("a carrier that was heard and then reset or cut says nothing about a client certificate", async () => {
  const { ca, client } = await certificates();
  const world = await TlsWorld.start({ clientCa: ca.cert });
  for (const [how, told] of [["abort", "reset"], ["close", "the connection was cut"]] as const) {
    const [near, far] = await world.pair({ certificate: client });
    await far.duplex.write(new Uint8Array([1]));
    assertEquals(await near.duplex.read(new Uint8Array(8)), 1);
    far.duplex[how]();
    const failure = await failureOf(near.duplex.read(new Uint8Array(8)));
    assertEquals(failure.split(":")[0], "carrier-lost");
    assertStringIncludes(failure.toLowerCase(), told);
  }
  world.close();
});

tlsTest("before it was heard the guess stays a guess, with a certificate only", async () => {
  const { ca, client } = await certificates();
  const world = await TlsWorld.start({ clientCa: ca.cert });
  const [guessed, guessing] = await world.pair({ certificate: client });
  guessing.duplex.abort();
  assertStringIncludes(
    await failureOf(guessed.duplex.read(new Uint8Array(8))),
    "a client certificate that it does not",
  );
  world.close();
  const open = await TlsWorld.start();
  const [plain, other] = await open.pair();
  other.duplex.abort();
  assertEquals((await failureOf(plain.duplex.read(new Uint8Array(8)))).split(":")[0], "carrier-lost");
  open.close();
});

tlsTest("a client without TLS", async () => {
  const world = await TlsWorld.start();
  using plain = await Deno.connect({ hostname: "127.0.0.1", port: world.port });
  await plain.write(new Uint8Array([0, 0, 0, 5, 1, 2, 3, 4, 5]));
  assertEquals(await world.refusal(), "it does not speak TLS: start the tele client with --tls");
  world.close();
});

tlsTest("a client of another protocol is named", async () => {
  const world = await TlsWorld.start();
  using plain = await Deno.connect({ hostname: "127.0.0.1", port: world.port });
  await plain.write(new TextEncoder().encode("SSH-2.0-x\r\n"));
  assertEquals(await world.refusal(), "an SSH client speaks here: users' programs connect to the tele client's port");
  using web = await Deno.connect({ hostname: "127.0.0.1", port: world.port });
  await web.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  assertEquals(await world.refusal(), "a web client came without TLS: let it use https:// or wss://");
  world.close();
});

/** What a client says first that offers this protocol. */
async function helloOf(protocol: string): Promise<Uint8Array<ArrayBuffer>> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dialing = dialTls(parseAddress(`localhost:${listener.addr.port}`), { protocols: [protocol] }).catch(() => {});
  using connection = await listener.accept();
  const hello = new Uint8Array(4096);
  const count = await connection.read(hello);
  connection.close();
  await dialing;
  return hello.slice(0, count!);
}

tlsTest("a stranger that goes away, before a word and in the middle", async () => {
  const world = await TlsWorld.start();
  (await Deno.connect({ hostname: "127.0.0.1", port: world.port })).close();
  assertEquals(await world.refusal(), "left: it closed the connection without a word");
  const hasty = net.connect({ host: "127.0.0.1", port: world.port }, () => hasty.resetAndDestroy());
  assertEquals(await world.refusal(), "left: it closed the connection without a word");
  const plain = await Deno.connect({ hostname: "127.0.0.1", port: world.port });
  await plain.write(new Uint8Array([0x16, 3, 1, 2, 0, 1]));
  plain.close();
  assertEquals(await world.refusal(), "it was cut during the TLS handshake");
  assertEquals(world.listening.strangers, 0);
  // An attempt of our own that lost its race is no news, one of another program is.
  for (const [protocol, told] of [["tele/2", "left: "], ["h2", ""]]) {
    const rival = await Deno.connect({ hostname: "127.0.0.1", port: world.port });
    await rival.write(await helloOf(protocol!));
    await rival.read(new Uint8Array(64 * 1024));
    rival.close();
    const reason = await world.refusal();
    assert(reason.startsWith(told!) && reason.startsWith("left: ") === (told !== ""), reason);
  }
  world.close();
});

/** A server that does `answer` with each connection, dialed with TLS: the failure. */
async function failureAt(answer: (connection: Deno.TcpConn) => Promise<void>): Promise<string> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = listener.accept().then(async (connection) => {
    await answer(connection);
    connection.close();
  });
  const failure = await failureOf(dialTls(parseAddress(`localhost:${listener.addr.port}`), { protocols: ["tele/2"] }));
  await serving;
  return failure;
}

tlsTest("a server without TLS that answers, and one that hangs up", async () => {
  const answering = (text: string) =>
    failureAt(async (connection) => void await connection.write(new TextEncoder().encode(text)));
  assertEquals(
    await answering("SSH-2.0-x\r\n"),
    "refused: ADDRESS: an SSH server answers there, not a tele server: give the host and port at which that listens",
  );
  assertEquals(
    await answering("\0\0\0\x44\x02"),
    "protocol: ADDRESS: the server there speaks no TLS: leave --tls away, or start the tele server with --tls-cert " +
      "and --tls-key",
  );
  assertEquals(
    await failureAt(async (connection) => void await connection.read(new Uint8Array(4096))),
    "carrier-lost: ADDRESS: the server closed the connection at the TLS hello: if it speaks no TLS, leave --tls away, " +
      "or start the tele server with --tls-cert and --tls-key",
  );
});

tlsTest("nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assertEquals(
    await failureOf(dialTls(parseAddress(`127.0.0.1:${port}`), { protocols: [] })),
    "carrier-lost: ADDRESS: connection refused",
  );
});

/** The error at the start of a listener with these files. */
async function startFailure(settings: Parameters<typeof TlsWorld.start>[0]): Promise<string> {
  return await failureOf(TlsWorld.start(settings));
}

tlsTest("what is wrong with the server's files is told at the start", async () => {
  const { ca, server, client } = await certificates();
  const expired = await ca.issue({ days: -1 });
  const wrong: [settings: Parameters<typeof TlsWorld.start>[0], says: string][] = [
    [{ cert: "nonsense" }, "--tls-cert: there is no certificate in this file"],
    [{ cert: server.key }, "--tls-cert: there is a key in this file but no certificate"],
    [{ key: "nonsense" }, "--tls-key: there is no private key in this file"],
    [{ key: client.key }, "--tls-key: this is not the key of the certificate in --tls-cert"],
    [{ cert: ca.cert, key: ca.key }, "--tls-cert: this is the certificate of a CA"],
    [expired, "--tls-cert: this certificate expired on 20"],
    [await ca.issue({ startsInDays: 2 }), "--tls-cert: this certificate is valid only from 20"],
    [{ clientCa: "nonsense" }, "--tls-client-ca: there is no certificate in this file"],
    [{ clientCa: (await ca.issue({ isOld: true })).cert }, "--tls-client-ca: this certificate is of X.509 version 1"],
    [{ clientCa: ca.cert + ca.cert.slice(0, 200) }, "--tls-client-ca: a certificate in this file is cut off"],
    [{ clientCa: "" }, "--tls-client-ca: this file is empty"],
    [await ca.issue({ isOld: true }), "--tls-cert: this certificate is of X.509 version 1"],
    [{ cert: ca.cert + server.cert }, "--tls-cert: the certificate of the key in --tls-key must stand first"],
  ];
  for (const [settings, says] of wrong) assertStringIncludes(await startFailure(settings), `bad-input: ${says}`);
});

tlsTest("a PROXY header in front of a TLS hello", async () => {
  for (const header of ["PROXY TCP4 192.0.2.1 192.0.2.2 51000 443\r\n", "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"]) {
    const world = await TlsWorld.start();
    try {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: world.port });
      await connection.write(new TextEncoder().encode(header));
      assertMatch(await world.refusal(), /^a PROXY header comes first/);
    } finally {
      world.close();
    }
  }
});
