/** What a program wrote before it reset its connection, such as why it refuses, arrives before the reset. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { MIB, MuxWorld, text } from "../../support/mux_world.ts";
import { collect } from "../../support/reading.ts";

async function connected(world: MuxWorld): Promise<{ user: Duplex; upstream: Duplex }> {
  const { user } = world.open();
  await world.attached();
  await world.clock.settle();
  return { user, upstream: world.upstream[0] };
}

function words(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("what came before a reset waits for a user that reads late", async () => {
  await using world = new MuxWorld();
  const { user, upstream } = await connected(world);
  await world.run(upstream.write(text("no: ")));
  await world.run(upstream.write(text("too large")));
  upstream.abort(new Error("refused"));
  await world.clock.advance(5_000);
  const { bytes, end } = await world.run(collect(user));
  assertEquals([words(bytes), end], ["no: too large", "refused"]);
  assertEquals(world.ends.client, [{ kind: "reset", code: 2, message: "refused", by: "peer" }]);
});

Deno.test("the same from the user's client to its server, also while that is being dialed", async () => {
  await using world = new MuxWorld();
  world.dialUpstream = () => new Promise((resolve) => void world.clock.setTimer(resolve, 3_000));
  const { user } = world.open();
  await world.attached();
  await world.run(user.write(text("take this")));
  user.abort(new Error("and goodbye"));
  await world.clock.advance(3_000);
  const { bytes, end } = await world.run(collect(world.upstream[0]));
  assertEquals([words(bytes), end], ["take this", "and goodbye"]);
});

Deno.test("a user that takes nothing of what came before a reset is reset after ten seconds, one that reads is not", async () => {
  await using world = new MuxWorld();
  const { user, upstream } = await connected(world);
  // Within the credit of a new stream, in several writes.
  for (let piece = 0; piece < 10; piece++) await world.run(upstream.write(new Uint8Array(16 * 1024)));
  upstream.abort(new Error("enough"));
  await world.clock.advance(100);
  const into = new Uint8Array(16 * 1024);
  for (let piece = 0; piece < 5; piece++) {
    await world.clock.advance(8_000);
    await user.read(into);
  }
  assertEquals(world.client.streamCount, 1);
  await world.clock.advance(9_900);
  assertEquals(world.client.streamCount, 1);
  await world.clock.advance(200);
  assertEquals(world.client.streamCount, 0);
  await assertRejects(() => user.read(into), Error, "enough");
});

Deno.test("a user's client that still sends comes to read the answer: what it sends goes nowhere", async () => {
  await using world = new MuxWorld();
  const { user, upstream } = await connected(world);
  await world.run(upstream.write(text("no")));
  upstream.abort(new Error("refused"));
  const sent = user.write(new Uint8Array(2 * MIB));
  await world.run(sent, 1_000, "the end of the upload");
  const { bytes, end } = await world.run(collect(user));
  assertEquals([words(bytes), end], ["no", "refused"]);
});

/** A user's server that fails every write, and has `says` to be read; then `end`. */
function refusing(end: "end" | "error" | "silence", readsAfterFailedWrite = true): Duplex {
  const says = ["no: ", "too ", "large"];
  const failed = Promise.withResolvers<void>();
  return {
    peer: "one that refuses",
    readsAfterFailedWrite,
    async read(into) {
      await failed.promise;
      const piece = says.shift();
      if (piece !== undefined) return new TextEncoder().encodeInto(piece, into).written;
      if (end === "error") throw new Error("read ECONNRESET");
      return end === "end" ? null : await new Promise<never>(() => {});
    },
    write() {
      failed.resolve();
      return Promise.reject(new Error("it takes no more"));
    },
    closeWrite: () => Promise.resolve(),
    abort: () => {},
    close: () => {},
  };
}

for (const end of ["end", "error", "silence"] as const) {
  Deno.test(`what a user's server said is read on when a write to it has failed, up to its ${end}; then it is a reset`, async () => {
    await using world = new MuxWorld({ server: { dial: () => Promise.resolve(refusing(end)) } });
    const { user } = world.open();
    user.write(new Uint8Array(MIB)).catch(() => {});
    const { bytes, end: how } = await world.run(collect(user), 5_000, "the answer and the reset");
    assertEquals([words(bytes), how], ["no: too large", "it takes no more"]);
    assertEquals(world.server.sessionCount, 1);
  });
}

Deno.test("a connection that cannot be read after a failed write is reset at once", async () => {
  await using world = new MuxWorld({ server: { dial: () => Promise.resolve(refusing("silence", false)) } });
  const { user } = world.open();
  user.write(text("hello")).catch(() => {});
  assertEquals((await world.run(collect(user), 500, "the reset")).end, "it takes no more");
});
