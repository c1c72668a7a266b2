/** Patterns of hosts and ports: what they are for, and what no pattern of names gives away. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { isOwnAddress, matchesAddress, matchesName, parseHostPattern } from "../../../lib/net/host_pattern.ts";

Deno.test("a pattern of names is for one name, for those below one, or for all, whatever their letters' size", () => {
  const cases: [pattern: string, host: string, port: number, matches: boolean][] = [
    ["example.com:443", "Example.COM.", 443, true],
    ["example.com:443", "example.com", 80, false],
    ["example.com:443", "www.example.com", 443, false],
    ["*.example.com:443", "www.Example.com", 443, true],
    ["*.example.com:443", "a.b.example.com", 443, true],
    ["*.example.com:443", "example.com", 443, false],
    ["*.example.com:443", "badexample.com", 443, false],
    ["*:8000-8002", "anything", 8002, true],
    ["*:8000-8002", "anything", 8003, false],
    ["a:*", "a", 65_535, true],
    ["10.0.0.0/8:*", "10.0.0.1", 1, false],
  ];
  for (const [pattern, host, port, matches] of cases) {
    assertEquals(matchesName(parseHostPattern(pattern), host, port), matches, `${pattern} ${host} ${port}`);
  }
});

Deno.test("a pattern of addresses is for those in its network, however they are spelt", () => {
  const cases: [pattern: string, address: string, matches: boolean][] = [
    ["192.0.2.1:22", "192.0.2.1", true],
    ["192.0.2.1:22", "::ffff:192.0.2.1", true],
    ["192.0.2.1:22", "192.0.2.2", false],
    ["10.0.0.0/8:22", "10.255.255.255", true],
    ["10.0.0.0/8:22", "11.0.0.0", false],
    ["172.16.0.0/12:22", "172.31.255.255", true],
    ["172.16.0.0/12:22", "172.32.0.0", false],
    ["0.0.0.0/0:22", "203.0.113.9", true],
    ["0.0.0.0/0:22", "2001:db8::1", false],
    ["[2001:db8::/32]:22", "2001:db8:ffff::1", true],
    ["[2001:db8::/32]:22", "2001:db9::1", false],
    ["[::1]:22", "0:0:0:0:0:0:0:1", true],
    ["*:22", "192.0.2.1", false],
    ["a.example:22", "a.example", false],
  ];
  for (const [pattern, address, matches] of cases) {
    assertEquals(matchesAddress(parseHostPattern(pattern), address, 22), matches, `${pattern} ${address}`);
    assertEquals(matchesAddress(parseHostPattern(pattern), address, 23), false, "another port");
  }
});

Deno.test("addresses that are another machine's on each machine are known in both families", () => {
  const own = ["0.0.0.0", "0.1.2.3", "127.255.0.1", "169.254.169.254", "::", "::1", "fe80::1", "febf::1"];
  const clouds = ["100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "fd00:42::42"];
  for (const address of [...own, ...clouds, "::ffff:127.0.0.1", "::ffff:a83f:8110"]) {
    assertEquals(isOwnAddress(address), true, address);
  }
  for (
    const address of [
      "1.0.0.0",
      "126.1.1.1",
      "128.0.0.1",
      "169.253.0.1",
      "10.0.0.1",
      "168.63.129.17",
      "::2",
      "fec0::1",
      "fd00::1",
      "a",
    ]
  ) {
    assertEquals(isOwnAddress(address), false, address);
  }
});

Deno.test("a pattern that is wrong is refused, with what belongs there", () => {
  const cases: [text: string, words: string][] = [
    ["example.com", "has no port: add one, or :* for all"],
    ["example.com:0", '"0" is no port'],
    ["example.com:65536", '"65536" is no port'],
    ["example.com:9-8", '"9-8" is no port'],
    ["example.com:", '"" is no port'],
    ["example.com:http", '"http" is no port'],
    [":22", '"" is no host'],
    ["*example.com:22", '"*example.com" is no host'],
    ["a.*.b:22", "is no host"],
    ["10.0.0.0/33:22", "behind / stand 0 to 32 bits"],
    ["10.0.0.1/8:22", "there are ones behind its first 8 bits"],
    ["10.0.0.0/x:22", "behind / stand 0 to 32 bits"],
    ["2001:db8::1:22", "is no IPv6 address in square brackets"],
    ["[2001:db8::/129]:22", "behind / stand 0 to 128 bits"],
    ["[10.0.0.1]:22", "is no host"],
    ["[::ffff:10.0.0.1]:22", "write the IPv4 address or network"],
    ["[0:0:0:0:0:FFFF:a00::/104]:22", "write the IPv4 address or network"],
    ["[fe80::1%eth0]:22", "has a zone"],
    ["1.2.3:22", "is no host"],
    ["a b:22", "is no host"],
  ];
  for (const [text, words] of cases) {
    assertEquals(assertThrows(() => parseHostPattern(text), TeleError, words, text).code, "bad-input");
  }
});
