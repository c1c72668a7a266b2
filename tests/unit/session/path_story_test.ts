/** What is told of paths that go down and come back. */
import { assertEquals } from "@std/assert";
import { PathStory } from "../../../lib/session/path_story.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function setUp(...names: string[]) {
  const clock = new FakeClock({ nowMs: 0 });
  const lines: string[] = [];
  const story = new PathStory(clock, (level, message) => void lines.push(`${level}: ${message}`), names);
  return { clock, story, lines };
}

Deno.test("a line tells that a path is down, and one that it is back", () => {
  const { story, lines } = setUp("wifi", "cable");
  story.up(0);
  story.down(1, "silent for 3.0 s");
  story.down(1, "connection refused");
  story.up(1);
  assertEquals(lines, [
    "warn: the path cable is down: silent for 3.0 s; the session goes on without it; trying again",
    "info: the path cable is up",
  ]);
});

Deno.test("of a single path nothing is told here", () => {
  const { story, lines } = setUp("");
  story.down(0, "reset");
  story.up(0);
  assertEquals(lines, []);
});

Deno.test("behind an outage of all paths each is told anew", () => {
  const { story, lines } = setUp("wifi", "cable");
  story.down(1, "reset");
  story.outage();
  story.up(1);
  story.down(0, "no route to host");
  assertEquals(lines.map((line) => line.slice(0, 27)), ["warn: the path cable is dow", "warn: the path wifi is down"]);
});

Deno.test("a path that comes and goes is told a few times, and again when it has lasted a minute", async () => {
  const { clock, story, lines } = setUp("wifi", "cable");
  const comeAndGo = async (times: number, lastsMs: number) => {
    for (let time = 0; time < times; time++) {
      story.down(1, "reset");
      await clock.advance(1_000);
      story.up(1);
      await clock.advance(lastsMs);
    }
  };
  await comeAndGo(9, 1_000);
  const told = lines.filter((line) => line.startsWith("warn"));
  assertEquals([told.length, told.at(-1)!.includes("it comes and goes")], [6, true]);
  await comeAndGo(1, 60_000);
  story.down(1, "reset");
  assertEquals([lines.at(-2)!.slice(0, 5), lines.at(-1)!.slice(0, 4)], ["debug", "warn"]);
});
