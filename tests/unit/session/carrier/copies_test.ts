/** A piece that is in the logs of several carriers: it counts once, and is let go of as soon as nobody needs it. */
import { assert, assertEquals } from "@std/assert";
import { FrameLog } from "../../../../lib/session/carrier/frame_log.ts";
import { LogCopy } from "../../../../lib/session/carrier/log_copy.ts";
import { WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { LogBudget, PIECE_BYTES } from "../../../../lib/session/log_budget.ts";
import { MemoryPool } from "../../../../lib/session/memory_pool.ts";
import { ResendQueue } from "../../../../lib/session/resend_queue.ts";
import { HEADROOM_BYTES } from "../../../../lib/session/session_constants.ts";
import { dataFrame, openFrame } from "../../../support/frames.ts";
import { Sender } from "../../../support/frame_senders.ts";
import { Returns } from "../../../support/returns.ts";

const KIB = 1024;
const LIMIT_BYTES = 1024 * KIB;
/** More than what each session may hold whatever others do, so that it counts among what all hold. */
const DATA_BYTES = 200 * KIB;
const FRAME_BYTES = DATA_BYTES + 17;

/** One frame in the first of two logs; `copy` puts it into the other. */
class World {
  readonly memory = new MemoryPool(1 << 30);
  readonly budget = new LogBudget({ limitBytes: LIMIT_BYTES, memory: this.memory });
  readonly queue = new ResendQueue({ budget: this.budget, onWindowLost: () => {} });
  readonly pool = new Returns();
  readonly sender = new Sender(1, false);
  readonly one = new FrameLog(this.budget);
  readonly other = new FrameLog(this.budget);
  readonly holds = new Map([[this.one, new WriteHold()], [this.other, new WriteHold()]]);

  constructor(bytes = DATA_BYTES) {
    const memory = new Uint8Array(HEADROOM_BYTES + bytes + 17);
    memory.set(this.sender.next(bytes), HEADROOM_BYTES);
    const segment = this.pool.lend(memory);
    this.one.adopt(memory, HEADROOM_BYTES, memory.length, { segment, owner: this.sender, headroom: HEADROOM_BYTES });
    segment.release();
  }

  copy(): void {
    new LogCopy(this.one, this.other).copy({ mostBytes: 1e9 });
  }

  write(log: FrameLog, isDone = true): void {
    log.nextWrite(this.holds.get(log)!);
    if (isDone) this.holds.get(log)!.release();
  }

  get isFreed(): boolean {
    return this.pool.came.size === this.pool.lent;
  }
}

Deno.test("a copy counts once for the limit, but for what describes it", () => {
  const world = new World();
  world.copy();
  assertEquals(world.budget.heldBytes, FRAME_BYTES);
  assertEquals(world.budget.room, LIMIT_BYTES - FRAME_BYTES - 2 * PIECE_BYTES);
});

Deno.test("whichever acknowledgement comes first frees it, and its owner is told once", () => {
  for (const first of ["one", "other"] as const) {
    const world = new World();
    world.copy();
    world.write(world.one);
    world.write(world.other);
    assert(!world.isFreed);
    world[first].acknowledge(FRAME_BYTES);
    assertEquals([world.budget.heldBytes, world.sender.held, world.isFreed], [0, 0, true], first);
    assertEquals(world.budget.room, LIMIT_BYTES - PIECE_BYTES, "it stays in the other log, without its memory");
    world[first === "one" ? "other" : "one"].acknowledge(FRAME_BYTES);
    assertEquals([world.budget.heldBytes, world.budget.room, world.sender.held], [0, LIMIT_BYTES, 0]);
  }
});

Deno.test("what was taken and waits in another log counts for the process' memory until it was handed to a write", () => {
  const world = new World();
  world.write(world.one);
  world.copy();
  world.one.acknowledge(FRAME_BYTES);
  assertEquals([world.budget.heldBytes, world.isFreed], [0, false]);
  assertEquals(world.memory.used, FRAME_BYTES + PIECE_BYTES - 128 * KIB);
  world.write(world.other, false);
  assertEquals([world.memory.used, world.isFreed], [0, false], "the write has it");
  world.holds.get(world.other)!.release();
  assert(world.isFreed);
});

Deno.test("the same of small pieces, which leave together", () => {
  const world = new World(100);
  const memory = dataFrame(1, 100, new Uint8Array(100));
  world.one.adopt(memory, 0, memory.length, { headroom: 0 });
  world.copy();
  world.write(world.one);
  world.one.acknowledge(234);
  assert(!world.isFreed);
  world.write(world.other);
  assert(world.isFreed);
});

Deno.test("a write that waits keeps the memory though both logs have let go of it", () => {
  const world = new World();
  world.copy();
  world.write(world.one, false);
  world.write(world.other);
  world.other.acknowledge(FRAME_BYTES);
  assert(!world.isFreed);
  world.holds.get(world.one)!.release();
  assert(world.isFreed);
});

Deno.test("nothing is written in front of a copy: what stands there is somebody's", () => {
  const world = new World();
  world.copy();
  assertEquals([world.one.headroom, world.other.headroom], [HEADROOM_BYTES, 0]);
});

Deno.test("what a carrier that is gone had is sent again only when no other carrier has it", () => {
  const world = new World();
  world.copy();
  world.write(world.one);
  world.write(world.other);
  assertEquals(world.queue.add(world.one.gone(), 0), 0);
  assertEquals([world.budget.heldBytes, world.sender.held], [FRAME_BYTES, 1]);
  assertEquals(world.queue.add(world.other.gone(), 0), FRAME_BYTES);
  assertEquals([world.budget.heldBytes, world.sender.held, world.sender.queued], [FRAME_BYTES, 1, 1]);
  world.queue.clear();
  assertEquals([world.budget.heldBytes, world.budget.room, world.isFreed], [0, LIMIT_BYTES, true]);
});

Deno.test("a receipt that covers it frees it in all logs, one that does not in none", () => {
  const world = new World();
  world.copy();
  world.write(world.one);
  world.write(world.other);
  const { one, other, queue } = world;
  assertEquals(queue.add(one.gone(), FRAME_BYTES), 0);
  assertEquals([world.budget.heldBytes, world.sender.held, world.isFreed], [0, 0, true]);
  assertEquals(queue.add(other.gone(), 0), 0, "it was taken");
  assertEquals(world.budget.room, LIMIT_BYTES);

  const cut = new World();
  cut.copy();
  cut.write(cut.one);
  assertEquals(cut.queue.add(cut.one.gone(), FRAME_BYTES - 1), 0);
  assertEquals([cut.budget.heldBytes, cut.sender.held, cut.isFreed], [FRAME_BYTES, 1, false]);
});

Deno.test("when the session ends nothing is kept, whichever logs have it", () => {
  const world = new World();
  world.copy();
  for (const log of [world.one, world.other]) world.queue.discard(log.gone());
  assertEquals([world.budget.heldBytes, world.budget.room, world.isFreed], [0, LIMIT_BYTES, true]);
});

Deno.test("of what another carrier has the open is sent again all the same, unless it was taken", () => {
  for (const isTaken of [false, true]) {
    const budget = new LogBudget({ limitBytes: LIMIT_BYTES });
    const queue = new ResendQueue({ budget, onWindowLost: () => {} });
    const [one, other] = [new FrameLog(budget), new FrameLog(budget)];
    const sender = new Sender(1, true);
    for (const frame of [openFrame(1, { send: 1, receive: 1 }), sender.next(10)]) {
      const at = one.reserve(frame.length, sender);
      one.arena.set(frame, at);
    }
    new LogCopy(one, other).copy({ mostBytes: 1e9 });
    other.nextWrite(new WriteHold());
    if (isTaken) other.acknowledge(47);
    assertEquals(queue.add(one.gone(), 0), isTaken ? 0 : 20);
    assertEquals([sender.held, sender.queued], isTaken ? [0, 0] : [3, 1]);
    if (isTaken) continue;
    const next = new FrameLog(budget);
    queue.moveTo(next, 1e9);
    assertEquals([next.end, sender.held, sender.queued], [20, 3, 0]);
    next.nextWrite(new WriteHold());
    next.acknowledge(20);
    other.acknowledge(47);
    assertEquals([sender.held, budget.heldBytes, budget.room], [0, 0, LIMIT_BYTES]);
  }
});
