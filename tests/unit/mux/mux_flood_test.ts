/** A peer that is accepted, and then opens streams without ever looking at what becomes of them. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { MOST_EXCESS_BYTES, ResetCode } from "../../../lib/mux/mux_constants.ts";
import { MuxServer } from "../../../lib/mux/link.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { isNodeSound } from "../../../lib/net/runtime.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { FrameType, ProbeFlag } from "../../../lib/session/session_constants.ts";
import { ClientHandshake } from "../../../lib/session/handshake/client_handshake.ts";
import { framed } from "../../../lib/ping/codec.ts";
import { garbageCollector } from "../../../lib/tunnel/roles/memory.ts";
import { concat } from "@std/bytes/concat";
import { endFrame, openFrame, resetFrame } from "../../support/frames.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";

/** What a client that acknowledges nothing says while it lives. */
const REPLY = framed(new Uint8Array([FrameType.probe, ProbeFlag.reply, 0, 0, 0x27, 0x10, 0, 0, 0, 0, 0, 0]));

/** An accepted client. */
async function accepted(clock: FakeClock, server: MuxServer): Promise<Duplex> {
  const pipe = memoryPipe({ clock });
  server.accept(pipe.b);
  const beginning = ClientHandshake.begin(pipe.a);
  await clock.settle();
  const committing = (await beginning).commit(
    { kind: "new", number: 0, lane: "quiet", fields: new Map() },
    new Uint8Array(0),
  );
  await clock.settle();
  await committing;
  assertEquals(server.sessionCount, 1);
  return pipe.a;
}

Deno.test("streams that are over leave nothing but their ends, with a client that acknowledges none of these", async () => {
  const clock = new FakeClock();
  const users: WeakRef<Duplex>[] = [];
  const server = new MuxServer({
    clock,
    log: () => {},
    dial: () => {
      const [user, far] = duplexPair();
      users.push(new WeakRef(user));
      far.closeWrite();
      return Promise.resolve(user);
    },
  });
  const client = await accepted(clock, server);
  for (let id = 1; id < 200; id += 2) {
    await client.write(concat([openFrame(id, { send: 0, receive: 0 }), endFrame(id, 0)]));
    await client.write(REPLY);
    await clock.advance(20);
    await client.write(resetFrame(id, 0, ResetCode.reset, ""));
    await clock.advance(20);
  }
  assertEquals([users.length, server.sessionCount], [100, 1]);
  const collect = garbageCollector();
  // Deno 2.6.8 cannot be asked to collect.
  if (collect !== undefined) {
    // A reference is kept for the rest of the task that looks at it.
    await new Promise((resolve) => setTimeout(resolve));
    collect();
    assertLessOrEqual(users.filter((user) => user.deref() !== undefined).length, 10);
  } else assertEquals(isNodeSound(), false);
  client.close();
  await clock.settle();
  await server.stop("the test ends");
});

Deno.test("a client that opens streams for ever and acknowledges nothing ends its session, in bounded memory", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const refused = new Error("connection refused");
  const server = new MuxServer({
    clock,
    log: (_level, message) => void lines.push(message),
    dial: () => Promise.reject(refused),
    maxStreams: 100,
    replayBufferBytes: 64 * 1024,
  });
  const client = await accepted(clock, server);
  // An answer has 39 bytes: the frame, and "connection refused".
  const most = 1.2 * (64 * 1024 + MOST_EXCESS_BYTES) / 39;
  let streams = 0;
  while (server.sessionCount > 0 && streams < most) {
    const opens = Array.from({ length: 2000 }, () => openFrame(2 * streams++ + 1, { send: 1000, receive: 1000 }));
    await client.write(concat(opens)).catch(() => {});
    await client.write(REPLY).catch(() => {});
    await clock.advance(150); // so many are taken in turns
  }
  assertEquals(server.sessionCount, 0, `${streams} streams`);
  assert(lines.some((line) => line.includes("does not acknowledge what became of former ones")), lines.join("\n"));
  await server.stop("the test ends");
});
