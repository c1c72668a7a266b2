import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { makeCertificate, writeCertificate } from "../../../../lib/tunnel/files/make_cert.ts";
import { parseHostNames } from "../../../../lib/tunnel/values/host_name.ts";
import { CERTIFIED, HOST_NAMES } from "../../../support/certified_names.ts";
import { inFolder } from "../../../support/folder.ts";
import { within } from "../../../support/wait.ts";

const HOSTS = parseHostNames(HOST_NAMES);
const NOW = Date.now();

async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) found.push(entry.name);
  return found.sort();
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
  for (const [name, good] of CERTIFIED) {
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
