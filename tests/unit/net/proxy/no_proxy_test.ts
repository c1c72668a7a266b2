/** Which hosts `NO_PROXY` names. */
import { assertEquals } from "@std/assert";
import { isExempt } from "../../../../lib/net/proxy/no_proxy.ts";

Deno.test("NO_PROXY names hosts as curl and Go read it", () => {
  const cases: [list: string, host: string, port: number, isNamed: boolean][] = [
    ["", "example.com", 1, false],
    ["*", "example.com", 1, true],
    ["other, *", "192.0.2.1", 1, true],
    ["example.com", "example.com", 1, true],
    ["example.com", "tele.example.com", 1, true],
    ["example.com", "notexample.com", 1, false],
    ["example.com", "example.com.evil.test", 1, false],
    [".example.com", "example.com", 1, true],
    [".example.com", "tele.example.com", 1, true],
    ["*.example.com", "tele.example.com", 1, true],
    ["Example.COM.", "TELE.example.com.", 1, true],
    ["a.test b.test,c.test\td.test", "d.test", 1, true],
    ["com", "example.com", 1, true],
    [",, ,", "example.com", 1, false],
    [".", "example.com", 1, false],
    ["example.com:443", "example.com", 443, true],
    ["example.com:443", "example.com", 40300, false],
    ["192.0.2.1", "192.0.2.1", 1, true],
    ["192.0.2.1:443", "192.0.2.1", 443, true],
    ["192.0.2.1:443", "192.0.2.1", 1, false],
    ["192.0.2.1", "192.0.2.10", 1, false],
    ["0.2.1", "192.0.2.1", 1, false],
    ["192.0.2.0/24", "192.0.2.200", 1, true],
    ["192.0.2.0/24", "192.0.3.1", 1, false],
    ["192.0.2.128/25", "192.0.2.127", 1, false],
    ["0.0.0.0/0", "192.0.2.1", 1, true],
    ["0.0.0.0/0", "2001:db8::1", 1, false],
    ["192.0.2.0/33", "192.0.2.1", 1, false],
    ["192.0.2.0/", "192.0.2.1", 1, false],
    ["192.0.2.0/24", "example.com", 1, false],
    ["2001:db8::/32", "2001:db8:ffff::1", 1, true],
    ["2001:db8::/33", "2001:db8:ffff::1", 1, false],
    ["2001:db8::1", "2001:db8:0:0:0:0:0:1", 1, true],
    ["[2001:db8::1]", "2001:db8::1", 1, true],
    ["[2001:db8::1]:443", "2001:db8::1", 443, true],
    ["[2001:db8::1]:443", "2001:db8::1", 1, false],
    ["::ffff:10.0.0.1", "10.0.0.1", 1, true],
    ["10.0.0.0/8", "::ffff:10.0.0.1", 1, true],
    ["bücher.example", "xn--bcher-kva.example", 1, true],
  ];
  for (const [list, host, port, isNamed] of cases) {
    assertEquals(isExempt(list, host, port), isNamed, `${JSON.stringify(list)} and ${host}:${port}`);
  }
});
