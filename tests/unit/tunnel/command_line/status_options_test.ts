/** The rows of the option table for the status of a process. */
import { assertEquals, assertThrows } from "@std/assert";
import { STATUS, STATUS_TOKEN_FILE } from "../../../../lib/tunnel/command_line/status_options.ts";

Deno.test("a status address is a port, a host and a port, or a unix socket", () => {
  assertEquals(STATUS.parse(":40380"), { kind: "tcp", host: undefined, port: 40380 });
  assertEquals(STATUS.parse("unix:/run/tele/status"), { kind: "unix", path: "/run/tele/status" });
  assertThrows(() => STATUS.parse("http://localhost:40380"));
});

Deno.test("both rows are for both roles, and neither is needed", () => {
  for (const { role, without } of [STATUS, STATUS_TOKEN_FILE]) {
    assertEquals([role, typeof without], ["both", "string"]);
  }
  assertEquals(STATUS_TOKEN_FILE.completes, { paths: "files" });
});
