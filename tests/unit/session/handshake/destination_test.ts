/** What a destination is, and that it has one spelling. */
import { assertEquals } from "@std/assert";
import { isDestinationText, parseDestination } from "../../../../lib/session/handshake/destination.ts";

Deno.test("a host and a port are a destination", () => {
  const all: [text: string, host: string, port: number][] = [
    ["example.com:443", "example.com", 443],
    ["192.0.2.1:1", "192.0.2.1", 1],
    ["[2001:db8::1]:65535", "2001:db8::1", 65_535],
    ["_a.b_c-d:22", "_a.b_c-d", 22],
  ];
  for (const [text, host, port] of all) assertEquals(parseDestination(text), { kind: "tcp", host, port }, text);
});

Deno.test("whatever else, and another spelling of one, is none", () => {
  const none = [
    "",
    "db",
    ":22",
    "a:0",
    "a:65536",
    "a:022",
    "a: 22",
    "unix:/a",
    "http://a:1",
    "127.1:22",
    "[::1%lo]:22",
  ];
  none.push("::1:22", "a b:1", "é.example:1", "a\0b:1", "*:1", "u@a:1", `${"a".repeat(260)}:1`);
  for (const text of none) assertEquals(parseDestination(text), undefined, text);
});

Deno.test("a colon tells it from the name of a service", () => {
  assertEquals(["a:1", "a", ""].map(isDestinationText), [true, false, false]);
});
