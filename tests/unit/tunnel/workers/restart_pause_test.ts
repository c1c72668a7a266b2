/** How long to wait before a worker that died is started again. */
import { assertEquals } from "@std/assert";
import { RestartPause } from "../../../../lib/tunnel/workers/restart_pause.ts";

Deno.test("each death in a row doubles the pause, from 100 ms to 30 s", () => {
  const pause = new RestartPause();
  const pauses = Array.from({ length: 11 }, () => pause.after(0));
  assertEquals(pauses, [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
});

Deno.test("a worker that lived for a minute is started again at once, and its next death counts from there", () => {
  const pause = new RestartPause();
  for (let at = 0; at < 5; at++) pause.after(59_999);
  assertEquals([pause.after(60_000), pause.after(0), pause.after(0)], [100, 200, 400]);
});
