import { assertEquals, assertRejects } from "@std/assert";
import { StdioDuplex } from "../../../lib/net/stdio_duplex.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const bytes = new Uint8Array([1, 2, 3, 4, 5]);

Deno.test("all is written though the operating system takes it in parts, and the end of input is told", async () => {
  const written: number[] = [];
  const output = {
    write(part: Uint8Array) {
      written.push(...part.subarray(0, 2));
      return Promise.resolve(Math.min(2, part.length));
    },
  };
  const stdio = new StdioDuplex({ input: { read: () => Promise.resolve(null) }, output });
  await stdio.write(bytes);
  assertEquals([written, await stdio.read(new Uint8Array(1))], [[1, 2, 3, 4, 5], null]);
  await stdio.closeWrite();
  assertEquals(await stdio.read(new Uint8Array(1)), null, "the other direction goes on");
});

Deno.test("only a broken pipe says that nobody reads any more", async () => {
  for (const [error, isClosed] of [[new Deno.errors.BrokenPipe("x"), true], [new Error("disk full"), false]] as const) {
    const stdio = new StdioDuplex({ output: { write: () => Promise.reject(error) } });
    assertEquals(stdio.isOutputClosed, false);
    await assertRejects(() => stdio.write(bytes), Error, error.message);
    assertEquals(stdio.isOutputClosed, isClosed);
  }
});

Deno.test("once it is closed nothing is read or written any more, and what was under way fails", async () => {
  const { promise: reading, resolve: read } = Promise.withResolvers<number>();
  let writes = 0;
  const output = { write: () => Promise.resolve((writes++, 1)) };
  const stdio = new StdioDuplex({ input: { read: () => reading }, output });
  const underWay = stdio.read(new Uint8Array(5));
  stdio.abort();
  stdio.close();
  read(5);
  await assertRejects(() => underWay, Error, "given up");
  await assertRejects(() => stdio.read(new Uint8Array(5)), Error, "given up");
  await assertRejects(() => stdio.write(bytes), Error, "given up");
  assertEquals(writes, 0);
});

/** Standard input that somebody types into, or leaves alone. */
class Keyboard {
  #into: Uint8Array | undefined;
  #resolve: ((count: number | null) => void) | undefined;

  read(into: Uint8Array): Promise<number | null> {
    this.#into = into;
    return new Promise((resolve) => this.#resolve = resolve);
  }

  type(...letters: number[]): void {
    this.#into!.set(letters);
    this.#resolve!(letters.length);
  }
}

Deno.test("behind the peer's end standard input ends once nothing came for half a second, and not before", async () => {
  const [clock, input] = [new FakeClock(), new Keyboard()];
  const stdio = new StdioDuplex({ clock, input });
  const into = new Uint8Array(8);
  const states: string[] = [];
  const read = (name: string) => stdio.read(into).then((count) => states.push(`${name} ${count}`));

  read("first");
  await clock.advance(60_000);
  assertEquals(states, [], "while the peer's direction is open, silence means nothing");
  await stdio.closeWrite();
  await clock.advance(400);
  input.type(1, 2);
  await settle();
  assertEquals([states, [...into.subarray(0, 2)]], [["first 2"], [1, 2]]);
  // What was read is on its way for a while: nobody reads, and the time does not run.
  await clock.advance(10_000);
  read("second");
  await clock.advance(499);
  assertEquals(states, ["first 2"]);
  await clock.advance(2);
  assertEquals(states, ["first 2", "second null"]);
  read("third");
  await settle();
  assertEquals(states, ["first 2", "second null", "third null"]);
  // What comes too late goes nowhere, and not into memory that is another's by now.
  into.fill(0);
  input.type(9, 9);
  await settle();
  assertEquals([...into], [0, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("who ends the process ends standard input: what was written by then is read, and a moment later the end", async () => {
  for (const isPeerEnded of [false, true]) {
    const [clock, input] = [new FakeClock(), new Keyboard()];
    const stdio = new StdioDuplex({ clock, input });
    const into = new Uint8Array(8);
    const states: string[] = [];
    const read = () => stdio.read(into).then((count) => states.push(String(count)));
    read();
    if (isPeerEnded) await stdio.closeWrite();
    stdio.part();
    input.type(1, 2, 3);
    await settle();
    read();
    await clock.advance(49);
    assertEquals(states, ["3"]);
    await clock.advance(2);
    assertEquals([states, clock.pendingTimers], [["3", "null"], 0]);
  }
});

Deno.test("standard output that cannot be waited for says so, rather than that a write failed", async () => {
  const stdio = new StdioDuplex({ output: { write: () => Promise.reject(new Deno.errors.WouldBlock("os error 11")) } });
  await assertRejects(() => stdio.write(bytes), Error, "set not to wait (O_NONBLOCK): put `| cat` behind");
  assertEquals(stdio.isOutputClosed, false);
});
