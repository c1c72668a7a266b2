import { assertEquals } from "@std/assert";
import { CONFIG, CONFIG_SCHEMA, PRINT_CONFIG } from "../../../../lib/tunnel/command_line/config_options.ts";

Deno.test("a configuration is a file, which shells complete, and the other two take nothing", () => {
  assertEquals([CONFIG.parse("/etc/tele.toml"), CONFIG.completes], ["/etc/tele.toml", { paths: "files" }]);
  assertEquals([PRINT_CONFIG.kind, CONFIG_SCHEMA.kind], ["flag", "flag"]);
  assertEquals([CONFIG, PRINT_CONFIG, CONFIG_SCHEMA].map(({ role }) => role), ["alone", "alone", "alone"]);
});
