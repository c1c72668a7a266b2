/** Faults of the program's own: what throws ends what it belongs to, loudly, and nothing else (invariant 11). */
import { assert, assertEquals, assertLess, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { faultOf, TeleError } from "../../../lib/net/error.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { MuxWorld, text } from "../../support/mux_world.ts";
import { collect, readText } from "../../support/reading.ts";
import { type ByteLayer, BYTES_ID } from "../../support/byte_layer.ts";
import { handMade } from "../../support/hand_made.ts";
import { SessionWorld } from "../../support/session_world.ts";
import { decodeAcknowledge } from "../../../lib/session/carrier/control.ts";
import { type FrameOwner, NOBODY } from "../../../lib/session/carrier/piece_queue.ts";
import { HandshakeChannel } from "../../../lib/session/handshake/channel.ts";
import { DATA_HEADER_BYTES, FrameType } from "../../../lib/session/session_constants.ts";
import { dataFrame, endFrame, openFrame, resetFrame, windowsFrame } from "../../support/frames.ts";

const BUG = new Error("a bug in the program");

function throwsBug(): never {
  throw BUG;
}

Deno.test("what was foreseen stays what it is, anything else is told as a fault with its cause", () => {
  const foreseen = new TeleError("closed", "it was closed");
  assertEquals(faultOf(foreseen), foreseen);
  const fault = faultOf(BUG);
  assertEquals([fault.code, fault.cause], ["fault", BUG]);
  assertStringIncludes(fault.message, BUG.message);
  assertStringIncludes(faultOf("a string").message, "a string");
});

Deno.test("onStreamEnd that throws is told in the log, and costs other streams nothing", async () => {
  const told: string[] = [];
  await using world = new MuxWorld({
    server: {
      onStreamEnd: throwsBug,
      log: (level, message) => void (level === "error" && told.push(message)),
    },
  });
  await world.attached();
  const [one, other] = [world.open().user, world.open().user];
  await world.run(other.write(text("first-")));
  await world.clock.advance(100);
  const upstream = world.upstream[1];
  assertEquals(await world.run(readText(upstream, 6)), "first-");
  // In one step: one stream resets, the other goes on.
  one.abort(new Error("its program resets"));
  const writing = other.write(text("SECOND-"));
  await world.clock.advance(50);
  await world.run(writing);
  await world.run(other.write(text("third")));
  await other.closeWrite();
  const { bytes, end } = await world.run(collect(upstream));
  assertEquals(new TextDecoder().decode(bytes) + end, "SECOND-thirdend");
  assertEquals(told.length, 1);
  assertStringIncludes(told[0], BUG.message);
});

/** What a user's connection may throw, in place of rejecting. */
const BROKEN: Record<string, (user: Duplex) => void> = {
  "read": (user) => user.read = throwsBug,
  "readWith": (user) => user.readWith = throwsBug,
  "write": (user) => user.write = throwsBug,
  "writeNow": (user) => user.writeNow = throwsBug,
  "closeWrite": (user) => user.closeWrite = throwsBug,
};

for (const [call, breakIt] of Object.entries(BROKEN)) {
  Deno.test(`a user's connection whose ${call} throws loses its own stream, and no other`, async () => {
    await using world = new MuxWorld();
    await world.attached();
    const { user: sound } = world.open();
    await world.run(sound.write(text("sound")));
    const [near, far] = duplexPair();
    breakIt(far);
    world.client.open(far);
    collect(near);
    await near.closeWrite().catch(() => {});
    await world.clock.advance(100);
    const upstream = world.upstream[1];
    const there = upstream === undefined ? undefined : collect(upstream);
    await upstream?.write(text("an answer")).catch(() => {});
    await upstream?.closeWrite().catch(() => {});
    await world.clock.advance(1_000);
    assertEquals(world.ends.client.map(({ kind }) => kind), ["reset"]);
    if (there !== undefined) await world.run(there);
    assertEquals(await world.run(readText(world.upstream[0], 5)), "sound");
  });
}

Deno.test("a dial that throws, in place of rejecting, refuses its stream", async () => {
  await using world = new MuxWorld({ server: { dial: throwsBug } });
  await world.attached();
  const { user } = world.open();
  const here = collect(user);
  await world.run(user.write(text("x")).catch(() => {}));
  assertEquals((await world.run(here)).end, BUG.message);
});

Deno.test("a connection that throws when it is aborted does not keep others from being cut with their session", async () => {
  const world = new MuxWorld();
  await world.attached();
  const ends = [];
  for (let count = 0; count < 3; count++) {
    const [near, far] = duplexPair();
    const abort = far.abort.bind(far);
    far.abort = (reason) => {
      abort(reason);
      throw BUG;
    };
    world.client.open(far);
    ends.push(collect(near));
  }
  await world.clock.advance(100);
  const stopping = world.server.stop("it was asked to");
  // What nothing is left to end of, is an uncaught error of the program.
  const uncaught: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    uncaught.push(event.error);
  };
  addEventListener("error", onError);
  try {
    await world.run(stopping);
    for (const { end } of await world.run(Promise.all(ends))) assertStringIncludes(end, "it was asked to");
    await world.run(world.client.stop("the test ends"));
  } finally {
    removeEventListener("error", onError);
  }
  assertEquals(uncaught, [BUG]);
  assertEquals(world.ends.client.length, 3);
});

/** Sends a frame beside what the layer above sends. */
function inject({ session }: ByteLayer, frame: Uint8Array, owner?: FrameOwner): void {
  const { log } = session!.carrier!;
  const at = log.reserve(frame.length, owner);
  log.arena.set(frame, at);
  session!.wake();
}

/** A session whose server throws in one of its calls ends at both ends, loudly. */
async function assertEndsLoudly(world: SessionWorld, told = world.there): Promise<void> {
  const { here } = world;
  await world.clock.advance(2_000);
  assertEquals(told.error?.code, "fault");
  assert(here.error !== undefined && /fault .* a bug in the program/.test(here.error.message), here.error?.message);
  assertEquals(world.linesWith("server error: session").length, 1);
  await world.end();
}

/** Frames that lead to each call. */
const FRAMES = {
  receiveOpen: openFrame(3, { send: 1, receive: 1 }),
  receiveData: dataFrame(BYTES_ID, 100, new Uint8Array(1000)),
  receiveEnd: endFrame(BYTES_ID, 100),
  receiveReset: resetFrame(BYTES_ID, 100, 1, "why"),
  receiveWindow: windowsFrame([1, 1]),
};

for (const [call, frame] of Object.entries(FRAMES) as [keyof typeof FRAMES, Uint8Array][]) {
  Deno.test(`a throw in ${call} ends the session at both ends, loudly, and nothing of it is counted`, async () => {
    const world = await SessionWorld.attached();
    const { here, there } = world;
    const { session } = there;
    const before = session!.takenBytes;
    there[call] = throwsBug;
    inject(here, frame);
    await assertEndsLoudly(world, there);
    // What stands in front of data, or of a frame's last piece, says nothing by itself.
    assertLess(session!.takenBytes - before, frame.length);
    assertLessOrEqual(session!.takenBytes - before, DATA_HEADER_BYTES);
  });
}

Deno.test("a throw in pull, or over a frame that was taken, ends the session at both ends, loudly", async () => {
  for (const call of ["pull", "frameTaken"] as const) {
    const world = await SessionWorld.attached();
    const { there } = world;
    if (call === "pull") {
      there.pull = throwsBug;
      there.send(1_000);
    } else {
      const owner: FrameOwner = { ...NOBODY, frameTaken: throwsBug };
      inject(there, windowsFrame([1, 1]), owner);
    }
    await assertEndsLoudly(world);
  }
});

Deno.test("what came behind the frame that ends a session is not acknowledged with its goodbye", async () => {
  const world = new SessionWorld();
  const { pipe } = await handMade(world);
  const { there } = world;
  const taken = there.session!.takenBytes;
  there.receiveReset = throwsBug;
  // No streams: then a goodbye acknowledges what came.
  there.streamCount = 0;
  const frames = [resetFrame(1, 1, 1, "why"), dataFrame(BYTES_ID, 1, new Uint8Array(1000))];
  await pipe.a.write(concat(frames));
  const channel = new HandshakeChannel(pipe.a);
  let acknowledged = 0;
  for (let frame = await channel.receive(); frame[0] !== FrameType.goodbye; frame = await channel.receive()) {
    if (frame[0] === FrameType.acknowledge) acknowledged = decodeAcknowledge(frame);
  }
  assertEquals(acknowledged, taken + 4, "the length of the frame that was not taken, and nothing more");
  await world.end();
});
