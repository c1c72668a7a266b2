import { assertEquals, assertThrows } from "@std/assert";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";

Deno.test("--completion=SHELL prints for a shell, --man the page, each alone", () => {
  assertEquals(parseCommandLine(["--completion=zsh"]), { kind: "completion", shell: "zsh" });
  assertEquals(parseCommandLine(["--completion", "powershell"]), { kind: "completion", shell: "powershell" });
  assertEquals(parseCommandLine(["--man"]), { kind: "man" });
  const alone = (option: string, other: string) =>
    `${option} does one thing and ends; ${other} would do nothing: leave it out`;
  assertThrows(() => parseCommandLine(["--man", "--server"]), Error, alone("--man", "--server"));
  assertThrows(() => parseCommandLine(["--completion=bash", "--man"]), Error, alone("--completion", "--man"));
  assertThrows(() => parseCommandLine(["--completion"]), Error, "--completion takes bash, zsh, fish or powershell");
});

Deno.test("a role does not take --completion", () => {
  const server = ["--server", "--in=:22", "--completion=bash"];
  assertThrows(
    () => parseCommandLine(server),
    Error,
    "--completion does one thing and ends; --server would do nothing",
  );
});
