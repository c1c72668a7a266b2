/** A role that is drained: when it is over, and what somebody who asks is told. */
import { assertEquals } from "@std/assert";
import { RoleDrain } from "../../../../lib/tunnel/roles/role_drain.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

function setUp(connections = 3) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const work = Promise.withResolvers<void>();
  const role = { connections, begun: 0 };
  const drain = new RoleDrain({
    clock,
    log: (level, message) => void lines.push(`${level} ${message}`),
    timeoutMs: 3_600_000,
    begin: () => {
      role.begun++;
      return work.promise;
    },
    connections: () => role.connections,
  });
  let reason: string | undefined;
  const ask = () => drain.ask().then((why) => reason = why);
  return { clock, lines, work, role, drain, ask, reason: () => reason };
}

Deno.test("it is over when the last connection is, and says how it went", async () => {
  const { clock, lines, work, role, drain, ask, reason } = setUp();
  assertEquals(drain.isDraining, false);
  void ask();
  await clock.advance(60_000);
  assertEquals([drain.isDraining, reason(), role.begun], [true, undefined, 1]);
  work.resolve();
  await clock.settle();
  assertEquals([reason(), clock.pendingTimers], ["drained", 0]);
  assertEquals(lines, [
    "info draining: takes nothing new, and ends when 3 connections are over, after 1 h (--drain-timeout) at the latest",
    "info drained: nothing is left",
  ]);
});

Deno.test("asked again it tells how many are left, and for how long yet, and does not begin again", async () => {
  const { clock, lines, work, role, ask } = setUp();
  void ask();
  await clock.advance(1_800_000);
  role.connections = 1;
  void ask();
  assertEquals(lines.at(-1), "info draining: 1 connection is left, for 30 min yet at the most");
  assertEquals(role.begun, 1);
  work.resolve();
  await clock.settle();
});

Deno.test("what is left behind the timeout is ended, with a sentence", async () => {
  const { clock, lines, ask, reason } = setUp(2);
  void ask();
  await clock.advance(3_599_999);
  assertEquals(reason(), undefined);
  await clock.advance(1);
  assertEquals(reason(), "the drain timeout has passed");
  assertEquals(lines.at(-1), "warn drained for 1 h (--drain-timeout): 2 connections are ended");
});

Deno.test("a role that is stopped while it drains leaves no timer, and is not said to be drained", async () => {
  const { clock, lines, drain, ask } = setUp();
  void ask();
  drain.stop();
  await clock.settle();
  assertEquals([lines.length, clock.pendingTimers], [1, 0]);
});

Deno.test("a fault while it drains is told, and ends it", async () => {
  const { clock, lines, work, ask, reason } = setUp();
  void ask();
  work.reject(new Error("broken"));
  await clock.settle();
  assertEquals([reason(), lines[1]], ["drained", "error draining failed: broken"]);
});
