/** A server tells how many bulk carriers it wishes for, and the newest counts, in whatever order they come. */
import { assertEquals } from "@std/assert";
import { FrameLog } from "../../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { decodeWant } from "../../../../lib/session/frames.ts";
import { Wants } from "../../../../lib/session/lanes/wants.ts";
import { LogBudget } from "../../../../lib/session/log_budget.ts";

/** What is told now. */
function toldBy(wants: Wants): { rise: number; count: number } | undefined {
  const log = new FrameLog(new LogBudget({ limitBytes: 1000 }));
  wants.tell(log);
  const frame = log.nextWrite(new WriteHold());
  return frame === undefined ? undefined : decodeWant(frame.slice(4));
}

Deno.test("what is due is told once, with a number that rises", () => {
  const wants = new Wants();
  assertEquals(toldBy(wants), undefined);
  wants.due(5);
  assertEquals([toldBy(wants), toldBy(wants)], [{ rise: 1, count: 5 }, undefined]);
  wants.due(2);
  wants.due(0);
  assertEquals(toldBy(wants), { rise: 2, count: 0 });
});

Deno.test("when a carrier is gone it is told again, by who has told it", () => {
  const wants = new Wants();
  wants.again();
  assertEquals(toldBy(wants), undefined);
  wants.due(5);
  toldBy(wants);
  wants.again();
  assertEquals(toldBy(wants), { rise: 2, count: 5 });
  const client = new Wants();
  client.take({ rise: 7, count: 5 });
  client.again();
  assertEquals(toldBy(client), undefined);
});

Deno.test("what comes late, or twice, is ignored", () => {
  const wants = new Wants();
  assertEquals([3, 1, 3, 4].map((rise) => wants.take({ rise, count: rise })), [3, undefined, undefined, 4]);
});
