import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatSize, parseSize } from "../../../../lib/tunnel/values/size.ts";
import { TeleError } from "../../../../lib/net/error.ts";

const UNITS_BYTES: Record<string, number> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

Deno.test("a size of each unit is read as bytes", () => {
  assertEquals(["0B", "7B", "64KiB", "16MiB", "1GiB"].map(parseSize), [0, 7, 65_536, 16_777_216, 1_073_741_824]);
  fc.assert(fc.property(fc.nat(1e6), fc.constantFrom(...Object.keys(UNITS_BYTES)), (count, unit) => {
    assertEquals(parseSize(`${count}${unit}`), count * (UNITS_BYTES[unit] ?? NaN));
  }));
});

Deno.test("a wrong size is answered with an example", () => {
  const answers: [string, string][] = [
    ["", "write for example 64KiB, 16MiB or 1GiB"],
    ["MiB", "write for example"],
    ["-1MiB", "write for example"],
    ["1.5MiB", "write for example"],
    ["16 MiB", "write for example"],
    ["16", "write for example 16KiB or 16MiB"],
    ["16MB", "write B, KiB, MiB or GiB"],
    ["16mib", "write B, KiB, MiB or GiB"],
    ["16k", "write B, KiB, MiB or GiB"],
    ["99999999999GiB", "too large"],
  ];
  for (const [text, answer] of answers) {
    assertEquals(assertThrows(() => parseSize(text), TeleError, answer).code, "bad-input");
  }
});

Deno.test("a size is told in the unit that reads best", () => {
  const told: [number, string][] = [
    [0, "0 B"],
    [-1, "0 B"],
    [NaN, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [18_432, "18 KiB"],
    [10_188, "9.9 KiB"],
    [10_189, "10 KiB"],
    [1_048_269, "1 MiB"],
    [1_258_291, "1.2 MiB"],
    [33_554_432, "32 MiB"],
    [5 * 1024 ** 4, "5120 GiB"],
  ];
  for (const [bytes, text] of told) assertEquals(formatSize(bytes), text);
});

Deno.test("a told size is the real one but for rounding, and can be written as an option when it is whole", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (bytes) => {
    const [amount, unit] = formatSize(bytes).split(" ");
    const toldBytes = Number(amount) * (UNITS_BYTES[unit ?? ""] ?? NaN);
    assert(Math.abs(toldBytes - bytes) <= bytes * 0.06, `${bytes} bytes told as ${amount} ${unit}`);
    if (/^\d+$/.test(amount ?? "")) assertEquals(parseSize(`${amount}${unit}`), toldBytes);
  }));
});
