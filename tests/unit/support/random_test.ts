/** Numbers and data that a seed repeats. */
import { assert, assertEquals } from "@std/assert";
import { generated, Random, SeededData, sha256 } from "../../support/random.ts";

Deno.test("SeededData is the same for the same seed, and its hash is of all blocks", () => {
  const data = generated(200_001, 5);
  const again = new SeededData(200_001, 5);
  while (again.next());
  assertEquals(again.sha256(), sha256(data));
  assertEquals(generated(1000, 5), data.subarray(0, 1000));
  assert(sha256(generated(200_001, 6)) !== sha256(data));
  assertEquals(new Random(3).next32(), new Random(3).next32());
});
