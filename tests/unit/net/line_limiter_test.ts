/** Log lines that somebody else can cause at will. */
import { assertEquals } from "@std/assert";
import { type LineKind, LineLimiter } from "../../../lib/net/line_limiter.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const KIND: LineKind = { lines: 5, linesOfAHost: 2, spanMs: 1_000, more: (count) => `${count} more`, unit: "lines" };

function limited() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const limiter = new LineLimiter(clock, (level, message, fields) => {
    lines.push(`${level} ${message}${fields === undefined ? "" : JSON.stringify(fields)}`);
  });
  const tell = (host: string, message: string, news?: string) =>
    limiter.tell(KIND, { level: "info", host, message, news });
  return { clock, lines, limiter, tell };
}

Deno.test("of a host a few lines are told, of all some more, and then how many there were", async () => {
  const { clock, lines, tell } = limited();
  for (const host of ["a", "b", "c"]) for (let i = 1; i <= 4; i++) tell(host, `${host}${i}`);
  const told = ["info a1", "info a2", "info b1", "info b2", "info c1"];
  assertEquals(lines, told);
  await clock.advance(999);
  assertEquals(lines, told);
  await clock.advance(1);
  assertEquals(lines, [...told, 'warn 7 more{"lines":7}']);
  tell("a", "a5");
  assertEquals(lines.at(-1), "info a5");
  await clock.advance(1_000);
  assertEquals(lines.length, 7, "nothing was left out, and so nothing is said of it");
});

Deno.test("the same news of a host is told once in a span", async () => {
  const { clock, lines, tell } = limited();
  tell("a", "refused", "refused");
  tell("a", "refused again", "refused");
  tell("b", "refused", "refused");
  assertEquals(lines, ["info refused", "info refused"]);
  await clock.advance(1_000);
  assertEquals(lines.at(-1), 'warn 1 more{"lines":1}');
});

Deno.test("kinds do not count for each other, and the end tells what was left out", () => {
  const { lines, limiter, tell } = limited();
  for (let i = 1; i <= 3; i++) tell("a", `a${i}`);
  limiter.tell({ ...KIND, more: (count) => `${count} others` }, { level: "warn", host: "a", message: "another kind" });
  limiter.stop();
  tell("b", "late");
  assertEquals(lines, ["info a1", "info a2", "warn another kind", 'warn 1 more{"lines":1}']);
});
