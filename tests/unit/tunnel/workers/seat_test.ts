/** What a worker is told by its parent. */
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  formatSeat,
  isInstanceName,
  keyFileIn,
  meetingPlace,
  nameOf,
  parseSeat,
  type Seat,
} from "../../../../lib/tunnel/workers/seat.ts";

const SEAT: Seat = { number: 2, count: 4, generation: 3, folder: "/tmp/tele-workers-1" };

Deno.test("a seat comes back from the variable as it was, with a folder and without", () => {
  for (const seat of [SEAT, { ...SEAT, folder: undefined }]) assertEquals(parseSeat(formatSeat(seat)), seat);
});

Deno.test("what no parent wrote is refused, and the error names the variable", () => {
  const wrong = ["", "1", "yes", "null", "{}", '{"number":1,"count":2}', '{"number":1.5,"count":2,"generation":0}'];
  for (const text of [...wrong, '{"number":1,"count":2,"generation":0,"folder":5}']) {
    assertThrows(() => parseSeat(text), Error, "TELE_WORKER is set by tele --workers for its own workers", text);
  }
});

Deno.test("each process has a place of its own, so that nobody takes one for that which was there before", () => {
  const at = (byte: number) => meetingPlace("/run/x", new Uint8Array(8).fill(byte));
  assertEquals(at(171), { kind: "unix", path: "/run/x/abababababababab" });
  assertEquals(new Set([at(1).path, at(2).path, keyFileIn("/run/x")]).size, 3);
});

Deno.test("the two workers of a number, between which an upgrade lies, are not the same client", () => {
  assertNotEquals(nameOf(SEAT), nameOf({ ...SEAT, generation: 4 }));
  assertEquals(nameOf(SEAT), nameOf({ ...SEAT, generation: 5 }));
  assertNotEquals(nameOf(SEAT), nameOf({ ...SEAT, number: 1 }));
});

Deno.test("of what is in the folder the sockets of workers are known by their names", () => {
  assertEquals(isInstanceName("0123456789abcdef"), true);
  for (const name of ["key", "status.0.1", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdefg"]) {
    assertEquals(isInstanceName(name), false, name);
  }
});
