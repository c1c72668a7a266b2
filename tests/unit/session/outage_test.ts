import { assertEquals } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { Outage } from "../../../lib/session/outage.ts";
import { SilenceError } from "../../../lib/session/reconnect/silence_error.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function setUp() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = new Outage(clock, (level, message) => lines.push(`${level}: ${message}`));
  return { clock, log, take: () => lines.splice(0) };
}

Deno.test("first contact that fails says what is missing, the first success says with whom", async () => {
  const { clock, log, take } = setUp();
  log.begin(undefined);
  assertEquals(take(), []);
  log.failed("connection refused", 1);
  assertEquals(take(), ["warn: no tele server yet: connection refused; trying again"]);
  await clock.advance(2_000);
  log.end({ peer: "192.0.2.7:4000", attempts: 3, againBytes: undefined, fleeting: 0 });
  assertEquals(take(), ["info: link up: new session with 192.0.2.7:4000"]);
});

Deno.test("silence is news beside a network that fails, and none beside somebody who has answered", async () => {
  const silence = new SilenceError("nobody answers");
  const portal = new TeleError("protocol", "a web server answers there");
  const refused = new TeleError("carrier-lost", "connection refused");
  const told = (reason: string) => `warn: no tele server yet: ${reason}; trying again`;
  for (const [first, news] of [[refused, [told("nobody answers")]], [portal, []]] as const) {
    const { clock, log, take } = setUp();
    log.begin(undefined);
    log.failed(first, 1);
    await clock.advance(1_500);
    log.failed(silence, 2);
    assertEquals(take(), [told(first.message), ...news]);
    // The reminders say what came last, whatever that is.
    await clock.advance(10_000);
    log.failed(silence, 9);
    assertEquals(take(), ["warn: still trying after 11.5 s: 9 attempts, the last: nobody answers"]);
    await clock.advance(1_000);
    log.failed(new TeleError("carrier-lost", "host unreachable"), 10);
    assertEquals(take(), [told("host unreachable")]);
  }
});

Deno.test("an outage is told as lost, not resumed yet, and resumed with its length, attempts and bytes", async () => {
  const { clock, log, take } = setUp();
  log.begin(undefined);
  log.end({ peer: "a:1", attempts: 1, againBytes: undefined, fleeting: 0 });
  take();
  log.begin("connection reset");
  assertEquals(take(), ["warn: link lost: connection reset; trying to resume"]);
  log.failed("host unreachable", 1);
  assertEquals(take(), ["warn: not resumed yet: host unreachable; trying again"]);
  await clock.advance(3_100);
  log.end({ peer: "a:1", attempts: 5, againBytes: 18_432, fleeting: 0 });
  assertEquals(take(), ["info: resumed after 3.1 s, 5 attempts, 18432 bytes sent again"]);
  log.begin("closed");
  log.end({ peer: "a:1", attempts: 1, againBytes: 0, fleeting: 0 });
  assertEquals(take().at(-1), "info: resumed after 0.0 s, 1 attempt, 0 bytes sent again");
});

Deno.test("an outage that is found when a machine or a process wakes up has lasted since it went", async () => {
  const { clock, log, take } = setUp();
  log.begin(undefined);
  log.end({ peer: "a:1", attempts: 1, againBytes: undefined, fleeting: 0 });
  // Ctrl-Z for 12 s: the carrier is found dead by the first look.
  log.wasAway(12_000);
  log.begin("closed");
  log.end({ peer: "a:1", attempts: 1, againBytes: 0, fleeting: 0 });
  assertEquals(take().at(-1), "info: resumed after 12.0 s, 1 attempt, 0 bytes sent again");
  log.begin("closed");
  log.end({ peer: "a:1", attempts: 1, againBytes: 0, fleeting: 0 });
  assertEquals(take().at(-1), "info: resumed after 0.0 s, 1 attempt, 0 bytes sent again", "it counts once");

  // A carrier that lived, and was lost much later.
  log.wasAway(12_000);
  await clock.advance(60_000);
  log.begin("closed");
  log.end({ peer: "a:1", attempts: 1, againBytes: 0, fleeting: 0 });
  assertEquals(take().at(-1), "info: resumed after 0.0 s, 1 attempt, 0 bytes sent again");

  // Asleep in an outage: the clock that it is measured by stood still.
  log.begin("closed");
  await clock.advance(2_000);
  log.wasAway(60_000);
  log.end({ peer: "a:1", attempts: 1, againBytes: 0, fleeting: 0 });
  assertEquals(take().at(-1), "info: resumed after 60.0 s, 1 attempt, 0 bytes sent again");
});

Deno.test("who is refused in an outage is told what that means for what is open; at first contact nothing is", async () => {
  const { clock, log, take } = setUp();
  const refused = new TeleError("refused", "another token");
  log.begin(undefined);
  log.failed(refused, 1);
  assertEquals(take(), ["warn: no tele server yet: another token; trying again"]);
  log.end({ peer: "a:1", attempts: 2, againBytes: undefined, fleeting: 0 });
  await clock.advance(2_000);
  log.begin("reset");
  take();
  log.failed(refused, 1);
  assertEquals(take(), [
    "warn: not resumed yet: another token; trying again, and what is open waits; if this is meant, end this client",
  ]);
});

Deno.test("the same failure again is counted, not repeated; reminders come at 10 s, 20 s, 40 s and so on", async () => {
  const { clock, log, take } = setUp();
  log.begin("closed");
  take();
  const told: number[] = [];
  for (let second = 0; second <= 700; second++) {
    log.failed("connection refused", second + 1);
    if (take().length > 0) told.push(second);
    await clock.advance(1_000);
  }
  assertEquals(told, [0, 10, 20, 40, 80, 160, 320, 640]);
});

Deno.test("a reminder says how long, how often and why", async () => {
  const { clock, log, take } = setUp();
  log.begin("closed");
  log.failed("connection refused", 1);
  take();
  await clock.advance(12_000);
  log.failed("connection refused", 16);
  assertEquals(take(), ["warn: still trying after 12.0 s: 16 attempts, the last: connection refused"]);
});

Deno.test("in a long outage a reminder comes every ten minutes at the least", async () => {
  const { clock, log, take } = setUp();
  log.begin("closed");
  let lines = 0;
  for (let minute = 0; minute < 24 * 60; minute++) {
    log.failed("connection refused", minute + 1);
    lines += take().length;
    await clock.advance(60_000);
  }
  assertEquals(lines >= 24 * 6 && lines < 24 * 6 + 12, true, `${lines} lines in a day`);
});

Deno.test("a failure for a new reason gets a line, at most one a second and eight in an outage", async () => {
  const { clock, log, take } = setUp();
  log.begin("closed");
  take();
  log.failed("reason 0", 1);
  log.failed("reason 1", 2);
  assertEquals(take().length, 1);
  for (let at = 2; at < 100; at++) {
    await clock.advance(50);
    log.failed(`reason ${at}`, at + 1);
  }
  assertEquals(take().length, 4); // 4.9 s went by
  for (let at = 100; at < 150; at++) {
    await clock.advance(1_100);
    log.failed(`reason ${at}`, at + 1);
  }
  const news = take().filter((line) => line.startsWith("warn: not resumed") || line.startsWith("warn: no tele"));
  assertEquals(news.length, 3);
});

Deno.test("the next outage tells the same reason anew", () => {
  const { log, take } = setUp();
  for (let outage = 0; outage < 3; outage++) {
    log.begin("closed");
    take();
    log.failed("connection refused", 1);
    log.failed("connection refused", 2);
    assertEquals(take().length, 1);
    log.end({ peer: "a:1", attempts: 3, againBytes: 0, fleeting: 0 });
  }
});

Deno.test("long outages are told in minutes and hours", async () => {
  for (const [ms, words] of [[119_000, "119.0 s"], [600_000, "10 min"], [8 * 3_600_000, "8 h"]] as const) {
    const { clock, log, take } = setUp();
    log.begin("closed");
    await clock.advance(ms);
    log.end({ peer: "a:1", attempts: 900, againBytes: 5, fleeting: 0 });
    assertEquals(take().at(-1), `info: resumed after ${words}, 900 attempts, 5 bytes sent again`);
  }
});

Deno.test("a link that comes and goes is told like one outage after five times, and as up when it has lasted", async () => {
  const { clock, log, take } = setUp();
  const end = { peer: "a:1", attempts: 1, againBytes: 0 };
  let lines: string[] = [];
  for (let fleeting = 0; fleeting < 600; fleeting++) {
    log.begin("connection reset");
    await clock.advance(450);
    log.end({ ...end, fleeting });
    await clock.advance(50);
    lines = [...lines, ...take()];
  }
  // Five times lost and up, lost once more, and reminders after 10, 20, 40, 80 and 160 s.
  assertEquals(lines.length, 11 + 5);
  const sentence = "the link has come and gone for 10.0 s: 20 more carriers were soon lost, the last: connection reset";
  assertEquals(lines[11], `warn: ${sentence}; trying again`);
  log.begin("connection reset");
  assertEquals(log.lastedMs, 297_500);
  log.end({ ...end, fleeting: 600 });
  assertEquals(log.lastedMs, undefined, "while it is up there is no outage");
  await clock.advance(59_000);
  assertEquals(take(), []);
  await clock.advance(1_000);
  assertEquals(take(), ["info: resumed after 5 min, 1 attempt, 0 bytes sent again"]);
  log.begin("connection reset");
  assertEquals(take(), ["warn: link lost: connection reset; trying to resume"]);
  log.end({ ...end, fleeting: 5 });
  log.stop();
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("a failure outside an outage says nothing", () => {
  const { log, take } = setUp();
  log.failed("late", 1);
  assertEquals(take(), []);
});
