import { assertEquals } from "@std/assert";
import { OPTIONS } from "../../../../lib/tunnel/command_line/option_table.ts";
import { actionsOf, completedOptions, OWN_TABLES, ROLE_WORDS } from "../../../../lib/tunnel/shells/completed_option.ts";

Deno.test("each name is offered once, and without a role every option of the table but those of a command", () => {
  const names = OPTIONS.filter(({ role }) => role !== "doctor").map(({ name }) => name);
  assertEquals(completedOptions().map(({ name }) => name), [...new Set(names)]);
});

Deno.test("a doctor is offered what a client takes, and its own options", () => {
  const names = completedOptions("doctor").map(({ name }) => name);
  assertEquals([names.includes("idle"), names.includes("proxy"), names.includes("max-sessions")], [true, true, false]);
  assertEquals(completedOptions("client").some(({ name }) => name === "idle"), false);
});

Deno.test("a command with a table of its own is offered that alone, and its actions", () => {
  for (const [role, { options, actions = [] }] of OWN_TABLES) {
    assertEquals(completedOptions(role).map(({ name }) => name), [...options.map(({ name }) => name), "help"]);
    assertEquals(actionsOf(role), actions);
  }
  assertEquals([actionsOf("service"), actionsOf("client")], [["install", "remove", "status"], []]);
  assertEquals(completedOptions("ssh").find(({ name }) => name === "by")?.completes, {
    words: ["auto", "port", "ssh"],
  });
});

Deno.test("every option of the table is offered somewhere", () => {
  const roles = [undefined, ...ROLE_WORDS.map(([role]) => role)];
  const offered = new Set(roles.flatMap((role) => completedOptions(role)).map(({ name }) => name));
  assertEquals(OPTIONS.filter(({ name }) => !offered.has(name)), []);
});

Deno.test("a role is offered what it takes, and nothing else", () => {
  for (const role of ["server", "client"] as const) {
    const taken = OPTIONS.filter((option) => option.role === role || option.role === "both");
    const offered = completedOptions(role);
    assertEquals(
      offered.map(({ name, meaning }) => [name, meaning]),
      taken.map(({ name, meaning }) => [name, meaning]),
    );
  }
});

Deno.test("an option that means something else to each role tells both where no role is given", () => {
  const input = completedOptions().find(({ name }) => name === "in");
  assertEquals(
    input?.meaning,
    "server: the user's server; :port is on this machine; client: where user's clients connect; :port is loopback only",
  );
  // The server's --out is given once, the client's may be given several times.
  assertEquals(completedOptions().find(({ name }) => name === "out")?.isRepeatable, true);
  assertEquals(completedOptions("server").find(({ name }) => name === "out")?.isRepeatable, false);
});

Deno.test("a file option offers files, a choice its words, free text nothing", () => {
  const offered = Object.fromEntries(completedOptions().map(({ name, completes }) => [name, completes]));
  assertEquals(offered["token-file"], { paths: "files" });
  assertEquals(offered["make-cert"], { paths: "folders" });
  assertEquals(offered["encryption"], { words: ["auto", "always", "never"] });
  assertEquals(offered["tls-ca"], { words: ["system"], paths: "files" });
  assertEquals(offered["host"], {});
  const files = OPTIONS.filter((option) => option.kind === "value" && option.placeholder === "FILE");
  for (const { name } of files) assertEquals(offered[name]?.paths, "files", `--${name}`);
});
