/**
 * WebSockets: frames, compared with a decoder that has the whole stream at once; and the heads of their upgrades.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Duplex } from "../../lib/net/duplex.ts";
import { type HttpHead, MOST_HEAD_BYTES, readHead } from "../../lib/net/http_head.ts";
import { FrameDecoder } from "../../lib/net/websocket/frame_decoder.ts";
import { FrameEncoder } from "../../lib/net/websocket/frame_encoder.ts";
import { MOST_HEADER_BYTES, Opcode, type WebSocketSide, writeHeader } from "../../lib/net/websocket/frame_header.ts";
import { mask } from "../../lib/net/websocket/mask.ts";
import { drain } from "../sim/clock.ts";
import type { Choices } from "./choices.ts";
import { mangled, pieces } from "./mangle.ts";
import { check, expectTele, hex, type Target, teleErrorOf } from "./target.ts";

/** A frame of `side`, which may be a piece of a message. */
function frame(choices: Choices, side: WebSocketSide, opcode: Opcode, isFinal: boolean, payload: Uint8Array) {
  const key = side === "client" ? choices.bytes(4) : undefined;
  const header = new Uint8Array(MOST_HEADER_BYTES);
  const length = writeHeader(header, opcode, payload.length, key);
  if (!isFinal) header[0]! &= 0x7f;
  const bytes = payload.slice();
  if (key !== undefined) mask(bytes, key, 0);
  return concat([header.subarray(0, length), bytes]);
}

/** Messages in pieces, with pings and pongs between them; perhaps an end, perhaps a close. */
function validFrames(choices: Choices, side: WebSocketSide): Uint8Array {
  const frames: Uint8Array[] = [];
  const add = (opcode: Opcode, isFinal: boolean, mostBytes: number) => {
    frames.push(frame(choices, side, opcode, isFinal, choices.bytes(choices.between(1, mostBytes))));
  };
  for (let left = choices.upTo(20); left > 0; left--) {
    const count = choices.between(1, 3);
    for (let at = 0; at < count; at++) {
      add(
        at === 0 ? Opcode.binary : Opcode.continuation,
        at === count - 1,
        choices.chance(0.001) ? 70_000 : choices.pick([20, 200]),
      );
      if (choices.chance(0.3)) add(choices.pick([Opcode.ping, Opcode.pong]), true, 125);
    }
  }
  if (choices.chance(0.3)) frames.push(frame(choices, side, Opcode.binary, true, new Uint8Array()));
  if (choices.chance(0.3)) frames.push(frame(choices, side, Opcode.close, true, new Uint8Array([3, 232])));
  return concat(frames);
}

interface Decoded {
  payload: Uint8Array;
  hasEnded: boolean;
  closeCode: number | undefined;
  ping: string | undefined;
  isBad: boolean;
}

/** What is due, by RFC 6455 as it is written, with all of the stream there. */
function reference(wire: Uint8Array, side: WebSocketSide): Decoded {
  const parts: Uint8Array[] = [];
  const result: Decoded = { payload: wire, hasEnded: false, closeCode: undefined, ping: undefined, isBad: false };
  const done = (isBad: boolean) => ({ ...result, payload: concat(parts), isBad });
  const view = new DataView(wire.buffer, wire.byteOffset, wire.length);
  let message: number | undefined;
  for (let at = 0; at + 2 <= wire.length;) {
    const [first, second] = [wire[at]!, wire[at + 1]!];
    const short = second & 127;
    const [isFinal, opcode, hasMask] = [first >> 7 === 1, first & 15, second >> 7 === 1];
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
    const start = at + 2 + extended + (hasMask ? 4 : 0);
    if (start > wire.length) break;
    const length = extended === 0 ? short : extended === 2 ? view.getUint16(at + 2) : Number(view.getBigUint64(at + 2));
    const isMinimal = length >= (extended === 0 ? 0 : extended === 2 ? 126 : 65_536) && length < 2 ** 53;
    const isControl = opcode >= 8;
    if (first & 0x70 || ![0, 2, 8, 9, 10].includes(opcode) || hasMask !== (side === "client") || !isMinimal) {
      return done(true);
    }
    if (isControl ? short > 125 || !isFinal : (opcode === 0) !== (message !== undefined) || result.hasEnded) {
      return done(true);
    }
    if (!isControl) message = (message ?? 0) + length;
    const key = hasMask ? wire.subarray(start - 4, start) : new Uint8Array(4);
    const payload = wire.slice(start, start + length).map((byte, index) => byte ^ key[index % 4]!);
    if (!isControl) parts.push(payload);
    if (payload.length < length) break;
    at = start + length;
    if (opcode === 9) result.ping = hex(payload);
    if (opcode === 8) {
      if (payload.length === 1 || !isText(payload.subarray(2))) return done(true);
      result.closeCode = payload.length === 0 ? 0 : payload[0]! * 256 + payload[1]!;
      break;
    }
    if (!isControl && isFinal) {
      result.hasEnded = message === 0;
      message = undefined;
    }
  }
  return done(false);
}

function isText(bytes: Uint8Array): boolean {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes) !== undefined;
  } catch {
    return false;
  }
}

function decoded(cut: Uint8Array[], side: WebSocketSide): Decoded {
  const decoder = new FrameDecoder(side);
  const parts: Uint8Array[] = [];
  const error = teleErrorOf(["protocol"], () => {
    for (const piece of cut) {
      const bytes = piece.slice();
      parts.push(bytes.subarray(0, decoder.decode(bytes)));
    }
  });
  const ping = decoder.takePing();
  const { hasEnded, close } = decoder;
  return {
    payload: concat(parts),
    hasEnded,
    closeCode: close && (close.code ?? 0),
    ping: ping && hex(ping),
    isBad: error !== undefined,
  };
}

/** The codec. */
export const webSocketFrames: Target = {
  name: "websocket-frames",
  about: "FrameDecoder of WebSockets: frames, mangled frames and noise, in any pieces; and what FrameEncoder makes",
  quickStreams: 1000,
  run(choices, trace) {
    const side = choices.pick(["client", "server"] as const);
    const valid = choices.chance(0.1) ? choices.bytes(choices.upTo(300)) : validFrames(choices, side);
    const isValid = choices.chance(0.3);
    const wire = isValid ? valid : mangled(choices, valid);
    const cut = pieces(choices, wire);
    trace(() => `a ${side}'s ${hex(wire)} in ${cut.length} pieces`);
    const due = reference(wire, side);
    for (const variant of [cut, wire.length > 0 ? [wire] : []]) {
      const { payload, ...got } = decoded(variant, side);
      const isPart = payload.every((byte, at) => byte === due.payload[at]);
      check(
        isPart && (due.isBad || payload.length === due.payload.length),
        () => `${hex(payload)} came, due ${hex(due.payload)}`,
      );
      check(got.isBad === due.isBad, () => `it is bad: ${got.isBad}, which was due: ${due.isBad}`);
      const same = got.hasEnded === due.hasEnded && got.closeCode === due.closeCode && got.ping === due.ping;
      check(due.isBad || same, () => `${JSON.stringify(got)} came, due ${JSON.stringify({ ...due, payload: "" })}`);
    }
    const payload = choices.bytes(choices.upTo(2_000));
    const again = decoded([new FrameEncoder(side).encode(Opcode.binary, payload)], side);
    check(hex(again.payload) === hex(payload), () => "a round trip changed the bytes");
  },
};

/** A connection that brings `cut` and ends. */
function bringing(cut: Uint8Array[]): Duplex {
  const left = [...cut];
  return {
    read(into: Uint8Array) {
      const [first] = left;
      if (first === undefined) return Promise.resolve(null);
      const part = first.subarray(0, into.length);
      into.set(part);
      if (part.length === first.length) left.shift();
      else left[0] = first.subarray(part.length);
      return Promise.resolve(part.length);
    },
  } as Duplex;
}

/** What `readHead` makes of it. */
function headOf(cut: Uint8Array[]): { head?: HttpHead; error?: string } {
  const result: { head?: HttpHead; error?: string } = {};
  readHead(bringing(cut)).then(
    ({ head }) => void (result.head = head),
    (error) => void (result.error = expectTele(["protocol", "carrier-lost"], error).message),
  );
  drain();
  check(result.head !== undefined || result.error !== undefined, () => "it neither read a head nor failed");
  return result;
}

/** A head of a request, mostly right. */
function request(choices: Choices): Uint8Array {
  const names = ["Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "X-Forwarded-For", "A"];
  const values = ["websocket", "Upgrade", "a, b", "", "\t x ", "x".repeat(choices.chance(0.1) ? 9_000 : 9)];
  const lines = Array.from({ length: choices.upTo(12) }, () => `${choices.pick(names)}:${choices.pick(values)}`);
  const text = ["GET / HTTP/1.1", ...lines, "\r\n"].join(choices.chance(0.05) ? "\n" : "\r\n");
  return new TextEncoder().encode(text);
}

/** The heads of requests and answers. */
export const httpHeads: Target = {
  name: "http-heads",
  about: "readHead: heads, mangled heads and noise, in any pieces",
  quickStreams: 1000,
  run(choices, trace) {
    const right = request(choices);
    const bytes = choices.chance(0.3) ? right : mangled(choices, right);
    const cut = pieces(choices, bytes);
    trace(() => `${hex(bytes)} in ${cut.length} pieces`);
    const [whole, got] = [headOf(bytes.length > 0 ? [bytes] : []), headOf(cut)];
    const told = (head: HttpHead | undefined) => head && JSON.stringify([head.startLine, [...head.fields]]);
    check(told(whole.head) === told(got.head), () => `${told(got.head)} in pieces, whole ${told(whole.head)}`);
    check(
      (whole.error === undefined) === (got.error === undefined),
      () => `${got.error} in pieces, whole ${whole.error}`,
    );
    for (const [name, value] of got.head?.fields ?? []) {
      const isClean = /^[!-~]+$/.test(name) && name === name.toLowerCase() && !/[\r\n\0]/.test(value);
      check(isClean && name.length + value.length <= MOST_HEAD_BYTES, () => `a field ${JSON.stringify([name, value])}`);
    }
  },
};
