import { assertEquals, assertRejects } from "@std/assert";
import { StdioDuplex } from "../lib/net/stdio_duplex.ts";

const bytes = new Uint8Array([1, 2, 3, 4, 5]);

Deno.test("all is written though the operating system takes it in parts, and the end of input is told", async () => {
  const written: number[] = [];
  const stdio = new StdioDuplex({ read: () => Promise.resolve(null) }, {
    write(part) {
      written.push(...part.subarray(0, 2));
      return Promise.resolve(Math.min(2, part.length));
    },
  });
  await stdio.write(bytes);
  assertEquals([written, await stdio.read(new Uint8Array(1))], [[1, 2, 3, 4, 5], null]);
  await stdio.closeWrite();
  assertEquals(await stdio.read(new Uint8Array(1)), null, "the other direction goes on");
});

Deno.test("only a broken pipe says that nobody reads any more", async () => {
  for (const [error, isClosed] of [[new Deno.errors.BrokenPipe("x"), true], [new Error("disk full"), false]] as const) {
    const stdio = new StdioDuplex(undefined, { write: () => Promise.reject(error) });
    assertEquals(stdio.isOutputClosed, false);
    await assertRejects(() => stdio.write(bytes), Error, error.message);
    assertEquals(stdio.isOutputClosed, isClosed);
  }
});

Deno.test("once it is closed nothing is read or written any more, and what was under way fails", async () => {
  const { promise: reading, resolve: read } = Promise.withResolvers<number>();
  let writes = 0;
  const output = { write: () => Promise.resolve((writes++, 1)) };
  const stdio = new StdioDuplex({ read: () => reading }, output);
  const underWay = stdio.read(new Uint8Array(5));
  stdio.abort();
  stdio.close();
  read(5);
  await assertRejects(() => underWay, Error, "given up");
  await assertRejects(() => stdio.read(new Uint8Array(5)), Error, "given up");
  await assertRejects(() => stdio.write(bytes), Error, "given up");
  assertEquals(writes, 0);
});
