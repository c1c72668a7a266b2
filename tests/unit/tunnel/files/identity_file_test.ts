import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { loadIdentity, stateFolder } from "../../../../lib/tunnel/files/identity_file.ts";
import { inFolder } from "../../../support/folder.ts";
import { until } from "../../../support/wait.ts";

Deno.test({
  name: "an identity is kept as two lines of hexadecimal digits that only its owner can read",
  // The file stays open, and locked, for as long as the process lives.
  sanitizeResources: false,
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (base) => {
      const folder = `${base}/not/there/yet`;
      const lines: string[] = [];
      const log = (level: string, message: string) => void lines.push(`${level} ${message}`);
      const { keys, isStored } = await loadIdentity(folder, ":1", "a:1", log, "a machine");
      assertEquals([isStored, lines], [true, []]);
      const [file, ...others] = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
      assertEquals(others, []);
      assertEquals([folder, file!].map((path) => Deno.statSync(path).mode! & 0o777), [0o700, 0o600]);
      const exported = await Promise.all([
        crypto.subtle.exportKey("pkcs8", keys.privateKey),
        crypto.subtle.exportKey("raw", keys.publicKey),
      ]);
      const told = exported.map((key) => `${encodeHex(new Uint8Array(key))}\n`).join("");
      assertEquals(await Deno.readTextFile(file!), told);
    }),
});

Deno.test({
  name: "the last ticket stands behind the keys, and the next process has it",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const lines: string[] = [];
      const load = () => loadIdentity(folder, ":1", "a:1", (_level, message) => void lines.push(message), "a machine");
      const [path] = await (async () => {
        const first = await load();
        assertEquals(first.ticket, undefined);
        for (const byte of [1, 2, 3]) first.keep(new Uint8Array(80 + byte).fill(byte));
        const names = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
        await until(() => Deno.readTextFileSync(names[0]!).split("\n").length === 4, 5_000, "the third line");
        await until(() => Deno.statSync(names[0]!).size === 162 + 2 * 83 + 1, 5_000, "the last ticket");
        first.release();
        return names;
      })();
      const second = await load();
      assertEquals(second.ticket, new Uint8Array(83).fill(3));
      second.release();
      second.keep(new Uint8Array(80));
      // Killed while it was written, or changed by hand: the keys are what counts.
      for (const tail of ["0102", "no digits", "0".repeat(1001)]) {
        const text = await Deno.readTextFile(path!);
        await Deno.writeTextFile(path!, text.slice(0, 162) + tail);
        const next = await load();
        assertEquals([next.ticket, next.isStored], [undefined, true]);
        next.release();
      }
      assertEquals(lines, []);
    }),
});

Deno.test({
  name: "a client that has ended lets another one in this process be it",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      // Deno 2.6.8 can only wait for a lock, so there the server tells the second client that it was replaced.
      const canLock = "tryLock" in Deno.FsFile.prototype;
      const load = () => loadIdentity(folder, ":1", "a:1", () => {}, "a machine");
      const publicKey = async (keys: CryptoKeyPair) => encodeHex(await crypto.subtle.exportKey("raw", keys.publicKey));
      const first = await load();
      const beside = await load();
      assertEquals([first.isStored, beside.isStored], [true, !canLock]);
      beside.release();
      first.release();
      const next = await load();
      assertEquals([next.isStored, await publicKey(next.keys)], [true, await publicKey(first.keys)]);
      next.release();
    }),
});

Deno.test("where the file cannot be kept the identity is in memory, and one warning says why", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "in the way");
    const log: string[] = [];
    const load = () =>
      loadIdentity(`${folder}/file/tele`, ":1", "a:1", (level, message) => log.push(`${level} ${message}`));
    const [first, second] = [await load(), await load()];
    assertEquals([first.isStored, second.isStored], [false, false]);
    assertEquals(log.length, 2);
    assertStringIncludes(log[0], `warn cannot keep a client's identity in ${folder}/file/tele: `);
    assert(!log[0].includes("os error"), log[0]);
    assertStringIncludes(log[0], "in memory only");
    const raw = async (keys: CryptoKeyPair) => new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
    assertNotEquals(await raw(first.keys), await raw(second.keys));
  }));

Deno.test("without a state folder the identity is in memory, and a line says what to set, and what follows", async () => {
  const log: string[] = [];
  const { isStored } = await loadIdentity(undefined, ":1", "a:1", (level, message) => log.push(`${level} ${message}`));
  assertEquals([isStored, log.length], [false, 1]);
  assertMatch(log[0], /^info (HOME|LOCALAPPDATA) is not set, .* an hour at most$/);
});

Deno.test("the state folder is where each system keeps state", () => {
  const folder = (os: typeof Deno.build.os, variables: Record<string, string>) =>
    stateFolder((name) => variables[name], os);
  const home = { HOME: "/home/me" };
  assertEquals(folder("linux", home), "/home/me/.local/state/tele");
  assertEquals(folder("freebsd", home), "/home/me/.local/state/tele");
  assertEquals(folder("linux", { ...home, XDG_STATE_HOME: "/state" }), "/state/tele");
  assertEquals(folder("linux", { ...home, XDG_STATE_HOME: "" }), "/home/me/.local/state/tele");
  assertEquals(folder("darwin", home), "/home/me/Library/Application Support/tele");
  assertEquals(folder("darwin", { ...home, XDG_STATE_HOME: "/state" }), "/state/tele");
  assertEquals(
    folder("windows", { ...home, LOCALAPPDATA: "C:\\Users\\me\\AppData\\Local" }),
    "C:\\Users\\me\\AppData\\Local/tele",
  );
  for (const os of ["linux", "darwin", "windows"] as const) assertEquals(folder(os, {}), undefined);
});
