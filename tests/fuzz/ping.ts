/**
 * RFD 80 framing: the codec and the Web Streams over it, compared with a decoder that has the whole stream at once.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { readU32 } from "../../lib/net/bytes.ts";
import { FrameDecoder } from "../../lib/ping/codec.ts";
import { PingDecoderStream, PingEncoderStream } from "../../lib/ping/streams.ts";
import { framed } from "../../lib/ping/codec.ts";
import { drain } from "../sim/clock.ts";
import type { Choices } from "./choices.ts";
import { Journal } from "./journal.ts";
import { mangled, pieces } from "./mangle.ts";
import { check, expectTele, hex, type Target, teleErrorOf } from "./target.ts";

/** Frames with payloads of up to `mostBytes`, pings among them. */
function validFrames(choices: Choices, mostBytes: number): { wire: Uint8Array; payloads: Uint8Array[] } {
  const payloads = Array.from({ length: choices.upTo(20) }, () => choices.bytes(choices.upTo(mostBytes)));
  return { wire: concat(payloads.map(framed)), payloads };
}

interface Generated {
  mostBytes: number;
  wire: Uint8Array;
  /** Of a valid stream. */
  payloads: Uint8Array[] | undefined;
}

function generated(choices: Choices): Generated {
  const mostBytes = choices.between(1, 300);
  if (choices.chance(0.1)) return { mostBytes, wire: choices.bytes(choices.upTo(300)), payloads: undefined };
  const { wire, payloads } = validFrames(choices, mostBytes);
  if (choices.chance(0.3)) return { mostBytes, wire, payloads };
  return { mostBytes, wire: mangled(choices, wire), payloads: undefined };
}

/** What is due: the journal, the payload bytes of all frames, and whether the stream breaks or is cut. */
function reference(
  wire: Uint8Array,
  mostBytes: number,
): { journal: Journal; plain: Uint8Array; isBad: boolean; isCut: boolean } {
  const journal = new Journal();
  const parts: Uint8Array[] = [];
  const result = (isBad: boolean, isCut: boolean) => ({ journal, plain: concat(parts), isBad, isCut });
  for (let at = 0; at < wire.length;) {
    if (at + 4 > wire.length) return result(false, true);
    const length = readU32(wire, at);
    at += 4;
    if (length === 0) journal.mark("ping");
    else if (length > mostBytes) return result(true, false);
    else {
      const payload = wire.subarray(at, at + length);
      journal.mark("start", length);
      journal.data(payload);
      parts.push(payload);
      if (payload.length < length) return result(false, true);
      journal.mark("end");
      at += length;
    }
  }
  return result(false, false);
}

function decoded(cut: Uint8Array[], mostBytes: number) {
  const journal = new Journal();
  const decoder = new FrameDecoder(mostBytes, {
    frameStart: (length) => journal.mark("start", length),
    frameData: (bytes) => journal.data(bytes),
    frameEnd: () => journal.mark("end"),
    ping: () => journal.mark("ping"),
  });
  const error = teleErrorOf(["protocol"], () => cut.forEach((piece) => decoder.push(piece)));
  return { journal, isBad: error !== undefined, isCut: error === undefined && !decoder.atBoundary };
}

/** The codec. */
export const pingCodec: Target = {
  name: "ping-codec",
  about: "FrameDecoder: frames, mangled frames and noise, in any pieces",
  quickStreams: 4000,
  run(choices, trace) {
    const { mostBytes, wire, payloads } = generated(choices);
    const cut = pieces(choices, wire);
    trace(() => `at most ${mostBytes}: ${hex(wire)} in ${cut.length} pieces`);
    const due = reference(wire, mostBytes);
    check(payloads === undefined || !due.isBad && !due.isCut, () => "valid frames are not taken");
    for (const variant of [cut, [wire]]) {
      const got = decoded(variant, mostBytes);
      due.journal.assertSame(got.journal, `frames out of ${variant.length} pieces`);
      check(got.isBad === due.isBad && got.isCut === due.isCut, () => `bad ${got.isBad}, cut ${got.isCut}`);
    }
  },
};

async function collect(readable: ReadableStream<Uint8Array>, into: Uint8Array[]): Promise<void> {
  for await (const chunk of readable) into.push(chunk);
}

/** Pushes `chunks` through `transform`; returns what came out, and the error if it failed. */
function through(transform: TransformStream<Uint8Array, Uint8Array>, chunks: Uint8Array[]) {
  const out: Uint8Array[] = [];
  let error: unknown;
  let isDone = false;
  collect(transform.readable, out).then(() => isDone = true, (thrown) => {
    isDone = true;
    error = thrown;
  });
  const writer = transform.writable.getWriter();
  writer.closed.catch(() => {});
  writer.ready.catch(() => {});
  for (const chunk of chunks) writer.write(chunk).catch(() => {});
  writer.close().catch(() => {});
  drain();
  check(isDone, () => "the stream neither ended nor failed");
  return { plain: concat(out), error };
}

/** The Web Streams. */
export const pingStreams: Target = {
  name: "ping-streams",
  about: "PingDecoderStream and PingEncoderStream: the same streams, and round trips",
  quickStreams: 1000,
  run(choices, trace) {
    const { mostBytes, wire, payloads } = generated(choices);
    const cut = pieces(choices, wire);
    trace(() => `at most ${mostBytes}: ${hex(wire)} in ${cut.length} pieces`);
    const due = reference(wire, mostBytes);
    const got = through(new PingDecoderStream({ maxMessageBytes: mostBytes }), cut);
    if (got.error !== undefined) expectTele(["protocol"], got.error);
    const isDue = due.isBad || due.isCut;
    check((got.error !== undefined) === isDue, () => `it failed: ${got.error}, which was due: ${isDue}`);
    // What waits when a stream fails is dropped, so then less may come out, but never anything else.
    const isPart = got.plain.every((byte, at) => byte === due.plain[at]);
    check(
      isPart && (isDue || got.plain.length === due.plain.length),
      () => `${hex(due.plain)} became ${hex(got.plain)}`,
    );
    if (payloads === undefined) return;
    const encoder = new PingEncoderStream({ frameBytes: choices.between(1, 400) });
    const again = through(new PingDecoderStream(), [through(encoder, payloads).plain]);
    check(again.error === undefined, () => `a round trip failed: ${again.error}`);
    check(hex(again.plain) === hex(due.plain), () => "a round trip changed the bytes");
  },
};
