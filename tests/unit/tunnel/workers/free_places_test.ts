/** Whether the ports that workers are to share are free. */
import { assert, assertRejects, assertStringIncludes } from "@std/assert";
import { systemClock } from "../../../../lib/net/clock.ts";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import { checkPlacesAreFree } from "../../../../lib/tunnel/workers/free_places.ts";
import { freePort } from "../../../support/user_programs.ts";

/** Each place of both roles, at `port`; all others are free. */
function commandsAt(port: number): string[][] {
  const [other, third] = [freePort(), freePort()];
  const at = (port: number) => `127.0.0.1:${port}`;
  const client = ["--client", "--out=a.invalid:40300", "--workers=1"];
  return [
    ["--server", "--in=:1", `--out=${at(port)}`, "--workers=1"],
    ["--server", "--in=:1", `--out=${at(other)}`, `--reverse-listen=${at(port)}=nas`, "--workers=1"],
    ["--server", "--in=:1", `--out=${at(other)}`, `--node=${at(port)}`, "--fleet-key-file=k", "--workers=1"],
    [...client, `--in=${at(port)}`],
    [...client, `--in=${at(other)}`, `--forward=${at(third)}=web`, `--socks=${at(port)}`],
  ];
}

function check(args: string[]): Promise<void> {
  const command = parseCommandLine(args);
  assert(command.kind === "server" || command.kind === "client");
  return checkPlacesAreFree(command, systemClock);
}

Deno.test("a place that another program has is told, whichever it is, though that program would share it", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: freePort(), reusePort: true });
  for (const args of commandsAt(other.addr.port)) {
    const { message } = await assertRejects(() => check(args), Error, "another program does", args.join(" "));
    assertStringIncludes(message, "if it is workers whose parent was killed, they end");
  }
});

Deno.test("places that are free are free afterwards", async () => {
  for (const args of commandsAt(freePort())) {
    await check(args);
    await check(args);
  }
});
