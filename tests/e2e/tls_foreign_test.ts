/** TLS with programs that are not tele: Deno's own TLS (rustls) and Python's (OpenSSL), in both roles. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseAddress } from "../../lib/net/address.ts";
import type { TlsConnection, TlsDialSettings } from "../../lib/net/tls_client.ts";
import { dialTls } from "../../lib/net/tls_dial.ts";
import type { Pair } from "../support/certificates.ts";
import { readAll } from "../support/reading.ts";
import { program } from "../support/skip.ts";
import { certificates, failureOf, tlsTest, TlsWorld } from "../support/tls_world.ts";
import { within } from "../support/wait.ts";

const hello = new TextEncoder().encode("hello");
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function test(name: string, body: () => Promise<void>) {
  tlsTest(name, body, "python3");
}

test("Deno's own TLS at the other end", async () => {
  const { ca, server } = await certificates();
  const world = await TlsWorld.start();
  const theirs = await Deno.connectTls({
    hostname: "localhost",
    port: world.port,
    caCerts: [ca.cert],
    alpnProtocols: ["tele/2"],
  });
  await echoBoth(await world.accept(), theirs);
  world.close();

  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...server, alpnProtocols: ["tele/2"] });
  const accepting = listener.accept();
  const settings = { protocols: ["tele/2"], ca: ca.cert };
  const ours = await dialTls(parseAddress(`127.0.0.1:${listener.addr.port}`), settings);
  await echoBoth(ours, await accepting);
});

async function echoBoth(ours: TlsConnection, theirs: Deno.TlsConn): Promise<void> {
  assertEquals(ours.protocol, "tele/2");
  const into = new Uint8Array(16);
  await ours.duplex.write(hello);
  await ours.duplex.closeWrite();
  assertEquals(await theirs.read(into), 5);
  assertEquals(await theirs.read(into), null);
  await theirs.write(hello);
  assertEquals(await ours.duplex.read(into), 5);
  await theirs.closeWrite();
  assertEquals(await ours.duplex.read(into), null);
  theirs.close();
  ours.duplex.close();
}

test("a foreign server with a certificate that is no good", async () => {
  const { ca } = await certificates();
  const says: [wish: Parameters<typeof ca.issue>[0], sentence: string][] = [
    [
      { days: -1 },
      "the server's certificate was issued by nobody whom this client trusts (pass its CA with --tls-ca=FILE, " +
      "or --tls-ca=system if this machine trusts it), or is not valid now (renew the server's --tls-cert), or not " +
      "made for servers: the tele server's log tells which",
    ],
  ];
  for (const [wish, sentence] of says) {
    using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...await ca.issue(wish) });
    const accepting = listener.accept().then((connection) => connection.handshake().catch(() => {}));
    const settings = { protocols: [], ca: ca.cert };
    const dialing = dialTls(parseAddress(`127.0.0.1:${listener.addr.port}`), settings);
    assertEquals(await failureOf(dialing), `untrusted: ADDRESS: ${sentence}`);
    await accepting;
  }
});

/** Reads all, half-closed by the peer, then answers and half-closes; it says on standard output what it saw. */
const PYTHON_TALK = `
def talk(s):
    print("alpn", s.selected_alpn_protocol(), flush=True)
    got = b""
    while True:
        part = s.recv(4096)
        if part == b"": break
        got += part
    s.sendall(b"you said " + got)
    s.unwrap()
    print("got", got.decode(), flush=True)
`;

const PYTHON_SERVER = `
import socket, ssl, sys
${PYTHON_TALK}
cert, ca = sys.argv[1], sys.argv[2]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert)
context.set_alpn_protocols(["other", "tele/2"])
if ca: context.verify_mode = ssl.CERT_REQUIRED; context.load_verify_locations(ca)
if sys.argv[3] == "1.2": context.maximum_version = ssl.TLSVersion.TLSv1_2
l = socket.create_server(("127.0.0.1", 0))
print(l.getsockname()[1], flush=True)
while True:
    c = l.accept()[0]
    try: talk(context.wrap_socket(c, server_side=True, suppress_ragged_eofs=False))
    except OSError as e: print("failed", e, flush=True)
`;

const PYTHON_CLIENT = `
import socket, ssl, sys
ca, cert, port, end = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
context = ssl.create_default_context(cafile=ca)
context.set_alpn_protocols(["other", "tele/2"])
if cert: context.load_cert_chain(cert)
s = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost", suppress_ragged_eofs=False)
print("alpn", s.selected_alpn_protocol(), flush=True)
s.sendall(b"hello")
print("answer", s.recv(4096).decode(), flush=True)
if end == "unwrap":
    # Sends close_notify and waits for the other side's.
    s.unwrap()
    print("unwrapped", flush=True)
else: s.close()
`;

/** Runs a program in Python; an argument in PEM goes to a file, whose name the program gets. */
async function python(source: string, ...args: string[]) {
  const folder = await Deno.makeTempDir();
  const given = args.map((arg, at) => {
    if (!arg.startsWith("-----BEGIN")) return arg;
    Deno.writeTextFileSync(`${folder}/${at}.pem`, arg);
    return `${folder}/${at}.pem`;
  });
  const command = new Deno.Command(program("python3"), {
    args: ["-c", source, ...given],
    stdout: "piped",
    stderr: "null",
  });
  const child = command.spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new LineStream()).getReader();
  return {
    line: async () => (await within(lines.read(), 20_000, "a line of Python")).value ?? "the end",
    async stop() {
      try {
        child.kill();
      } catch {
        // It has ended.
      }
      await lines.cancel();
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

class LineStream extends TransformStream<string, string> {
  constructor() {
    let rest = "";
    super({
      transform(text, controller) {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line);
      },
    });
  }
}

test("a server in Python: ALPN, half-close, and its answer behind that", async () => {
  const { ca, server } = await certificates();
  for (const version of ["1.2", "1.3"]) {
    const theirs = await python(PYTHON_SERVER, server.cert + server.key, "", version);
    const port = await theirs.line();
    const ours = await dialTls(parseAddress(`localhost:${port}`), { protocols: ["tele/2"], ca: ca.cert });
    assertEquals(ours.protocol, "tele/2");
    await ours.duplex.write(hello);
    await ours.duplex.closeWrite();
    assertEquals(text(await readAll(ours.duplex)), "you said hello");
    assertEquals([await theirs.line(), await theirs.line()], ["alpn tele/2", "got hello"]);
    ours.duplex.close();
    await theirs.stop();
  }
});

test("a client in Python: unwrap waits for our end, a close without it is a cut", async () => {
  const { ca, client } = await certificates();
  const world = await TlsWorld.start({ clientCa: ca.cert });
  for (const end of ["unwrap", "close"]) {
    const theirs = await python(PYTHON_CLIENT, ca.cert, client.cert + client.key, String(world.port), end);
    const ours = await world.accept();
    assertEquals([ours.protocol, await theirs.line()], ["tele/2", "alpn tele/2"]);
    const into = new Uint8Array(16);
    assertEquals(await ours.duplex.read(into), 5);
    await ours.duplex.write(hello);
    assertEquals(await theirs.line(), "answer hello");
    if (end === "unwrap") {
      assertEquals(await ours.duplex.read(into), null);
      await ours.duplex.closeWrite();
      assertEquals(await theirs.line(), "unwrapped");
    } else {
      const failure = await failureOf(ours.duplex.read(into));
      assertEquals(failure, "carrier-lost: the connection was cut: it ended without the end that TLS tells");
    }
    await theirs.stop();
  }
  world.close();
});

test("a client in Python that does not trust us, or has no certificate, is told and told of", async () => {
  const { ca, otherCa } = await certificates();
  const world = await TlsWorld.start({ clientCa: ca.cert });
  const distrusting = await python(PYTHON_CLIENT, otherCa.cert, "", String(world.port), "close");
  assertStringIncludes(await world.refusal(), "it does not trust this server's certificate (UnknownCA)");
  await distrusting.stop();
  const nameless = await python(PYTHON_CLIENT, ca.cert, "", String(world.port), "close");
  assertStringIncludes(await world.refusal(), "it presented no client certificate");
  await nameless.stop();
  world.close();
});

test("a server in Python that wants a client certificate says which it does not like", async () => {
  const { ca, otherCa, server, client } = await certificates();
  const strict = await python(PYTHON_SERVER, server.cert + server.key, ca.cert, "1.3");
  const port = await strict.line();
  const attempt = async (certificate?: Pair) => {
    const settings: TlsDialSettings = { protocols: ["tele/2"], ca: ca.cert, certificate };
    const { duplex } = await dialTls(parseAddress(`localhost:${port}`), settings);
    await duplex.read(new Uint8Array(8)).finally(() => duplex.close());
  };
  const fine = dialTls(parseAddress(`localhost:${port}`), { protocols: ["tele/2"], ca: ca.cert, certificate: client });
  const { duplex } = await fine;
  await duplex.closeWrite();
  assertEquals(text(await readAll(duplex)), "you said ");
  duplex.close();
  assertStringIncludes(await failureOf(attempt()), "the server wants a client certificate: pass one with --tls-cert");
  assertStringIncludes(await failureOf(attempt(await ca.issue({ days: -1 }))), "certificate has expired: renew");
  assertStringIncludes(await failureOf(attempt(await otherCa.issue())), "add its CA to the server's --tls-client-ca");
  await strict.stop();
});
