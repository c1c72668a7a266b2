/** Which of several carriers carries what. */
import { assertEquals } from "@std/assert";
import type { Carrier } from "../../../lib/session/carrier/carrier.ts";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { AttachedCarrier, Carriers } from "../../../lib/session/carriers.ts";
import type { Lane } from "../../../lib/session/handshake/messages.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { ALL, BULK, LONE_BULK, NOTHING_NEW, QUIET } from "../../../lib/session/share.ts";

/** Carriers with these lanes, numbered from 0. */
function setUp(lanes: Lane[], isHeard = true) {
  const carriers = new Carriers();
  const woken: number[] = [];
  const stopped: number[] = [];
  const all = lanes.map((lane, number) => {
    const done = Promise.withResolvers<void>();
    const carrier = {
      number,
      log: new FrameLog(new LogBudget({ limitBytes: 1000 })),
      done: done.promise,
      wake: () => void woken.push(number),
      wakeNow: () => void woken.push(number),
      stop: () => {
        stopped.push(number);
        done.resolve();
      },
    };
    const attached = new AttachedCarrier(carrier as unknown as Carrier, lane, isHeard);
    carriers.add(attached);
    return attached;
  });
  return { carriers, woken, stopped, all, shares: () => all.map(({ carrier }) => carriers.shareOf(carrier)) };
}

Deno.test("one carries everything, whatever its lane", () => {
  const { carriers, woken, shares } = setUp(["bulk"]);
  carriers.wake();
  carriers.wakeNow();
  assertEquals([carriers.isSole, shares(), woken], [true, [ALL], [0, 0]]);
});

Deno.test("beside bulk carriers the newest quiet one is quiet, and an older one carries nothing new", () => {
  const { carriers, shares } = setUp(["quiet", "bulk", "quiet", "bulk"]);
  assertEquals([carriers.isSole, carriers.quiet?.number, shares()], [false, 2, [NOTHING_NEW, BULK, QUIET, BULK]]);
});

Deno.test("one that is in doubt is relieved, unless all are", () => {
  const { carriers, all, shares } = setUp(["quiet", "bulk"]);
  all[0]!.isDoubted = true;
  carriers.changed();
  assertEquals([carriers.quiet?.number, carriers.areDoubted, shares()], [1, false, [NOTHING_NEW, ALL]]);
  all[1]!.isDoubted = true;
  carriers.changed();
  assertEquals([carriers.quiet?.number, carriers.areDoubted], [0, true]);
});

Deno.test("those in doubt are replaced by one that is heard and is not in doubt, those that leave too", () => {
  const { carriers, all } = setUp(["quiet", "bulk", "bulk"]);
  const replaced = () => carriers.replaced.map(({ carrier }) => carrier.number);
  all[0]!.isDoubted = all[1]!.isDoubted = all[1]!.isLeaving = true;
  all[2]!.isHeard = false;
  assertEquals(replaced(), []);
  all[2]!.isHeard = true;
  assertEquals(replaced(), [0, 1]);
  all[2]!.isLeaving = true;
  assertEquals(replaced(), []);
});

Deno.test("nothing goes on one that was not heard beside one that was, nor on one that leaves", () => {
  const { carriers, all, shares } = setUp(["quiet", "quiet", "bulk"], false);
  assertEquals(shares(), [NOTHING_NEW, ALL, NOTHING_NEW]);
  all[0]!.isHeard = true;
  carriers.changed();
  assertEquals(shares(), [ALL, undefined, undefined]);
  for (const one of all) one.isHeard = true;
  all[1]!.isLeaving = true;
  carriers.changed();
  assertEquals([carriers.quiet?.number, shares(), carriers.usable.length], [0, [QUIET, undefined, LONE_BULK], 2]);
});

Deno.test("a lane that is chosen is to be told, one that it had is not", () => {
  const { carriers, all } = setUp(["bulk", "bulk"]);
  carriers.chooseLane(all[0]!, "bulk");
  assertEquals(all[0]!.isLaneDue, false);
  carriers.chooseLane(all[0]!, "quiet");
  assertEquals([all[0]!.isLaneDue, carriers.quiet?.number], [true, 0]);
});

Deno.test("one that is gone and may still say goodbye is stopped with the session, unless it stopped before", async () => {
  const { carriers, all, stopped } = setUp(["quiet", "bulk", "bulk"]);
  carriers.remove(all[0]!.carrier, "given up there", true);
  carriers.remove(all[1]!.carrier, "given up there", true);
  carriers.remove(all[2]!.carrier, "reset");
  assertEquals([carriers.quiet, carriers.numbered(0), carriers.areDoubted], [undefined, undefined, false]);
  all[1]!.carrier.stop();
  await Promise.resolve();
  carriers.stopLooking();
  assertEquals(stopped, [1, 0]);
});
