import { assertEquals } from "@std/assert";
import { PROXY, PROXY_FILE } from "../../../../lib/tunnel/command_line/proxy_options.ts";

Deno.test("a proxy is read at once, so that a mistake is found at the start; a file is read later", () => {
  assertEquals(PROXY.parse("socks5://proxy"), { kind: "socks5", host: "proxy", port: 1080 });
  assertEquals(PROXY_FILE.parse("/etc/tele/proxy"), "/etc/tele/proxy");
});
