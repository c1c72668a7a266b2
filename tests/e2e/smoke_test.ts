/**
 * The smoke test that users run: that it passes with this source, and that it can fail.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { smoke } from "../support/smoke_run.ts";

Deno.test("the smoke test passes with the source", async () => {
  const { code, output, errors } = await smoke();
  assertEquals([code, errors], [0, ""], `${output}\n${errors}`);
  for (const outage of ["1, reset", "2, closed", "3, black hole of 4 s"]) {
    assertMatch(output, new RegExp(`^ok outage ${outage}: data flows again \\d+\\.\\d s after it began$`, "m"));
  }
  for (const direction of ["up", "down"]) {
    assertMatch(output, new RegExp(`^ok ${direction}: \\d+\\.\\d MiB, SHA-256 equal$`, "m"));
  }
});

Deno.test({
  name: "the smoke test fails with a program that does not outlive a reset",
  // A shell script stands in for the program.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const relay = fileURLToPath(new URL("../support/plain_relay_main.ts", import.meta.url));
      const script = `#!/bin/sh\nexec '${Deno.execPath()}' run -A --no-config '${relay}' "$@"\n`;
      await Deno.writeTextFile(`${folder}/tele`, script, { mode: 0o755 });
      const { code, output, errors } = await smoke(`--bin=${folder}/tele`);
      assertEquals(code, 1, output);
      assertStringIncludes(output, "ok data flows both ways\n");
      assertMatch(errors, /^smoke: failed after \d+\.\d s: the user's (client|server), \w+ing, saw an error: [^\n]+\n/);
      assertStringIncludes(errors, "  log of the tele client:\n");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "the smoke test that is interrupted, as by a CI's time-out, leaves no tele behind",
  // Windows has no signal that asks a process to end.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const script = fileURLToPath(new URL("../../scripts/smoke/main.ts", import.meta.url));
    const args = ["run", "-A", "--quiet", script];
    const child = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped", stderr: "null" }).spawn();
    let output = "";
    let isAsked = false;
    const portsOf = (text: string) => [...text.matchAll(/ready on port (\d+)\n/g)].map(([, port]) => Number(port));
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      output += text;
      if (isAsked || portsOf(output).length < 2) continue;
      isAsked = true;
      child.kill("SIGTERM");
    }
    assertEquals((await child.status).code, 130, output);
    const ports = portsOf(output);
    assertEquals(ports.length, 2);
    for (const port of ports) await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }));
  },
});

Deno.test("the smoke test says what is wrong with its command line, or with the program", async () => {
  const missing = await smoke("--bin=/no/such/tele");
  assertEquals([missing.code, missing.output], [1, ""]);
  assertStringIncludes(missing.errors, "smoke: --bin=/no/such/tele: there is no such file; give the path of a tele");
  const wrong = await smoke("--binn=x");
  assertEquals([wrong.code, wrong.output], [2, ""]);
  assertStringIncludes(wrong.errors, 'smoke: unknown argument "--binn=x"; it takes --bin=PATH and --help');
  const other = await smoke(`--bin=${Deno.execPath()}`);
  assertEquals(other.code, 1, "a program that is no tele");
  const help = await smoke("--help");
  assertEquals([help.code, help.errors], [0, ""]);
  for (const line of help.output.split("\n")) assert(line.length <= 80, line);
});
