import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { parseHostName, parseHostNames } from "../../../../lib/tunnel/values/host_name.ts";
import { refusal } from "../../../support/command_lines.ts";

Deno.test("a host is a DNS name in lower case or an address", () => {
  assertEquals(parseHostName("WWW.Example.com"), { kind: "dns", name: "www.example.com" });
  assertEquals(parseHostName("_srv.localhost"), { kind: "dns", name: "_srv.localhost" });
  assertEquals(parseHostName("192.0.2.1"), { kind: "ip", name: "192.0.2.1" });
  assertEquals(parseHostName("2001:DB8::1"), { kind: "ip", name: "2001:db8::1" });
});

Deno.test("of several hosts each is told once, and a DNS name may stand for all below it", () => {
  assertEquals(parseHostNames("a.example,A.example,*.b.example,::1,::1"), [
    { kind: "dns", name: "a.example" },
    { kind: "dns", name: "*.b.example" },
    { kind: "ip", name: "::1" },
  ]);
  assertThrows(() => parseHostName("*.b.example"), TeleError, "stands for many hosts");
});

Deno.test("a name may be 253 characters long, and each label of it 63", () => {
  const label = "a".repeat(63);
  const longest = `${label}.${label}.${label}.${"a".repeat(61)}`;
  assertEquals(parseHostName(longest).name.length, 253);
  assertThrows(() => parseHostName(`${longest}a`), TeleError, "neither a host name");
  assertThrows(() => parseHostName(`a${label}.example`), TeleError, "neither a host name");
});

Deno.test("a host that no certificate can name gets a sentence", () => {
  const bad: [string, string][] = [
    ["a,,b", "a name is empty"],
    ["example.com:443", "without a port"],
    ["[::1]", "without brackets"],
    ["fe80::1%eth0", "zone"],
    ["https://example.com", "URL"],
    ["example.com.", "dot at the end"],
    ["bücher.example", "write xn--bcher-kva.example"],
    ["1.2.3", "neither a host name nor an IP address"],
    ["1.2.3.256", "neither"],
    ["-a.com", "neither"],
    ["a..b", "neither"],
    ["a b", "neither"],
    [`${"a".repeat(64)}.com`, "neither"],
    ["*.com", "too wide"],
    ["*.1.2.3.4", "too wide"],
    ["a.*.com", "stands for many hosts"],
    ["*", "stands for many hosts"],
    ["*.*.example.com", "stands for many hosts"],
  ];
  for (const [host, words] of bad) {
    assertStringIncludes(refusal(["--make-cert=d", `--host=ok.example,${host}`]), words, host);
  }
});
