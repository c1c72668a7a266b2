import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Address,
  dialCandidates,
  formatAddress,
  parseAddress,
  parseDialAddress,
  reaches,
} from "../../../lib/net/address.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { anyText } from "../../support/any_text.ts";

// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f]/;

Deno.test("an example in a sentence has the port that fits the option", () => {
  assertThrows(() => parseAddress("example.com", 40300), TeleError, "add one, for example example.com:40300");
  assertThrows(() => parseDialAddress("[::1]", 40300), TeleError, "for example [::1]:40300");
});

Deno.test("which address leads to which", () => {
  const cases: [to: string, at: string, does: boolean][] = [
    [":22", ":22", true],
    ["localhost:22", ":22", true],
    ["127.0.0.1:22", "0.0.0.0:22", true],
    [":22", "[::1]:22", true],
    ["localhost:22", "127.0.0.1:22", true],
    ["192.0.2.1:22", "192.0.2.1:22", true],
    ["unix:/a", "unix:/a", true],
    [":22", ":23", false],
    [":0", ":0", false],
    ["192.0.2.1:22", ":22", false],
    ["192.0.2.1:22", "0.0.0.0:22", false],
    [":22", "192.0.2.1:22", false],
    ["127.0.0.1:22", "127.0.0.2:22", false],
    ["unix:/a", "unix:/b", false],
    ["unix:/a", ":22", false],
  ];
  for (const [to, at, does] of cases) assertEquals(reaches(parseAddress(to), parseAddress(at)), does, `${to} ${at}`);
  assert(reaches(parseAddress("192.0.2.1:22"), parseAddress("[::]:22"), true), "an address of this machine");
});

Deno.test("an address of each form is read", () => {
  const forms: [string, Address][] = [
    ["localhost:22", { kind: "tcp", host: "localhost", port: 22 }],
    ["example.com:65535", { kind: "tcp", host: "example.com", port: 65535 }],
    ["my_host-2.lan:1", { kind: "tcp", host: "my_host-2.lan", port: 1 }],
    ["127.0.0.1:0", { kind: "tcp", host: "127.0.0.1", port: 0 }],
    [":40300", { kind: "tcp", host: undefined, port: 40300 }],
    ["[::1]:22", { kind: "tcp", host: "::1", port: 22 }],
    ["[::]:0", { kind: "tcp", host: "::", port: 0 }],
    ["[2001:db8::7]:22", { kind: "tcp", host: "2001:db8::7", port: 22 }],
    ["[::ffff:127.0.0.1]:22", { kind: "tcp", host: "::ffff:127.0.0.1", port: 22 }],
    ["[fe80::1%eth0]:22", { kind: "tcp", host: "fe80::1%eth0", port: 22 }],
    ["unix:/run/tele.sock", { kind: "unix", path: "/run/tele.sock" }],
    ["unix:/run/with space:22", { kind: "unix", path: "/run/with space:22" }],
  ];
  for (const [text, address] of forms) {
    assertEquals(parseAddress(text), address);
    assertEquals(formatAddress(address), text);
  }
});

Deno.test("a name with letters beyond ASCII is read as resolvers know it", () => {
  assertEquals(parseAddress("Bücher.example:22"), { kind: "tcp", host: "xn--bcher-kva.example", port: 22 });
  assertEquals(formatAddress(parseAddress("例え.jp:22")), "xn--r8jz45g.jp:22");
});

Deno.test("a wrong address is answered with what to write instead", () => {
  const answers: [string, string][] = [
    ["", "for example localhost:22"],
    ["22", "write a port as :22"],
    ["localhost", "for example localhost:22"],
    ["localhost:", 'for example "localhost:22"'],
    [":", 'for example ":22"'],
    ["localhost:ssh", "write a number from 1 to 65535"],
    ["localhost:-1", "write a number from 1 to 65535"],
    ["localhost: 22", "write a number from 1 to 65535"],
    ["localhost:1e3", "write a number from 1 to 65535"],
    ["localhost:65536", "port 65536 does not exist"],
    ["::1:22", "write [::1]:22"],
    ["2001:db8:1:2:3:4:5:6", "write for example [2001:db8:1:2:3:4:5:6]:22"],
    ["a:b:22", "more than one colon"],
    ["[::1]", "for example [::1]:22"],
    ["[::1]22", "for example [::1]:22"],
    ["[::1:22", "no closing bracket"],
    ["[localhost]:22", "not an IPv6 address"],
    ["[127.0.0.1]:22", "not an IPv6 address"],
    ["[1::2::3]:22", "not an IPv6 address"],
    ["[]:22", "not an IPv6 address"],
    ["http://localhost:80", "write only host and port"],
    ["tcp://localhost:80", "write only host and port"],
    ["*:22", "write 0.0.0.0:22 or [::]:22"],
    ["root@example.com:22", "write only the host"],
    ["256.1.1.1:22", "not an IPv4 address"],
    ["010.0.0.1:22", "not an IPv4 address"],
    ["1.2.3:22", "not an IPv4 address"],
    ["a b:22", "not a host name"],
    ["a..b:22", "not a host name"],
    ["\x1b[2J:22", "not a host name"],
    [`${"a".repeat(254)}:22`, "not a host name"],
    ["unix:", "write for example unix:/run/tele.sock"],
    ["unix:tele.sock", "needs the whole path"],
    ["unix:/a\0b", "zero byte"],
    [`unix:/${"a".repeat(107)}`, "at most 107 bytes"],
    ["/run/tele.sock", 'write it as "unix:/run/tele.sock"'],
  ];
  for (const [text, answer] of answers) {
    const error = assertThrows(() => parseAddress(text), TeleError, answer, text);
    assertEquals(error.code, "bad-input");
    assertFalse(CONTROL.test(error.message), "one line, no control characters");
  }
});

Deno.test("port 0 can be listened on but not dialed", () => {
  assertEquals(parseAddress(":0"), { kind: "tcp", host: undefined, port: 0 });
  assertThrows(() => parseDialAddress(":0"), TeleError, "port 0");
  assertThrows(() => parseDialAddress("[::1]:0"), TeleError, "port 0");
  assertEquals(parseDialAddress("unix:/a"), { kind: "unix", path: "/a" });
});

Deno.test("a port without a host dials loopback in both families", () => {
  assertEquals(dialCandidates(parseAddress(":22")), [
    { kind: "tcp", host: "127.0.0.1", port: 22 },
    { kind: "tcp", host: "::1", port: 22 },
  ]);
  assertEquals(dialCandidates(parseAddress("a.example:22")), [{ kind: "tcp", host: "a.example", port: 22 }]);
  assertEquals(dialCandidates(parseAddress("unix:/a")), [{ kind: "unix", path: "/a" }]);
});

Deno.test("any address that is written is read back as the same", () => {
  const port = fc.integer({ min: 0, max: 65535 });
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.constant(undefined));
  const tcp = fc.record({ kind: fc.constant("tcp" as const), host, port });
  const path = fc.string({ minLength: 1, maxLength: 20 }).map((name) => `/${name.replaceAll("\0", "")}`);
  const unix = fc.record({ kind: fc.constant("unix" as const), path });
  fc.assert(fc.property(fc.oneof(tcp, unix), (address) => {
    assertEquals(parseAddress(formatAddress(address)), address);
  }));
});

Deno.test("any text is an address or gets a sentence, never another error", () => {
  fc.assert(
    fc.property(fc.oneof(anyText(), fc.stringMatching(/^[\[\]:.0-9a-f%]{0,20}$/)), (text) => {
      try {
        parseAddress(text);
      } catch (error) {
        if (!(error instanceof TeleError)) throw error;
        assertEquals(error.code, "bad-input");
        assertFalse(CONTROL.test(error.message), "one line, no control characters");
      }
    }),
  );
});
