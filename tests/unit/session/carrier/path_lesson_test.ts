/** What a path taught about large packets stays on that path. */
import { assertEquals } from "@std/assert";
import { NO_CAUTION } from "../../../../lib/session/carrier/pace.ts";
import { PathLesson } from "../../../../lib/session/carrier/path_lesson.ts";

Deno.test("the next carrier on the same path begins with what the last one left, whatever port it has", () => {
  const lesson = new PathLesson();
  assertEquals(lesson.cautionOn({ peer: "192.0.2.1:50000", localAddress: "192.0.2.7" }).level, 0);
  lesson.learned({ level: 3, heldUntilMs: 0 }, false);
  assertEquals(lesson.cautionOn({ peer: "192.0.2.1:50001", localAddress: "192.0.2.7" }).level, 3);
  lesson.learned(NO_CAUTION, true);
  assertEquals(lesson.cautionOn({ peer: "192.0.2.1:50002", localAddress: "192.0.2.7" }).level, 0);
});

Deno.test("from another address, or to another host, a carrier begins as usual", () => {
  for (const other of [{ localAddress: "198.51.100.3" }, { peer: "192.0.2.2:50000" }, { localAddress: undefined }]) {
    const lesson = new PathLesson();
    const path = { peer: "192.0.2.1:50000", localAddress: "192.0.2.7" };
    lesson.cautionOn(path);
    lesson.learned({ level: 3, heldUntilMs: 0 }, false);
    assertEquals(lesson.cautionOn({ ...path, ...other }).level, 0);
  }
});

Deno.test("what the address of before taught is forgotten on the way", () => {
  const lesson = new PathLesson();
  const home = { peer: "[2001:db8::1]:50000", localAddress: "2001:db8::7" };
  lesson.cautionOn(home);
  lesson.learned({ level: 2, heldUntilMs: 0 }, false);
  lesson.cautionOn({ ...home, localAddress: "2001:db8:1::7" });
  assertEquals(lesson.cautionOn(home).level, 0);
});

Deno.test("of several carriers there the most cautious one counts, until large pieces have passed on one", () => {
  const lesson = new PathLesson();
  const path = { peer: "192.0.2.1:50000", localAddress: "192.0.2.7" };
  lesson.cautionOn(path);
  lesson.learned({ level: 2, heldUntilMs: 500 }, false);
  for (const less of [NO_CAUTION, { level: 2, heldUntilMs: 400 }]) lesson.learned(less, false);
  assertEquals(lesson.cautionOn(path), { level: 2, heldUntilMs: 500 });
  lesson.learned({ level: 2, heldUntilMs: 900 }, false);
  assertEquals(lesson.cautionOn(path).heldUntilMs, 900);
  lesson.learned(NO_CAUTION, true);
  assertEquals(lesson.cautionOn(path).level, 0);
});
