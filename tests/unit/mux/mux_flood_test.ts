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
import { dataPayload, finRecord, openRecord, resetRecord } from "../../fuzz/frames.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";

/** What a client that acknowledges nothing says while it lives. */
const REPLY = framed(new Uint8Array([FrameType.probe, ProbeFlag.reply, 0, 0, 0x27, 0x10]));

/** An accepted client. */
async function accepted(clock: FakeClock, server: MuxServer): Promise<Duplex> {
  const pipe = memoryPipe({ clock });
  server.accept(pipe.b);
  const beginning = ClientHandshake.begin(pipe.a);
  await clock.settle();
  const committing = (await beginning).commit(
    { kind: "new", attempt: 0, received: 0, fields: new Map() },
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
  for (let id = 1; id <= 100; id++) {
    await client.write(framed(dataPayload(openRecord(id, 0, 0), finRecord(id))));
    await client.write(REPLY);
    await clock.advance(20);
    await client.write(framed(dataPayload(resetRecord(id, ResetCode.reset, new Uint8Array(0)))));
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
  // An answer has 27 bytes: the record, and "connection refused".
  const most = 1.2 * (64 * 1024 + MOST_EXCESS_BYTES) / 27;
  let id = 1;
  while (server.sessionCount > 0 && id < most) {
    const opens = Array.from({ length: 2000 }, () => openRecord(id++, 1000, 1000));
    await client.write(framed(dataPayload(...opens))).catch(() => {});
    await client.write(REPLY).catch(() => {});
    await clock.advance(150); // so many are taken in turns
  }
  assertEquals(server.sessionCount, 0, `${id} streams`);
  assert(lines.some((line) => line.includes("does not acknowledge what became of former ones")), lines.join("\n"));
  await server.stop("the test ends");
});
