/** Where connections leave from, as `--from` says. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { formatOrigin, leadsTo, localAddressFor, parseOrigin, requireOrigins } from "../../../lib/net/origin.ts";

Deno.test("an address is read with brackets and without, everything else is an interface", () => {
  for (const [text, read] of [["10.0.0.1", "10.0.0.1"], ["::1", "::1"], ["[2001:db8::7]", "2001:db8::7"]]) {
    assertEquals(parseOrigin(text), { kind: "address", address: read });
    assertEquals(formatOrigin(parseOrigin(text)), read);
  }
  for (const name of ["wlan0", "eth0.5", "Ethernet 2", "en0", "br-1a2b", "WLAN (5 GHz)"]) {
    assertEquals([parseOrigin(name).kind, formatOrigin(parseOrigin(name))], ["interface", name]);
  }
});

Deno.test("what is neither is an error that says what to write", () => {
  const wrong = [
    ["10.0.0.1:22", "without a port"],
    ["[::1]:22", "without a port"],
    ["10.0.0.300", "not an IPv4 address"],
    ["10.0.0", "not an IPv4 address"],
    ["fe80::1", "write the interface's name"],
    ["fe80::1%wlan0", "write the interface's name"],
    ["/dev/net", "neither an address nor the name of an interface"],
    ["-x", "neither an address"],
    ["x".repeat(257), "neither an address"],
  ];
  for (const [text, words] of wrong) {
    assertEquals(assertThrows(() => parseOrigin(text), TeleError, words, text).code, "bad-input");
  }
});

Deno.test("an address leads to its own family, and to names; an interface leads everywhere", () => {
  const [four, six, wlan] = ["10.0.0.1", "2001:db8::7", "wlan0"].map(parseOrigin);
  const hosts = ["192.0.2.1", "2001:db8::1", "example.com"];
  assertEquals(hosts.map((host) => leadsTo(four, host)), [true, false, true]);
  assertEquals(hosts.map((host) => leadsTo(six, host)), [false, true, true]);
  assertEquals(hosts.map((host) => leadsTo(wlan, host)), [true, true, true]);
});

Deno.test("of an interface's addresses the first of the family is taken that reaches beyond its link", () => {
  const addresses = ["fe80::1", "10.0.0.1", "2001:db8::1", "2001:db8::2"];
  const interfaces =
    () => [{ name: "lo", address: "127.0.0.1" }, ...addresses.map((address) => ({ name: "wlan0", address }))];
  const from = (name: string, to: string) => localAddressFor({ kind: "interface", name }, to, interfaces);
  assertEquals([from("wlan0", "192.0.2.1"), from("wlan0", "2001:db8::9")], ["10.0.0.1", "2001:db8::1"]);
  for (const [name, to, words] of [["eth0", "192.0.2.1", "is not there"], ["lo", "::1", "has no IPv6 address"]]) {
    assertEquals(assertThrows(() => from(name, to), TeleError, words).code, "carrier-lost");
  }
});

Deno.test("an address is taken as it is, and none of another family", () => {
  const from = (to: string) => localAddressFor(parseOrigin("10.0.0.1"), to, () => []);
  assertEquals(from("192.0.2.1"), "10.0.0.1");
  assertThrows(() => from("2001:db8::1"), TeleError, "no IPv6");
});

Deno.test("a runtime that cannot choose says so at the start", () => {
  requireOrigins(true);
  assertThrows(() => requireOrigins(false, "2.6.8"), TeleError, "--from needs Deno 2.9 or later, and this is 2.6.8");
});
