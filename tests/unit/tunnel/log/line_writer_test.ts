import { assert, assertEquals, assertMatch } from "@std/assert";
import { LineWriter } from "../../../../lib/tunnel/log/line_writer.ts";
import { settle } from "../../../support/fake_clock.ts";

/** A destination that takes a few bytes at a time, when the test lets it. */
class SlowFile {
  text = "";
  #waiting: (() => void)[] = [];
  fails = false;

  readonly write = async (bytes: Uint8Array): Promise<number> => {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.fails) throw new Deno.errors.BrokenPipe("broken pipe");
    const part = bytes.subarray(0, 7);
    this.text += new TextDecoder().decode(part);
    return part.length;
  };

  /** Takes what is written until nothing more comes. */
  async drain(): Promise<void> {
    for (await settle(); this.#waiting.length > 0; await settle()) this.#waiting.shift()!();
  }
}

Deno.test("lines are written whole and in order, however little is taken at a time", async () => {
  const file = new SlowFile();
  const lines = new LineWriter(file.write);
  lines.write("the first line");
  lines.write("the second");
  await settle();
  lines.write("and the third");
  await file.drain();
  assertEquals(file.text, "the first line\nthe second\nand the third\n");
  lines.write("later");
  await file.drain();
  assertEquals(file.text.split("\n").at(-2), "later");
  await lines.flush(1_000);
});

Deno.test("a reader that is too slow misses lines, and is told how many", async () => {
  const file = new SlowFile();
  const lines = new LineWriter(file.write);
  for (let at = 0; at < 5_000; at++) lines.write(`line ${at}`);
  await file.drain();
  const told = file.text.trimEnd().split("\n");
  const kept = told.filter((line) => /^line \d+$/.test(line)).length;
  assert(kept <= 1_001, `${kept} lines were kept`);
  assertEquals(told.filter((line) => line.includes("lost")), [
    `(${5_000 - kept} log lines were lost: nobody read them in time)`,
  ]);
  assertEquals(told.slice(0, 3), ["line 0", "line 1", "line 2"]);
});

Deno.test("that lines were lost is told in the shape of the others", async () => {
  const file = new SlowFile();
  const lines = new LineWriter(file.write, (message) => JSON.stringify({ message }));
  for (let at = 0; at < 3_000; at++) lines.write(JSON.stringify({ message: `line ${at}` }));
  await file.drain();
  const told = file.text.trimEnd().split("\n").map((line) => JSON.parse(line).message);
  assertMatch(
    told.find((message) => !message.startsWith("line ")),
    /^\d+ log lines were lost: nobody read them in time$/,
  );
});

Deno.test("a reader that has gone is no reason to fail, and flushing does not wait for one that hangs", async () => {
  const file = new SlowFile();
  const lines = new LineWriter(file.write);
  file.fails = true;
  lines.write("nobody reads this");
  await file.drain();
  file.fails = false;
  lines.write("but perhaps this");
  await file.drain();
  assertEquals(file.text, "but perhaps this\n");
  lines.write("stuck");
  const before = performance.now();
  await lines.flush(30);
  const tookMs = performance.now() - before;
  assert(tookMs >= 20 && tookMs < 5_000, `${tookMs} ms`);
  await file.drain();
  await new LineWriter(file.write).flush(30_000);
});
