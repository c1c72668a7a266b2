import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { formatPortRange, isPortRange, parsePortRange } from "../../../../lib/tunnel/values/port_range.ts";

Deno.test("a port and a range of ports read as they are written", () => {
  for (const text of ["1", "65535", "40300-40399", "1-65535"]) {
    assertEquals(formatPortRange(parsePortRange(text)), text);
  }
  assertEquals(formatPortRange(parsePortRange("22-22")), "22");
});

Deno.test("what is no port, or no range, is refused", () => {
  for (const text of ["", "0", "65536", "2-1", "1-", "-1", "1-65536", "0-5", "a", "1-2-3", "1,2", " 1", "1.5"]) {
    assertThrows(() => parsePortRange(text), TeleError, "is neither a port from 1 to 65535 nor two of them");
  }
});

Deno.test("a value of another machine is a range only with two ports in their order", () => {
  const values = [{ low: 1, high: 2 }, { low: 2, high: 1 }, { low: "1", high: 2 }, { low: 1 }, {}, null, 1, {
    low: 1.5,
    high: 2,
  }];
  assertEquals(values.map(isPortRange), [true, false, false, false, false, false, false, false]);
});
