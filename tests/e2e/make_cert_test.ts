/** The pair of `tele --make-cert`, as other TLS implementations take it. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import tls from "node:tls";
import { makeCertificate, writeCertificate } from "../../lib/tunnel/files/make_cert.ts";
import { parseHostNames } from "../../lib/tunnel/values/host_name.ts";
import { CERTIFIED, HOST_NAMES } from "../support/certified_names.ts";
import { inFolder } from "../support/folder.ts";
import { program, requires } from "../support/skip.ts";
import { within } from "../support/wait.ts";

const HOSTS = parseHostNames(HOST_NAMES);
const NOW = Date.now();

/** Runs a program; its exit code and all that it wrote. */
async function execute(name: string, args: string[]): Promise<{ code: number; text: string }> {
  const command = new Deno.Command(program(name), { args, stdin: "null" });
  const { code, stdout, stderr } = await within(command.output(), 30_000, name);
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("node:tls takes the pair as server's and as client's certificate, and no other client's", async () => {
  // Two clients of the same name: a file for --tls-client-ca is such certificates one after the other.
  const [server, client, another] = await Promise.all([1, 2, 3].map(() => makeCertificate(HOSTS, NOW)));
  assert(server !== undefined && client !== undefined && another !== undefined);
  const ofServer = { cert: server.certificate, key: server.key };
  const listener = tls.createServer({
    ...ofServer,
    requestCert: true,
    rejectUnauthorized: true,
    ca: client.certificate + another.certificate,
  });
  listener.on("secureConnection", (socket) => socket.on("error", () => {}).end("welcome"));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as { port: number };
  const dial = async (pair: { certificate: string; key: string }) => {
    const options = { hostname: "127.0.0.1", port, caCerts: [server.certificate] };
    using conn = await Deno.connectTls({ ...options, cert: pair.certificate, key: pair.key });
    const bytes = new Uint8Array(16);
    const count = await within(conn.read(bytes), 10_000, "the server's word");
    return new TextDecoder().decode(bytes.subarray(0, count ?? 0));
  };
  try {
    assertEquals(await dial(client), "welcome");
    assertEquals(await dial(another), "welcome");
    const stranger = await makeCertificate(HOSTS, NOW);
    const outcome = await dial(stranger).catch(() => "refused");
    assert(outcome !== "welcome", "a certificate that nobody vouches for");
  } finally {
    await new Promise((resolve) => listener.close(resolve));
  }
});

Deno.test({
  name: "openssl says that the certificate is what it should be",
  ...requires("openssl"),
  async fn() {
    await inFolder(async (folder) => {
      await writeCertificate(folder, HOSTS);
      const cert = `${folder}/cert.pem`;
      const { text } = await execute("openssl", ["x509", "-in", cert, "-noout", "-text"]);
      assertMatch(text, /Basic Constraints: critical\s+CA:FALSE/);
      assertMatch(text, /Key Usage: critical\s+Digital Signature\n/);
      assertStringIncludes(text, "TLS Web Server Authentication, TLS Web Client Authentication");
      assertMatch(text, /DNS:localhost, DNS:\*\.example\.com, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1\n/);
      assertMatch(text, /Serial Number:\s+[4-7][0-9a-f](:[0-9a-f]{2}){15}\n/);
      assertStringIncludes(text, "NIST CURVE: P-256");
      const before = Date.parse(/Not Before: (.*)/.exec(text)?.[1] ?? "");
      const after = Date.parse(/Not After : (.*)/.exec(text)?.[1] ?? "");
      assert(Math.abs(before - (NOW - 86_400_000)) < 600_000, "valid from a day ago");
      assertEquals(after - before, 3653 * 86_400_000);
      for (const purpose of ["sslserver", "sslclient"]) {
        const verify = ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", cert, cert];
        assertEquals((await execute("openssl", verify)).code, 0, purpose);
      }
      for (const [name, good] of CERTIFIED) {
        const check = /^[\d.]+$|:/.test(name) ? "-verify_ip" : "-verify_hostname";
        const { code } = await execute("openssl", ["verify", "-CAfile", cert, check, name, cert]);
        assertEquals(code === 0, good, name);
      }
      const keys = await Promise.all([
        execute("openssl", ["pkey", "-in", `${folder}/key.pem`, "-pubout"]),
        execute("openssl", ["x509", "-in", cert, "-noout", "-pubkey"]),
      ]);
      assertEquals(keys[0], keys[1], "the key belongs to the certificate");
    });
  },
});

/** Both ends in Python, in memory: `argv` is the folder and then names; prints one line for each. */
const PYTHON = `
import ssl, sys
folder, names = sys.argv[1], sys.argv[2:]
served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
served.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
trusting = ssl.create_default_context(cafile=folder + "/cert.pem")
assert trusting.verify_mode == ssl.CERT_REQUIRED and trusting.check_hostname
trusting.verify_flags |= ssl.VERIFY_X509_STRICT
for name in names:
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(down, up, server_hostname=name)
    server = served.wrap_bio(up, down, server_side=True)
    outcome = "unfinished"
    for turn in range(6):
        for end in (client, server):
            try:
                end.do_handshake()
                if end is client: outcome = "good"
            except ssl.SSLCertVerificationError as error:
                outcome = error.verify_message
            except ssl.SSLError:
                pass # wants more bytes, or hears the other end's refusal
        if outcome != "unfinished": break
    print(name + ": " + outcome)
`;

Deno.test({
  name: "Python's ssl takes the pair, for its names only",
  ...requires("python3"),
  async fn() {
    await inFolder(async (folder) => {
      await writeCertificate(folder, HOSTS);
      const { code, text } = await execute("python3", ["-c", PYTHON, folder, ...CERTIFIED.map(([name]) => name)]);
      assertEquals(code, 0, text);
      const lines = text.trimEnd().split("\n");
      assertEquals(lines.length, CERTIFIED.length);
      for (const [at, [name, good]] of CERTIFIED.entries()) {
        assertMatch(lines[at] ?? "", good ? /: good$/ : /: .* mismatch, certificate is not valid for/, name);
      }
    });
  },
});
