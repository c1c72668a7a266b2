/** A duplex in memory. */
import { assertEquals, assertRejects } from "@std/assert";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { settle } from "../../support/fake_clock.ts";
import { generated } from "../../support/random.ts";
import { readExactly } from "../../support/reading.ts";

Deno.test("a pipe in memory: a write settles when all of it was read, however small the reads", async () => {
  const [near, far] = duplexPair();
  let written = false;
  const writing = near.write(generated(10, 1)).then(() => written = true);
  assertEquals(await readExactly(far, 9), generated(10, 1).subarray(0, 9));
  await settle();
  assertEquals(written, false);
  await readExactly(far, 1);
  await writing;
});

Deno.test("a pipe in memory: an abort reaches the peer with its reason, even behind an end that was not read", async () => {
  const [near, far] = duplexPair();
  await near.closeWrite();
  near.abort(new Error("it was cut"));
  await assertRejects(() => far.read(new Uint8Array(1)), Error, "it was cut");
  await assertRejects(() => far.write(new Uint8Array(1)), Error, "it was cut");
});

Deno.test("a pipe in memory: closing without an end is no end", async () => {
  const [near, far] = duplexPair();
  near.close();
  await assertRejects(() => far.read(new Uint8Array(1)), Error, "closed");
});
