/** The rate of the last moment. */
import { assertEquals } from "@std/assert";
import { AcknowledgedSpan } from "../../../../lib/session/path/acknowledged_span.ts";

Deno.test("acknowledged span: no rate is told before 50 ms are seen, nor behind a pause", () => {
  const span = new AcknowledgedSpan();
  assertEquals(span.rate(0), undefined);
  span.add(0, 0, false);
  span.add(49, 49_000, false);
  assertEquals(span.rate(49), undefined);
  span.add(50, 50_000, false);
  assertEquals(span.rate(50), { bytesPerMs: 1_000, isLimited: false });
  span.clear();
  assertEquals(span.rate(60), undefined);
});

Deno.test("acknowledged span: bursts count by what they carry over the whole span", () => {
  const span = new AcknowledgedSpan();
  for (let ms = 0; ms <= 500; ms += 5) span.add(ms, Math.floor(ms / 10) * 10_000, false);
  assertEquals(span.rate(500)?.bytesPerMs, 1_000);
});

Deno.test("acknowledged span: one limited entry makes the rate a limited one, until it is past", () => {
  const span = new AcknowledgedSpan();
  for (let ms = 0; ms <= 50; ms += 5) span.add(ms, 100 * ms, ms === 25);
  assertEquals(span.rate(50)?.isLimited, true);
  span.add(50.5, 5_050, true); // within the step of the entry before
  for (let ms = 55; ms <= 110; ms += 5) span.add(ms, 100 * ms, false);
  assertEquals(span.rate(110)?.isLimited, false);
});
