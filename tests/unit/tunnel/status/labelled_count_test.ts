/** Counts by labels. */
import { assertEquals } from "@std/assert";
import { LabelledCount, MOST_SERIES, OTHER } from "../../../../lib/tunnel/status/labelled_count.ts";

Deno.test("values that differ in any label are told apart", () => {
  const count = new LabelledCount(["a", "b"]);
  count.add(["x", ""]);
  count.add(["", "x"]);
  count.add(["x", ""]);
  assertEquals(count.samples({}), [{ labels: { a: "x", b: "" }, value: 2 }, { labels: { a: "", b: "x" }, value: 1 }]);
});

Deno.test("beyond a number of them further ones count together, and those that were known go on", () => {
  const count = new LabelledCount(["client"]);
  for (let at = 0; at < MOST_SERIES + 50; at++) count.add([`client ${at}`]);
  count.add(["client 0"]);
  const samples = count.samples({});
  assertEquals(samples.length, MOST_SERIES + 1);
  assertEquals([samples[0]?.value, samples.at(-1)], [2, { labels: { client: OTHER }, value: 50 }]);
});

Deno.test("a copy begins with what was counted, and is counted apart", () => {
  const count = new LabelledCount(["a"]);
  count.add(["x"], 3);
  const copy = count.copy();
  copy.add(["x"]);
  assertEquals([count, copy].map((each) => each.samples({})[0]?.value), [3, 4]);
});
