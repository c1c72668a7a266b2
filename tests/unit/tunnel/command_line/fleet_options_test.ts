/** `--node`: an address that other servers can dial as it stands. */
import { assertThrows } from "@std/assert";
import { NODE } from "../../../../lib/tunnel/command_line/fleet_options.ts";

Deno.test("a node is an address that other servers can dial as it stands", () => {
  for (const node of ["10.0.0.7:40301", "[fd00::7]:40301", "tele-0.tele:40301", "unix:/run/tele/a.sock"]) {
    NODE.parse(node);
  }
  for (
    const [node, words] of [
      [":40301", "write the address of this machine"],
      ["0.0.0.0:40301", "write the address of this machine"],
      ["[::]:40301", "write the address of this machine"],
      ["10.0.0.7:0", "cannot dial port 0"],
      [`${"a.".repeat(39)}example:40301`, "longer than the 80 bytes"],
    ] as const
  ) {
    assertThrows(() => NODE.parse(node), Error, words);
  }
});
