/** A peer that is accepted, and then opens streams without ever looking at what becomes of them. */
import { assert, assertEquals } from "@std/assert";
import { MOST_EXCESS_BYTES } from "../lib/mux/constants.ts";
import { MuxServer } from "../lib/mux/link.ts";
import { FrameType, ProbeFlag } from "../lib/session/constants.ts";
import { ClientHandshake } from "../lib/session/handshake.ts";
import { framed } from "../lib/session/messages.ts";
import { dataPayload, openRecord } from "./fuzz/frames.ts";
import { FakeClock } from "./support/fake_clock.ts";
import { memoryPipe } from "./support/memory_network.ts";

Deno.test("a client that opens streams for ever and acknowledges nothing ends its session, in bounded memory", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const server = new MuxServer({
    clock,
    log: (_level, message) => void lines.push(message),
    dial: () => Promise.reject(new Error("connection refused")),
    maxStreams: 100,
    replayBufferBytes: 64 * 1024,
  });
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
  // An answer has 27 bytes: the record, and "connection refused".
  const most = 1.2 * (64 * 1024 + MOST_EXCESS_BYTES) / 27;
  // It seems to be alive, whatever it does not acknowledge.
  const reply = framed(new Uint8Array([FrameType.probe, ProbeFlag.reply, 0, 0, 0x27, 0x10]));
  let id = 1;
  while (server.sessionCount > 0 && id < most) {
    const opens = Array.from({ length: 2000 }, () => openRecord(id++, 1000, 1000));
    await pipe.a.write(framed(dataPayload(...opens))).catch(() => {});
    await pipe.a.write(reply).catch(() => {});
    await clock.advance(150); // so many are taken in turns
  }
  assertEquals(server.sessionCount, 0, `${id} streams`);
  assert(lines.some((line) => line.includes("does not acknowledge what became of former ones")), lines.join("\n"));
  await server.stop("the test ends");
});
