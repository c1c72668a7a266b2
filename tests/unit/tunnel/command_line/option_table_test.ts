import { assertEquals, assertFalse } from "@std/assert";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import type { Option } from "../../../../lib/tunnel/command_line/option.ts";
import { OPTION_GROUPS, OPTIONS } from "../../../../lib/tunnel/command_line/option_table.ts";
import * as doctor from "../../../../lib/tunnel/command_line/doctor_options.ts";
import * as config from "../../../../lib/tunnel/command_line/config_options.ts";
import * as fleet from "../../../../lib/tunnel/command_line/fleet_options.ts";
import * as keys from "../../../../lib/tunnel/command_line/key_options.ts";
import * as proxy from "../../../../lib/tunnel/command_line/proxy_options.ts";
import * as rfd80 from "../../../../lib/tunnel/command_line/rfd80_options.ts";
import * as services from "../../../../lib/tunnel/command_line/service_options.ts";
import * as session from "../../../../lib/tunnel/command_line/session_options.ts";
import { COMPLETION, MAN } from "../../../../lib/tunnel/command_line/shell_options.ts";
import * as status from "../../../../lib/tunnel/command_line/status_options.ts";
import * as workers from "../../../../lib/tunnel/command_line/workers_options.ts";
import * as tls from "../../../../lib/tunnel/command_line/tls_options.ts";

Deno.test("the table has every row of every group, each once", () => {
  const groups = [
    config,
    doctor,
    fleet,
    keys,
    proxy,
    rfd80,
    services,
    session,
    status,
    { COMPLETION, MAN },
    tls,
    workers,
  ];
  // Beside its rows a file may have a number that they share with others.
  const exported = groups.flatMap((group): unknown[] => Object.values(group));
  const rows = exported.filter((row): row is Option => typeof row === "object");
  assertEquals(rows.filter((row) => !OPTIONS.includes(row)).map(({ name }) => name), []);
  assertEquals(OPTIONS.length, rows.length + ["help", "version"].length);
  assertEquals(new Set(OPTIONS).size, OPTIONS.length);
  assertEquals(OPTION_GROUPS.reduce((sum, { options }) => sum + options.length, 0), OPTIONS.length);
});

Deno.test("two options share a name only where no role takes both", () => {
  for (const option of OPTIONS) {
    const same = OPTIONS.filter(({ name }) => name === option.name);
    if (same.length > 1) assertEquals(same.map(({ role }) => role).sort(), ["client", "server"], option.name);
  }
});

Deno.test("every default and every example of the table is accepted", () => {
  for (const option of OPTIONS) {
    if (option.kind === "value") assertFalse(option.default !== undefined && option.without !== undefined, option.name);
    if (option.kind === "flag") {
      parseCommandLine(option.example.split(" ").slice(1));
      continue;
    }
    option.parse(option.example.replace(/^.*?=/, ""));
    if (option.default !== undefined) option.parse(option.default);
  }
});
