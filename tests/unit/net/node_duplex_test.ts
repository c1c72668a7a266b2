/** Users' connections: resets are told from ends, at both ends. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseAddress } from "../../../lib/net/address.ts";
import { dial } from "../../../lib/net/dial.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { reasonOf } from "../../../lib/net/error.ts";
import { listen } from "../../../lib/net/listen.ts";
import { hasNodeDuplex } from "../../../lib/net/node_duplex.ts";
import { readExactly } from "../../support/reading.ts";
import { denoPair, endingOf, listenDefaults, LOOPBACK, socketPair, userProgram } from "../../support/sockets.ts";
import { pause, within } from "../../support/wait.ts";

const KIB = 1024;
/** Whether users' connections can be reset: Deno 2.9. Elsewhere the peer reads an end of file. */
const CAN_RESET = hasNodeDuplex();

Deno.test("an abort of a user's connection that was accepted is a reset, where the runtime can", async () => {
  const { user, duplex, close } = await userProgram();
  const ending = endingOf(user);
  duplex.abort(new Error("the stream was cut"));
  assertEquals(await within(ending, 5_000, "the end"), CAN_RESET ? "ConnectionReset" : "end");
  close();
  await pause(5);
});

Deno.test("an abort of a user's connection that was dialed is a reset, where the runtime can", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [duplex, user] = await Promise.all([
    dial({ kind: "tcp", host: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  const ending = endingOf(user);
  duplex.abort();
  assertEquals(await within(ending, 5_000, "the end"), CAN_RESET ? "ConnectionReset" : "end");
  user.close();
  await pause(5);
});

Deno.test("an abort resets even behind data that was written and an end that was told", async () => {
  const { user, duplex, close } = await userProgram();
  await duplex.write(new Uint8Array([1]));
  await duplex.closeWrite();
  await pause(5);
  duplex.abort();
  await pause(20);
  const into = new Uint8Array(10);
  let ending: string;
  try {
    let count = await user.read(into);
    while (count !== null) count = await user.read(into);
    ending = "end";
  } catch (error) {
    ending = (error as Error).name;
  }
  // With the end already read by the kernel of the peer, an end of file is as good an answer as a reset.
  assert(["end", "ConnectionReset"].includes(ending), ending);
  close();
  await pause(5);
});

Deno.test("a close of a user's connection is a clean end, not a reset", async () => {
  const { user, duplex, close } = await userProgram();
  const ending = endingOf(user);
  duplex.close();
  assertEquals(await within(ending, 5_000, "the end"), "end");
  close();
  await pause(5);
});

Deno.test("a user's program that resets is told apart from one that ends", async () => {
  const { ResettableConnection } = await import("../../support/user_programs.ts");
  const accepted = Promise.withResolvers<Duplex>();
  const listening = await listen(LOOPBACK, { ...listenDefaults, onConnection: accepted.resolve });
  const user = await ResettableConnection.connect(Number(listening.addresses[0].split(":").at(-1)));
  const duplex = await accepted.promise;
  const reading = duplex.read(new Uint8Array(1)).then(
    (count) => count === null ? "end" : "bytes",
    (error) => reasonOf(error),
  );
  if (CAN_RESET) user.reset();
  else user[Symbol.dispose]();
  const ending = await within(reading, 5_000, "the end of the read");
  if (CAN_RESET) assert(/reset/i.test(ending), ending);
  else assertEquals(ending, "end", "there node:net cannot reset either");
  duplex.close();
  listening.close();
  user[Symbol.dispose]();
  await pause(5);
});

Deno.test("a user's program that has gone makes writes fail in the end", async () => {
  const { user, duplex, close } = await userProgram();
  user.close();
  await within(
    assertRejects(async () => {
      for (;;) {
        await duplex.write(new Uint8Array(64 * KIB));
        await pause(1);
      }
    }),
    5_000,
    "a write that fails",
  );
  duplex.close();
  try {
    close();
  } catch {
    // The user's end was closed above.
  }
  await pause(5);
});

Deno.test("small writes are not held back for an acknowledgement: Nagle is off at both ends", async () => {
  for (const { near, far, close } of [await socketPair(LOOPBACK), await denoPair()]) {
    const took: number[] = [];
    for (let turn = 0; turn < 20; turn++) {
      for (const [from, to] of [[near, far], [far, near]] as const) {
        const before = performance.now();
        await from.write(new Uint8Array([1]));
        await from.write(new Uint8Array([2]));
        await readExactly(to, 2);
        took.push(performance.now() - before);
      }
    }
    // An acknowledgement takes 40 ms. Half of them may be late on a machine that has much to do.
    const usualMs = took.sort((a, b) => a - b)[took.length / 2]!;
    assert(usualMs < 15, `${near.constructor.name}: ${usualMs} ms for a write-write-read`);
    close();
    await pause(5);
  }
});

Deno.test("a connection of a socket of both families tells its IPv4 addresses as IPv4, at both ends", async () => {
  const { near, far, close } = await socketPair(parseAddress("[::]:0"), "::ffff:127.0.0.1");
  assertEquals([near.localAddress, far.localAddress], ["127.0.0.1", "127.0.0.1"]);
  assert(far.peer.startsWith("127.0.0.1:"), far.peer);
  close();
  await pause(5);
});

Deno.test("a connection that was dialed by a name knows the address that this led to", async () => {
  const { near, far, close } = await socketPair(LOOPBACK, "localhost");
  const address = hasNodeDuplex() ? near.remoteAddress : near.peer.replace(/:\d+$/, "");
  assertEquals([address, near.localAddress], ["127.0.0.1", "127.0.0.1"]);
  if (hasNodeDuplex()) assertEquals(near.peer, `localhost:${far.localPort}`);
  close();
  await pause(5);
});
