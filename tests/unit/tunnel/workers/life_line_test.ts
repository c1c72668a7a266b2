/** The pipe from a parent to its worker. */
import { assertEquals } from "@std/assert";
import { LEAVE_PORTS, parentEnded, RETURN_TO_PORTS } from "../../../../lib/tunnel/workers/life_line.ts";

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

/** Who writes down what it was told. */
function hearer() {
  const told: string[] = [];
  const onLeavePorts = () => void told.push("leave");
  return { told, onLeavePorts, onReturnToPorts: () => void told.push("return") };
}

Deno.test("its end or its failure is the parent's end, and of what comes before two words have a meaning", async () => {
  for (const last of [() => Promise.resolve(null), () => Promise.reject(new Error("bad descriptor"))]) {
    const { told, ...heard } = hearer();
    await parentEnded(pipe([5, LEAVE_PORTS, 64, RETURN_TO_PORTS], last), heard);
    assertEquals(told, ["leave", "return"]);
  }
});

Deno.test("what an earlier word has left in memory is not said again", async () => {
  const { told, ...heard } = hearer();
  const answers = [3, 1, null];
  const read = (into: Uint8Array) => {
    if (answers.length === 3) into.set([RETURN_TO_PORTS, 0, LEAVE_PORTS]);
    else into[0] = 0;
    return Promise.resolve(answers.shift()!);
  };
  await parentEnded({ read }, heard);
  assertEquals(told, ["return", "leave"]);
});
