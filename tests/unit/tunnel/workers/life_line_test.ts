/** The pipe from a parent to its worker. */
import { assertEquals } from "@std/assert";
import { LEAVE_PORTS, parentEnded } from "../../../../lib/tunnel/workers/life_line.ts";

/** A pipe that says these bytes, one after the other, and then does `last`. */
function pipe(words: readonly number[], last: () => Promise<null>) {
  let reads = 0;
  return {
    read(into: Uint8Array): Promise<number | null> {
      const word = words[reads++];
      if (word === undefined) return last();
      into[0] = word;
      return Promise.resolve(1);
    },
  };
}

Deno.test("its end or its failure is the parent's end, and of what comes before one word has a meaning", async () => {
  for (const last of [() => Promise.resolve(null), () => Promise.reject(new Error("bad descriptor"))]) {
    for (const [words, told] of [[[5, 64], 0], [[5, LEAVE_PORTS], 1]] as const) {
      let calls = 0;
      await parentEnded(pipe(words, last), () => void calls++);
      assertEquals(calls, told);
    }
  }
});

Deno.test("what an earlier word has left in memory is not said again", async () => {
  let calls = 0;
  const answers = [3, 1, null];
  const read = (into: Uint8Array) => {
    if (answers.length === 3) into[2] = LEAVE_PORTS;
    return Promise.resolve(answers.shift()!);
  };
  await parentEnded({ read }, () => void calls++);
  assertEquals(calls, 1);
});
