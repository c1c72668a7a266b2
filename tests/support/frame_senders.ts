/**
 * Streams that send as the session below a mux sees them, and a peer that looks at what comes.
 *
 * @module
 */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { SessionFrameReader } from "../../lib/session/carrier/frame_reader.ts";
import { decodeOpen, decodeReset, decodeWindows } from "../../lib/session/frames.ts";
import { FrameType } from "../../lib/session/session_constants.ts";
import { CountingOwner } from "./frame_owners.ts";
import { dataFrame, endFrame } from "./frames.ts";
import { viewOf } from "./random.ts";

const KIB = 1024;

/** What data is made of: a sequence with a long period, so that no shift goes unseen. */
const SEQUENCE = Uint8Array.from({ length: 2048 * KIB }, (_, at) => at * 31 + (at >> 8) * 7 + (at >> 16));

/** The bytes of stream `id` from one offset to another: no two streams have the same. */
export function bytesOf(id: number, start: number, end: number): Uint8Array {
  return SEQUENCE.subarray(7 * id + start, 7 * id + end);
}

/** A stream that sends, as the queue sees it. */
export class Sender extends CountingOwner {
  sent = 0;
  hasOpened = false;
  hasEnded = false;

  constructor(readonly id: number, isQuiet: boolean) {
    super(isQuiet);
  }

  /** The next frame of `bytes` bytes of data, or the end with them. */
  next(bytes: number, isEnd = false): Uint8Array {
    const data = bytesOf(this.id, this.sent, this.sent + bytes);
    const frame = isEnd ? endFrame(this.id, this.sent, data) : dataFrame(this.id, this.sent, data);
    this.sent += bytes;
    this.hasEnded = isEnd;
    return frame;
  }
}

/** What the peer has of a stream. */
export interface Taken {
  /** How often each byte came. */
  times: Uint8Array;
  end: number | undefined;
  resetAt: number | undefined;
}

/** The peer: takes what carriers bring, and looks whether it is right. */
export class TakingPeer {
  readonly streams: Map<number, Taken> = new Map();
  windows: number[] = [];

  /** Takes what a carrier brought, each stream in the order of its offsets. */
  take(bytes: Uint8Array): void {
    /** Where the frames of each stream begin on this carrier: never in front of one that came on it. */
    const order = new Map<number, number>();
    const reader = this.reader((id, offset) => {
      assertGreaterOrEqual(offset, order.get(id) ?? 0, "in the order of offsets");
      order.set(id, offset);
    });
    reader.push(bytes);
  }

  /** Takes what a carrier brings. `onData` is told of each piece of data in front of it. */
  reader(onData: (id: number, offset: number) => void = () => {}): SessionFrameReader {
    return new SessionFrameReader({
      data: (id, offset, data) => {
        onData(id, offset);
        const { times, end } = this.#of(id);
        assert(viewOf(data).equals(bytesOf(id, offset, offset + data.length)), "the right bytes");
        assertLessOrEqual(offset + data.length, end ?? Infinity);
        for (let at = 0; at < data.length; at++) times[offset + at]++;
      },
      end: (id, offset) => {
        const taken = this.#of(id);
        assertEquals(taken.end ?? offset, offset);
        taken.end = offset;
      },
      counted: (payload) => this.#counted(payload),
      control: () => {
        throw new Error("there are no control frames");
      },
    });
  }

  #of(id: number): Taken {
    const taken = this.streams.get(id);
    assert(taken !== undefined, `something of stream ${id} came before its open`);
    return taken;
  }

  #counted(payload: Uint8Array): void {
    switch (payload[0]) {
      case FrameType.open: {
        const { id } = decodeOpen(payload);
        if (!this.streams.has(id)) {
          this.streams.set(id, { times: new Uint8Array(1024 * KIB), end: undefined, resetAt: undefined });
        }
        return;
      }
      case FrameType.reset: {
        const { id, offset } = decodeReset(payload);
        this.#of(id).resetAt = offset;
        return;
      }
      case FrameType.windows:
        return decodeWindows(payload, (id) => void this.windows.push(id));
    }
  }
}
