import { assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { checkTunnelFiles } from "../../../../lib/tunnel/configuration/tunnel_files.ts";
import { onUnix } from "../../../support/skip.ts";
import { tlsTest } from "../../../support/tls_world.ts";
import { clientEntry, serverEntry } from "../../../support/tunnel_entries.ts";

const TOKEN = "correct-horse-battery";

/** The lines of TOML that name files with these contents. */
async function linesOf(folder: string, files: Record<string, string>): Promise<string[]> {
  return await Promise.all(
    Object.entries(files).map(async ([key, text]) => {
      const path = `${folder}/${key}`;
      await Deno.writeTextFile(path, text, { mode: 0o600 });
      return `${key} = ${JSON.stringify(path)}`;
    }),
  );
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await body(folder).finally(() => Deno.remove(folder, { recursive: true }));
}

Deno.test("a token file that is missing or wrong is found, in either role", () =>
  withFolder(async (folder) => {
    // Deno 2.6.8 cannot seal.
    const never = 'encryption = "never"';
    for (const entry of [serverEntry, clientEntry]) {
      await checkTunnelFiles(entry("a", 1, never, ...await linesOf(folder, { "token-file": TOKEN })));
      const wrong = entry("a", 1, never, ...await linesOf(folder, { "token-file": "short" }));
      await assertRejects(() => checkTunnelFiles(wrong), TeleError, "has 5 bytes");
      await Deno.remove(`${folder}/token-file`);
      await assertRejects(() => checkTunnelFiles(wrong), TeleError, "there is no such file");
    }
  }));

Deno.test("a proxy file that names no proxy is found", () =>
  withFolder(async (folder) => {
    await checkTunnelFiles(
      clientEntry("a", 1, ...await linesOf(folder, { "proxy-file": "http://proxy.example:3128" })),
    );
    const wrong = clientEntry("a", 1, ...await linesOf(folder, { "proxy-file": "ftp://proxy.example" }));
    await assertRejects(() => checkTunnelFiles(wrong), TeleError, "--proxy-file");
  }));

tlsTest("a certificate that is none is found, in either role", () =>
  withFolder(async (folder) => {
    const server = serverEntry("a", 1, ...await linesOf(folder, { "tls-cert": "none", "tls-key": "none" }));
    await assertRejects(() => checkTunnelFiles(server), TeleError, "--tls-cert");
    const client = clientEntry("a", 1, ...await linesOf(folder, { "tls-ca": "none" }));
    await assertRejects(() => checkTunnelFiles(client), TeleError, "--tls-ca");
  }));

Deno.test({
  name: "what could not be read again is left for the start",
  ...onUnix(),
  // It is empty, and no regular file, as a pipe is none.
  fn: () => checkTunnelFiles(serverEntry("a", 1, 'token-file = "/dev/null"')),
});
