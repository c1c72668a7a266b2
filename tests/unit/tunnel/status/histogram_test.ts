/** How often something took how long. */
import { assertEquals } from "@std/assert";
import { Histogram } from "../../../../lib/tunnel/status/histogram.ts";

Deno.test("what is at a bound belongs to its bucket, and what is beyond all to the last", () => {
  const histogram = new Histogram([1, 5]);
  for (const seconds of [0, 1, 1.001, 5, 6]) histogram.observe(seconds);
  const samples = histogram.samples({ tunnel: "a" });
  assertEquals(samples.map(({ suffix, labels: { le = "" }, value }) => `${suffix}${le} ${value}`), [
    "_bucket1 2",
    "_bucket5 4",
    "_bucket+Inf 5",
    "_sum 13.001",
    "_count 5",
  ]);
  assertEquals(samples.every(({ labels }) => labels.tunnel === "a"), true);
});

Deno.test("one that was never observed tells zeros, so that rates begin with the first", () => {
  assertEquals(new Histogram([1]).samples({}).map(({ value }) => value), [0, 0, 0, 0]);
});
