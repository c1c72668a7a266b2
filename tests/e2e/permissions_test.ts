/** The manual's permissions are enough for both roles. */
import { assertStringIncludes } from "@std/assert";
import { within } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url);
const MANUAL = await Deno.readTextFile(new URL("lib/tunnel/MANUAL.md", ROOT));

Deno.test("with the manual's permissions, and with hardly any, both roles start without a question", async () => {
  const printed = /^--no-prompt .*$/m.exec(MANUAL)![0].split(" ");
  const hardlyAny = ["--no-prompt", "--allow-net", "--allow-env"];
  const main = new URL("main.ts", ROOT).href;
  for (const flags of [printed, hardlyAny]) {
    for (const role of [["--server", "--in=:22", "--out=127.0.0.1:0"], ["--client", "--out=127.0.0.1:1"]]) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", ...flags, main, ...role, "--log-level=error"],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const stderr = new Response(child.stderr).text();
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const { value } = await within(reader.read(), 20_000, "the ready line");
      if (value !== undefined) child.kill("SIGKILL");
      assertStringIncludes(value ?? await stderr, `tele ${role[0]!.slice(2)} ready: `);
      await Promise.all([child.status, stderr, reader.cancel()]);
    }
  }
});
