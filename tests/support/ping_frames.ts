/**
 * Frames and pings for tests of the framing.
 *
 * @module
 */
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../lib/ping/codec.ts";

/** Frames and pings as a decoder tells them. */
export type Seen = "ping" | number[];

/** The bytes of these frames on the wire. */
export function wireOf(frames: Seen[]): Uint8Array {
  const wire: number[] = [];
  for (const frame of frames) {
    const payload = frame === "ping" ? [] : frame;
    const header = new Uint8Array(FRAME_HEADER_BYTES);
    writeFrameHeader(header, 0, payload.length);
    wire.push(...header, ...payload);
  }
  return new Uint8Array(wire);
}

/** Several frames of different sizes with pings before, between and behind. */
export const EXAMPLE: Seen[] = ["ping", [1], "ping", "ping", [2, 3, 4, 5, 6], [0, 0, 0, 0], Array(70).fill(9), "ping"];
