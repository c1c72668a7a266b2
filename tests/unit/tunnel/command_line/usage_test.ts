import { assertEquals } from "@std/assert";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import { ExitCode } from "../../../../lib/tunnel/command_line/exit_code.ts";
import { parseDrainCommand } from "../../../../lib/tunnel/drain/drain_options.ts";
import { parseServiceCommand } from "../../../../lib/tunnel/service/service_options.ts";
import { parseSshCommand } from "../../../../lib/tunnel/ssh/ssh_options.ts";
import { parseTopCommand } from "../../../../lib/tunnel/top/top_options.ts";
import { EXAMPLE, EXIT_MEANINGS, USAGES } from "../../../../lib/tunnel/command_line/usage.ts";

Deno.test("every form of the command line is one, with a value in each place", () => {
  const values: Record<string, string> = { ADDR: ":22", DIR: "tls", SHELL: "zsh", NAME: "alice", FILE: "tele.toml" };
  for (const usage of USAGES.filter((form) => !/^tele (ssh|service|top|drain) /.test(form))) {
    const words = usage.replaceAll("[,NAME...]", "").replace(" [options]", "").split(" ").slice(1);
    // Without what stands in brackets, and with it.
    const fill = (word: string) => word.replace(/[A-Z]+$/, (name) => values[name] ?? name);
    parseCommandLine(words.filter((word) => !word.startsWith("[")).map(fill));
    const whole = words.map((word) => fill(word.replace(/[[\]]/g, "")));
    parseCommandLine(whole.map((word) => word.replace("--in=:22", "--in=:23")));
  }
});

Deno.test("the form of tele ssh is one", () => {
  const form = USAGES.find((usage) => usage.startsWith("tele ssh "))!;
  const words = form.replace("[options]", "--by=ssh").replace("[user@]", "alice@").replace("[command]", "ls").split(
    " ",
  );
  assertEquals(words.slice(0, 2), ["tele", "ssh"]);
  assertEquals(parseSshCommand(words.slice(2)).kind, "login");
});

Deno.test("the forms of tele service are some", () => {
  const forms = USAGES.filter((usage) => usage.startsWith("tele service ")).map((form) => form.replace(/[[\]]/g, ""));
  const kinds = forms.flatMap((form) => {
    const [actions = "", ...options] = form.replace("options", "--dry-run").split(" ").slice(2);
    return actions.split("|").map((action) => parseServiceCommand([action, ...options]).kind);
  });
  assertEquals(kinds, ["install", "remove", "status"]);
});

Deno.test("the form of tele top is one, with its address and without", () => {
  const form = USAGES.find((usage) => usage.startsWith("tele top "))!.replace("ADDR", "localhost:40380");
  const words = form.split(" ").slice(2);
  assertEquals(parseTopCommand(words.map((word) => word.replace(/[[\]]/g, ""))).kind, "top");
  assertEquals(parseTopCommand(words.filter((word) => !word.startsWith("["))).kind, "top");
});

Deno.test("the form of tele drain is one, with its options and without", () => {
  const form = USAGES.find((usage) => usage.startsWith("tele drain "))!.replace("=N", "=7").replace("ADDR", ":40380");
  const words = form.split(" ").slice(2);
  assertEquals(parseDrainCommand(words.map((word) => word.replace(/[[\]]/g, ""))).kind, "drain");
  assertEquals(parseDrainCommand([]).kind, "drain");
});

Deno.test("the example's commands of tele are right", () => {
  const commands = EXAMPLE.steps.map(([, command]) => command.split(" ")).filter(([program]) => program === "tele");
  assertEquals(commands.map(([, ...args]) => parseCommandLine(args).kind), ["server", "client"]);
});

Deno.test("every exit code has its meaning", () => {
  assertEquals(EXIT_MEANINGS.map(([code]) => code), Object.values(ExitCode));
});
