import { assertEquals } from "@std/assert";
import { OPTIONS } from "../../../../lib/tunnel/command_line/option_table.ts";
import { COMPLETED_ROLES, completedOptions } from "../../../../lib/tunnel/shells/completed_option.ts";

Deno.test("each name is offered once, and without a role every option of the table", () => {
  assertEquals(completedOptions().map(({ name }) => name), [...new Set(OPTIONS.map(({ name }) => name))]);
});

Deno.test("a role is offered what it takes, and nothing else", () => {
  for (const role of COMPLETED_ROLES) {
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
