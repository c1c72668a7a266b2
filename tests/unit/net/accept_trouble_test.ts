/** Accepting fails: one line a minute. */
import { assertEquals } from "@std/assert";
import { AcceptTrouble } from "../../../lib/net/accept_trouble.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("what goes on for two minutes is told three times, however often it fails", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const trouble = new AcceptTrouble({ clock, log: (level, line) => void lines.push(`${level} ${line}`) });
  for (let tenth = 0; tenth <= 1_200; tenth++) {
    trouble.tell("out of luck");
    await clock.advance(100);
  }
  assertEquals(lines, Array(3).fill("warn cannot accept connections for now: out of luck"));
});
