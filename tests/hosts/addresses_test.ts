/** Listening and dialing where the machine is set up in an unusual way. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Outcome } from "../support/addresses_main.ts";
import { requiresHosts } from "../support/namespace.ts";
import { program } from "../support/skip.ts";

Deno.test({
  name: "both families with bindv6only, addresses with a zone, and no local port left",
  ...requiresHosts("unshare"),
  async fn() {
    const main = new URL("../support/addresses_main.ts", import.meta.url).pathname;
    const command = new Deno.Command(program("unshare"), {
      args: ["-n", Deno.execPath(), "run", "-A", main],
      signal: AbortSignal.timeout(60_000),
    });
    const { code, stdout, stderr } = await command.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const lines: Outcome[] = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
    const outcomes = Object.fromEntries(lines.map(({ tried, outcome }) => [tried, outcome]));
    assertMatch(outcomes["no port left"], /no local port left/);
    assertEquals(outcomes["no port left, waiting"], "ports");
    assertEquals(outcomes["ports again"], "connected");
    assertEquals(outcomes["zone"], "connected");
    for (const only of [0, 1]) {
      for (const host of ["127.0.0.1", "[::1]"]) assertEquals(outcomes[`bindv6only=${only}, ${host}`], "connected");
      assertEquals(outcomes[`bindv6only=${only}, warnings`], "");
    }
  },
});
