/** File descriptors: some are kept for carriers, and a look at them leaves none open. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { hasSpareDescriptors, isOutOfDescriptors } from "../../../lib/net/descriptors.ts";

/** Lets `Deno.openSync` succeed `times` times and then throw `error`; counts what was closed. */
function opening(times: number, error: Error) {
  const { openSync } = Deno;
  const seen = { opened: 0, closed: 0 };
  const open = () => {
    if (seen.opened - seen.closed === times) throw error;
    seen.opened++;
    return { close: () => void seen.closed++ };
  };
  Object.assign(Deno, { openSync: open });
  return { seen, [Symbol.dispose]: () => void Object.assign(Deno, { openSync }) };
}

const EMFILE = new Error("Too many open files (os error 24)");

Deno.test("four free descriptors are some to spare, three are not, and all are closed again", () => {
  for (const free of [0, 1, 2, 3, 4, 5]) {
    using world = opening(free, EMFILE);
    assertEquals([hasSpareDescriptors(), hasSpareDescriptors(1)], [free >= 4, free >= 1], `${free}`);
    assertEquals(world.seen.closed, world.seen.opened);
  }
});

Deno.test("where nothing can be opened for another reason, there are said to be some", () => {
  using _ = opening(0, new Deno.errors.NotCapable("not allowed"));
  assert(hasSpareDescriptors());
});

Deno.test("a lack of descriptors is known by whichever module tells of it", () => {
  for (const code of ["EMFILE", "ENFILE"]) assert(isOutOfDescriptors(Object.assign(new Error("connect"), { code })));
  for (const number of [23, 24]) assert(isOutOfDescriptors(new Error(`Too many open files (os error ${number})`)));
  for (const other of [new Error("connection refused (os error 111)"), { code: "EACCES" }, undefined, "EMFILE?"]) {
    assertFalse(isOutOfDescriptors(other));
  }
});
