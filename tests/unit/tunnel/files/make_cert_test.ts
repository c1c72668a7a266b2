/** `tele --make-cert`: its files, and that every TLS implementation at hand takes them. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { parseHostNames } from "../../../../lib/tunnel/values/host_name.ts";
import { makeCertificate, writeCertificate } from "../../../../lib/tunnel/files/make_cert.ts";
import { program, requires } from "../../../support/skip.ts";
import { within } from "../../../support/wait.ts";

const HOSTS = parseHostNames("localhost,*.example.com,127.0.0.1,::1");
const NOW = Date.now();

/** The names that the pair is good for, and some that it is not: what a peer must say of each. */
const NAMES: [name: string, good: boolean][] = [
  ["localhost", true],
  ["www.example.com", true],
  ["127.0.0.1", true],
  ["::1", true],
  ["other.example", false],
  ["example.com", false],
  ["a.b.example.com", false],
  ["127.0.0.2", false],
];

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) found.push(entry.name);
  return found.sort();
}

/** Runs a program; its exit code and all that it wrote. */
async function execute(name: string, args: string[]): Promise<{ code: number; text: string }> {
  const command = new Deno.Command(program(name), { args, stdin: "null" });
  const { code, stdout, stderr } = await within(command.output(), 30_000, name);
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("the files are written once, with narrow modes, and what to do next is told", async () => {
  await inFolder(async (root) => {
    const folder = `${root}/a/tls`;
    const told = await writeCertificate(`${folder}/`, HOSTS);
    assertEquals(await names(folder), ["cert.pem", "key.pem"]);
    const modes = [folder, `${folder}/key.pem`].map((path) => (Deno.statSync(path).mode ?? 0) & 0o777);
    if (Deno.build.os !== "windows") assertEquals(modes, [0o700, 0o600]);
    assertStringIncludes(told, `wrote ${folder}/cert.pem and ${folder}/key.pem\n`);
    assertStringIncludes(told, `--out=:40300 --tls-cert=${folder}/cert.pem --tls-key=${folder}/key.pem\n`);
    assertStringIncludes(told, "--out=localhost:40300 --tls-ca=cert.pem");
    const certificate = await Deno.readTextFile(`${folder}/cert.pem`);
    assertMatch(certificate, /^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n$/);
    assertMatch(
      await Deno.readTextFile(`${folder}/key.pem`),
      /^-----BEGIN PRIVATE KEY-----\n[^-]+-----END [^-]+-----\n$/,
    );
  });
});

Deno.test("a file that exists is left as it is, and nothing is written beside it", async () => {
  for (const taken of ["cert.pem", "key.pem"]) {
    await inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/${taken}`, "mine");
      const error = await assertRejects(() => writeCertificate(folder, HOSTS), TeleError);
      assertEquals(error.code, "bad-input");
      assertStringIncludes(error.message, `${folder}/${taken} exists and is left as it is; nothing was written`);
      assertEquals(await names(folder), [taken]);
      assertEquals(await Deno.readTextFile(`${folder}/${taken}`), "mine");
    });
  }
});

Deno.test("a folder that cannot be made gets a sentence", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const error = await assertRejects(() => writeCertificate(`${folder}/file/tls`, HOSTS), TeleError);
    assertStringIncludes(error.message, `cannot make the folder ${folder}/file/tls: `);
  });
});

Deno.test("an odd folder is one word in the next command, and an IPv6 address has its brackets", async () => {
  await inFolder(async (root) => {
    const told = await writeCertificate(`${root}/it's here`, parseHostNames("::1"));
    assertStringIncludes(told, `--tls-key='${root}/it'\\''s here/key.pem'`);
    assertStringIncludes(told, "--out=[::1]:40300");
    assertStringIncludes(await writeCertificate(`${root}/w`, parseHostNames("*.a.com")), "--out=www.a.com:40300");
  });
});

Deno.test("two certificates differ, and a long name still has one", async () => {
  const [one, two] = await Promise.all([makeCertificate(HOSTS, NOW), makeCertificate(HOSTS, NOW)]);
  assert(one.certificate !== two.certificate && one.key !== two.key);
  const long = parseHostNames(`${"a".repeat(60)}.example.com`);
  assertStringIncludes((await makeCertificate(long, NOW)).certificate, "BEGIN CERTIFICATE");
});

Deno.test("rustls takes the pair at both ends, for its names only", async () => {
  const { certificate: cert, key } = await makeCertificate(HOSTS, NOW);
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  const { port } = listener.addr;
  const accepting = (async () => {
    for await (const conn of listener) conn.handshake().catch(() => {}).finally(() => conn.close());
  })().catch(() => {});
  for (const [name, good] of NAMES) {
    const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
    const conn = await Deno.startTls(tcp, { hostname: name, caCerts: [cert] });
    const handshake = within(conn.handshake(), 10_000, name);
    if (good) await handshake;
    else await assertRejects(() => handshake, Error, "certificate not valid for name", name);
    conn.close();
  }
  listener.close();
  await accepting;
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
      for (const [name, good] of NAMES) {
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
      const { code, text } = await execute("python3", ["-c", PYTHON, folder, ...NAMES.map(([name]) => name)]);
      assertEquals(code, 0, text);
      const lines = text.trimEnd().split("\n");
      assertEquals(lines.length, NAMES.length);
      for (const [at, [name, good]] of NAMES.entries()) {
        assertMatch(lines[at] ?? "", good ? /: good$/ : /: .* mismatch, certificate is not valid for/, name);
      }
    });
  },
});
