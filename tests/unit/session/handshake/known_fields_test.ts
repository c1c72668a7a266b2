/** What a field may hold, and where it may stand. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { checkField, type FieldedMessage, FieldType } from "../../../../lib/session/handshake/known_fields.ts";

const [NEW, JOIN] = ["commit of a new session", "commit of a join"] as const;
const bytes = (...all: number[]) => new Uint8Array(all);
const text = (name: string) => new TextEncoder().encode(name);

/** Values at both ends of their ranges, and the nearest that are beyond. */
const EDGES: [type: number, FieldedMessage, good: Uint8Array[], bad: Uint8Array[]][] = [
  [FieldType.name, JOIN, [text("a"), text("a".repeat(64))], [text(""), text("a".repeat(65)), text("_"), text("a b")]],
  [FieldType.resumeTimeout, NEW, [bytes(0, 0, 0, 0, 0, 0, 0, 1)], [bytes(0, 0, 0, 0, 0, 0, 0, 0), bytes(1)]],
  [FieldType.carriers, "accept of a new session", [bytes(1), bytes(10)], [bytes(0), bytes(11), bytes()]],
  [FieldType.live, JOIN, [bytes(0, 0, 0, 1, 0, 0, 0, 2)], [
    bytes(),
    bytes(0, 0, 0),
    bytes(0, 0, 0, 2, 0, 0, 0, 2),
    bytes(0, 0, 0, 2, 0, 0, 0, 1),
    new Uint8Array(17 * 4),
  ]],
  [FieldType.receipts, JOIN, [bytes(0, 0, 0, 1, 0, 31, 255, 255, 255, 255, 255, 255)], [
    bytes(0, 0, 0, 1, 0, 32, 0, 0, 0, 0, 0, 0),
    new Uint8Array(24),
  ]],
  [FieldType.guarded, "hello", [bytes()], [bytes(0)]],
  [FieldType.services, "challenge", [bytes()], [bytes(0)]],
  [FieldType.service, "open", [
    text("-"),
    text("a".repeat(64)),
    text("[2001:db8::1]:1"),
    text(`${"a".repeat(253)}:65535`),
  ], [
    text(""),
    text("a".repeat(65)),
    text("a:0"),
    text(":22"),
    text(`${"a".repeat(254)}:65535`),
    text("A"),
    text("a b"),
    bytes(0xe9),
  ]],
  [FieldType.offers, NEW, [
    text("a"),
    text("a,b"),
    text(Array.from({ length: 16 }, (_, at) => `${String.fromCharCode(97 + at)}${"x".repeat(63)}`).join(",")),
  ], [
    text(""),
    text("b,a"),
    text("a,a"),
    text("a,"),
    text("A"),
    text("a:1"),
    text("abcdefghijklmnopq".split("").join(",")),
  ]],
  [FieldType.users, "accept of a new session", [bytes()], [bytes(0)]],
  [FieldType.user, "open", [new Uint8Array(12), new Uint8Array(36)], [
    bytes(),
    new Uint8Array(11),
    new Uint8Array(13),
    new Uint8Array(35),
    new Uint8Array(37),
  ]],
  [FieldType.offered, "accept of a new session", [bytes(0), bytes(1, 2, 0)], [bytes(), bytes(3), new Uint8Array(17)]],
];

Deno.test("a field is taken up to the ends of its range, and no further", () => {
  for (const [type, message, good, bad] of EDGES) {
    for (const value of good) checkField(type, value, message);
    for (const value of bad) {
      assertEquals(
        assertThrows(() => checkField(type, value, message), TeleError).code,
        "protocol",
        `${type} ${value}`,
      );
    }
  }
});

Deno.test("a known field stands in its messages only, an unknown one anywhere", () => {
  assertThrows(() => checkField(FieldType.name, text("a"), "hello"), TeleError, "name does not belong into the hello");
  assertThrows(() => checkField(FieldType.identity, new Uint8Array(100), JOIN), TeleError, "does not belong");
  checkField(9_999, bytes(1, 2, 3), "open");
});
