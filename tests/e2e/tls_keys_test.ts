/** Private keys: in every form that OpenSSL writes, and the right one in nobody else's hands. */
import { assert, assertEquals } from "@std/assert";
import { checkPair } from "../../lib/net/tls_certificate.ts";
import { TestCa } from "../support/certificates.ts";
import { OpensslClient } from "../support/openssl_client.ts";
import { program } from "../support/skip.ts";
import { certificates, tlsTest, TlsWorld } from "../support/tls_world.ts";

async function openssl(input: string, ...args: string[]): Promise<string> {
  const child = new Deno.Command(program("openssl"), { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

tlsTest("PEM: every form of key that openssl writes is read", async () => {
  for (const keyOptions of [undefined, ["-newkey", "rsa:2048"], ["-newkey", "ed25519"]]) {
    const pair = await TestCa.make("x", { isCa: false, keyOptions });
    const forms = [pair.key];
    // Ed25519 is from after the older forms.
    if (!keyOptions?.includes("ed25519")) forms.push(await openssl(pair.key, "pkey", "-traditional"));
    if (keyOptions === undefined) forms.push(await openssl("", "ecparam", "-name", "prime256v1") + forms[1]!);
    for (const key of forms) assertEquals(checkPair({ cert: pair.cert, key }).key, checkPair(pair).key);
  }
});

/** OpenSSL's client would not show a certificate with another key. */
const CHECKS_NO_KEY = "int X509_check_private_key(void *c, void *k) { return 1; }\n";

/** Makes a library that takes that check out of a program (`LD_PRELOAD`). */
async function makeCheckless(folder: string): Promise<string> {
  await Deno.writeTextFile(`${folder}/checkless.c`, CHECKS_NO_KEY);
  const args = ["-shared", "-fPIC", "-o", `${folder}/checkless.so`, `${folder}/checkless.c`];
  assert((await new Deno.Command(program("cc"), { args }).output()).success, "the compiler");
  return `${folder}/checkless.so`;
}

// Elsewhere a library is put in front by other means.
if (Deno.build.os === "linux") {
  tlsTest("who has a client's certificate and not its key is not let in", async () => {
    const { ca, client } = await certificates();
    const laptop = await TestCa.make("laptop", { isCa: false });
    const folder = await Deno.makeTempDir();
    const env = { LD_PRELOAD: await makeCheckless(folder) };
    const world = await TlsWorld.start({ clientCa: laptop.cert + ca.cert });
    for (const version of ["1.2", "1.3"] as const) {
      for (const { cert, key } of [{ cert: laptop.cert, key: client.key }, { cert: client.cert, key: laptop.key }]) {
        await using thief = await OpensslClient.make({
          port: world.port,
          pair: { cert, key },
          version,
          protocol: "tele/2",
          env,
        });
        await thief.connect("nothing is said");
        assertEquals(await world.refusal(), "it does not have the key of the client certificate that it shows");
      }
    }
    world.close();
    await Deno.remove(folder, { recursive: true });
  }, "cc");
}
