/**
 * Who a client is, from one process to the next: the identity file between processes that run one after another, or at
 * once.
 */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import { fileURLToPath } from "node:url";
import { isNodeSound } from "../../lib/net/runtime.ts";
import { machineName } from "../../lib/tunnel/files/machine.ts";
import { inFolder } from "../support/folder.ts";
import { within } from "../support/wait.ts";

/** Deno 2.9 can ask for a lock without waiting for it; 2.6 cannot, and shares the file. */
const CAN_LOCK = isNodeSound();

/** A process that holds an identity until it is told to end. */
class Holder implements AsyncDisposable {
  readonly publicKey: string;
  readonly log: string[];
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, said: { publicKey: string; log: string[] }) {
    this.#child = child;
    this.publicKey = said.publicKey;
    this.log = said.log;
  }

  static async start(
    folder: string,
    listen = "127.0.0.1:2222",
    server = "example.com:40300",
    machine = machineName(),
  ): Promise<Holder> {
    const main = fileURLToPath(new URL("../support/identity_main.ts", import.meta.url));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--v8-flags=--expose-gc", main, folder, listen, server, machine],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    let said = "";
    while (!said.includes("\n")) {
      const { value, done } = await within(reader.read(), 20_000, "the identity process");
      if (done) throw new Error(`the identity process ended with ${JSON.stringify(said)}`);
      said += new TextDecoder().decode(value);
    }
    await reader.cancel();
    return new Holder(child, JSON.parse(said));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await within(this.#child.status, 20_000, "the end of the identity process");
  }
}

async function identityFiles(folder: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return names.filter((name) => name.startsWith("identity-")).sort();
}

Deno.test("an identity is made once, for its owner only, and is the same in the next process", () =>
  inFolder(async (base) => {
    const folder = `${base}/not/there/yet`;
    let publicKey: string;
    {
      await using first = await Holder.start(folder);
      publicKey = first.publicKey;
      assertEquals([first.publicKey.length, first.log], [64, []]);
    }
    const [name, ...others] = await identityFiles(folder);
    assertEquals(others, []);
    assertEquals((await Deno.stat(`${folder}/${name}`)).mode! & 0o777, 0o600);
    assertEquals((await Deno.stat(folder)).mode! & 0o777, 0o700);
    await using second = await Holder.start(folder);
    assertEquals([second.publicKey, second.log], [publicKey, []]);
  }));

Deno.test("each server and each listen address has an identity of its own", () =>
  inFolder(async (folder) => {
    await using first = await Holder.start(folder, "127.0.0.1:1", "a:1");
    await using second = await Holder.start(folder, "127.0.0.1:1", "b:1");
    await using third = await Holder.start(folder, "127.0.0.1:2", "a:1");
    assertEquals(new Set([first, second, third].map(({ publicKey }) => publicKey)).size, 3);
    assertEquals((await identityFiles(folder)).length, 3);
  }));

Deno.test("in a folder that was copied to another machine a client makes an identity of its own, and says so once", () =>
  inFolder(async (folder) => {
    await using first = await Holder.start(folder, ":1", "a:1", "one laptop");
    assertEquals(first.log, []);
    await using copied = await Holder.start(folder, ":1", "a:1", "another laptop");
    assertNotEquals(copied.publicKey, first.publicKey);
    assertEquals(copied.log.length, 1);
    assertMatch(copied.log[0], /^info the identity in .* is another machine's, or this one's under a former host name/);
    const names = await identityFiles(folder);
    assertEquals(new Set(names.map((name) => name.slice(0, 25))).size, 1);
    // Another client on that machine has nothing to be told of.
    await using other = await Holder.start(folder, ":2", "a:1", "another laptop");
    assertEquals([names.length, other.log], [2, []]);
  }));

Deno.test("a second process with the same addresses gets keys of its own, in memory, while the first runs", () =>
  inFolder(async (folder) => {
    let publicKey: string;
    {
      await using first = await Holder.start(folder);
      await using second = await Holder.start(folder);
      publicKey = first.publicKey;
      if (CAN_LOCK) {
        assertNotEquals(second.publicKey, first.publicKey);
        assertEquals(second.log.length, 1);
        assertMatch(second.log[0], /^info another tele client .* in memory only, .* an hour at most$/);
      } else {
        assertEquals(second.publicKey, first.publicKey);
      }
    }
    await using third = await Holder.start(folder);
    assertEquals(third.publicKey, publicKey, "the file is as it was");
  }));

Deno.test("the keys in the file are the keys in use: what one process signs, another verifies", () =>
  inFolder(async (folder) => {
    const { publicKey } = await (async () => {
      await using holder = await Holder.start(folder);
      return holder;
    })();
    const [name] = await identityFiles(folder);
    const [privateText, publicText] = (await Deno.readTextFile(`${folder}/${name}`)).trim().split("\n");
    assertEquals(publicText, publicKey);
    const key = await crypto.subtle.importKey("pkcs8", decodeHex(privateText), "Ed25519", false, ["sign"]);
    const verify = await crypto.subtle.importKey("raw", decodeHex(publicText), "Ed25519", false, ["verify"]);
    const words = new TextEncoder().encode("words");
    assert(await crypto.subtle.verify("Ed25519", verify, await crypto.subtle.sign("Ed25519", key, words), words));
  }));

Deno.test("an identity file that makes no sense is left alone, and a warning names its folder", () =>
  inFolder(async (folder) => {
    await (await Holder.start(folder))[Symbol.asyncDispose]();
    const [name] = await identityFiles(folder);
    await Deno.writeTextFile(`${folder}/${name}`, "not\nkeys\n");
    await using holder = await Holder.start(folder);
    assertEquals(holder.log.length, 1);
    assertStringIncludes(holder.log[0], `warn cannot keep a client's identity in ${folder}: `);
    assertEquals(await Deno.readTextFile(`${folder}/${name}`), "not\nkeys\n");
  }));

Deno.test("an identity file that was cut short by a crash is made anew", () =>
  inFolder(async (folder) => {
    await (await Holder.start(folder))[Symbol.asyncDispose]();
    const [name] = await identityFiles(folder);
    await Deno.writeTextFile(`${folder}/${name}`, "");
    {
      await using holder = await Holder.start(folder);
      assertEquals(holder.log, []);
      assertStringIncludes(await Deno.readTextFile(`${folder}/${name}`), holder.publicKey);
    }
  }));
