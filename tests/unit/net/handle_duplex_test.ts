/** Connections on handles of the runtime, of TCP and of unix sockets: what they do at once, and what waits. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { reasonOf } from "../../../lib/net/error.ts";
import { HandleDuplex } from "../../../lib/net/handle_duplex.ts";
import { hasNodeDuplex } from "../../../lib/net/node_duplex.ts";
import { hasUnixDuplex } from "../../../lib/net/unix_duplex.ts";
import { inFolder } from "../../support/folder.ts";
import { LOOPBACK, socketPair } from "../../support/sockets.ts";
import { pause, until, within } from "../../support/wait.ts";

/** Each with two ends on handles; not on Deno 2.6.8, which has none: and a skipped test is a failure in CI. */
const KINDS: Record<string, (body: (near: HandleDuplex, far: HandleDuplex) => Promise<void>) => Promise<void>> = {};
if (hasNodeDuplex()) {
  KINDS["TCP"] = async (body) => {
    const { near, far, close } = await socketPair(LOOPBACK);
    await body(near as HandleDuplex, far as HandleDuplex).finally(close);
    await pause(5);
  };
}
if (hasUnixDuplex()) {
  KINDS["a unix socket"] = (body) =>
    inFolder(async (folder) => {
      const { near, far, close } = await socketPair({ kind: "unix", path: `${folder}/socket` });
      await body(near as HandleDuplex, far as HandleDuplex).finally(close);
      await pause(5);
    });
}

for (const [kind, between] of Object.entries(KINDS)) {
  const test = (sentence: string, body: (near: HandleDuplex, far: HandleDuplex) => Promise<void>) =>
    Deno.test(`${kind}: ${sentence}`, () => between(body));

  test("both ends are on handles", (near, far) => {
    for (const end of [near, far]) assert(end instanceof HandleDuplex);
    return Promise.resolve();
  });

  test("a write is done at once until the other end does not read, and then when it does", async (near, far) => {
    // The first one may wait until the runtime has heard that the connection takes anything.
    await near.write(new Uint8Array([1]));
    assertEquals(await far.read(new Uint8Array(1)), 1);
    let blocks = 0, isDone = false;
    const block = (number: number) => new Uint8Array(64 * 1024).fill(number);
    let waiting = near.writeNow(block(blocks++));
    for (; waiting === undefined; waiting = near.writeNow(block(blocks++))) assert(blocks < 4_096, "256 MiB at once");
    assert(blocks > 1, "not even the first was done at once");
    waiting.then(() => isDone = true);
    await pause(20);
    assert(!isDone);
    const all = new Uint8Array(blocks * 64 * 1024);
    for (let at = 0; at < all.length;) at += await within(far.read(all.subarray(at)), 5_000, "the rest") ?? all.length;
    await within(waiting, 5_000, "the end of the write");
    for (let number = 0; number < blocks; number++) assertEquals(all[number * 64 * 1024], number % 256);
  });

  for (const last of ["end", "reset"]) {
    test(`it calls back with bytes and with the ${last}`, async (near, far) => {
      const into = new Uint8Array(16);
      const read = () =>
        new Promise<string>((resolve) =>
          near.readWith(into, (count) => resolve(`${count}`), (error) => resolve(reasonOf(error)))
        );
      // More of them than it takes to begin to read ahead: what was read ahead is there at once.
      for (let round = 1; round <= 8; round++) {
        const reading = read();
        await far.write(new Uint8Array(20).fill(round));
        assertEquals([await reading, into[0]], ["16", round]);
        let isThere = false;
        near.readWith(into, (count) => isThere = count === 4, () => {});
        if (round <= 4) await until(() => isThere, 5_000, `round ${round}`);
        else await pause(0);
        assert(isThere, `round ${round}`);
      }
      const reading = read();
      if (last === "end") await far.closeWrite();
      else near.abort();
      const ending = await within(reading, 5_000, "the last call");
      if (last === "end") assertEquals([ending, await read()], ["null", "null"]);
      else assert(/reset/.test(ending) && /reset/.test(await read()), ending);
    });
  }

  test("what waits at a close fails, and so does what is asked for behind it, each with the same reason", async (near) => {
    const reading = near.read(new Uint8Array(1));
    reading.catch(() => {});
    near.close();
    const reason = await assertRejects(() => reading);
    assertMatch(reasonOf(reason), /connection is closed/);
    for (const ask of [() => near.read(new Uint8Array(1)), () => near.write(new Uint8Array(1))]) {
      assertStrictEquals(await assertRejects(ask), reason);
    }
    assertStrictEquals(await assertRejects(() => near.closeWrite()), reason);
  });

  test("what was not read when the other end has gone fails a write in the end", async (near, far) => {
    far.close();
    const failing = async () => {
      for (;;) {
        await near.write(new Uint8Array(64 * 1024));
        await pause(1);
      }
    };
    await assertRejects(() => within(failing(), 5_000, "the failure"), Error, "EPIPE");
    await assertRejects(() => near.closeWrite(), Error, "EPIPE");
  });

  test("the memory of a write that waits is not freed before it is sent", async (near) => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    await near.write(new Uint8Array(1));
    const lend = () => {
      const bytes = new Uint8Array(32 * 2 ** 20);
      return { lent: new WeakRef(bytes), written: near.write(bytes) };
    };
    const { lent, written } = lend();
    // A weak reference holds what it refers to until the step is over.
    await pause(10);
    collect();
    assert(lent.deref() !== undefined);
    near.abort();
    await written.catch(() => {});
  });
}
