/** Nothing that a connection needed stays when it has ended, however it ended. */
import { assert, assertEquals } from "@std/assert";
import { hasNodeDuplex } from "../../lib/net/node_duplex.ts";
import type { Leak } from "../support/leaks_main.ts";
import { requires } from "../support/skip.ts";
import { certificates } from "../support/tls_world.ts";

/** What is allowed for each connection: what comes and goes in the heap, spread over all of them. */
const MOST_BYTES = 1024;

/** The scenarios, measured in a process of their own. */
async function measured(): Promise<Leak[]> {
  const folder = await Deno.makeTempDir();
  try {
    const { server, ca } = await certificates();
    const files = Object.entries({ cert: server.cert, key: server.key, ca: ca.cert });
    for (const [name, text] of files) await Deno.writeTextFile(`${folder}/${name}`, text);
    const main = new URL("../support/leaks_main.ts", import.meta.url).pathname;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--v8-flags=--expose-gc", main, ...files.map(([name]) => `${folder}/${name}`)],
      signal: AbortSignal.timeout(120_000),
    });
    const { code, stdout, stderr } = await command.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// Where users' connections cannot be reset they are closed, and a close never left anything behind.
if (hasNodeDuplex()) {
  Deno.test({
    name: "a connection that was reset, refused or given up leaves less than 1 KiB, in both modes and both roles",
    ...requires("openssl"),
    // `/proc` counts descriptors.
    ignore: Deno.build.os !== "linux",
    async fn() {
      const leaks = await measured();
      assertEquals(leaks.length, 11);
      for (const { scenario, bytesEach, descriptors } of leaks) {
        console.log(`  ${scenario}: ${Math.round(bytesEach)} bytes each, ${descriptors} descriptors`);
      }
      assertEquals(leaks.filter(({ bytesEach }) => bytesEach > MOST_BYTES).map(({ scenario }) => scenario), []);
      assert(leaks.every(({ descriptors }) => descriptors < 20), "descriptors stay open");
    },
  });
}
