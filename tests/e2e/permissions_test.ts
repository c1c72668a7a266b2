/** The manual's permissions, and those of the compiled program, are enough for both roles. */
import { assertStringIncludes } from "@std/assert";
import { PERMISSIONS } from "../../scripts/compile/permissions.ts";
import { scenario } from "../support/scenario.ts";
import { onUnix } from "../support/skip.ts";
import { within } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url);
const MAIN = new URL("main.ts", ROOT).href;
const MANUAL = await Deno.readTextFile(new URL("lib/tunnel/MANUAL.md", ROOT));

const PRINTED = /^--no-prompt .*$/m.exec(MANUAL)![0].split(" ");

Deno.test("with the manual's permissions, and with hardly any, both roles start without a question", async () => {
  for (const permissions of [PRINTED, ["--no-prompt", "--allow-net", "--allow-env"]]) {
    await starts(permissions, ["--server", "--in=:22", "--out=127.0.0.1:0"]);
    await starts(permissions, ["--client", "--out=127.0.0.1:1"]);
  }
});

Deno.test({
  name: "the permissions of the manual and of the compiled program are enough for unix sockets",
  ...onUnix(),
  fn: scenario(120_000, async (s) => {
    for (const permissions of [PRINTED, PERMISSIONS]) {
      await starts(permissions, ["--server", `--in=unix:${s.home}/user`, `--out=unix:${s.home}/out`]);
      await starts(permissions, ["--client", `--in=unix:${s.home}/in`, `--out=unix:${s.home}/out`]);
    }
  }),
});

/** Starts a role, waits for its ready line, and ends it. */
async function starts(permissions: readonly string[], role: readonly string[]): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...permissions, MAIN, ...role, "--log-level=error"],
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
