/**
 * What a peer that was accepted sends: right frames, frames that break a rule, and noise.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { writeU32 } from "../../lib/net/bytes.ts";
import { MAX_CONTROL_FRAME_BYTES, MAX_SESSION_FRAME_BYTES } from "../../lib/session/session_constants.ts";
import { encodeEnding } from "../../lib/session/ending.ts";
import { framed } from "../../lib/ping/codec.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { mangled } from "./mangle.ts";
import { StreamSteps } from "./stream_steps.ts";
import { StreamsModel } from "./streams_model.ts";

/** What a step ends by `PROTOCOL.md`, "Errors"; `unknown` where that depends on chance. */
export type Effect = "nothing" | "carrier" | "session" | "unknown";

/** Bytes, and what they must lead to. */
export interface Step {
  wire: Uint8Array;
  effect: Effect;
  /** A whole counted frame is taken though the carrier is cut behind it. */
  countedBytes: number;
}

/** `PROTOCOL.md`, "Frames". */
const isCounted = (type: number) => (type >= 0x20 && type <= 0x3f) || (type >= 0x60 && type <= 0x7f);

/** Credit that streams are opened with, in bytes. */
const CREDIT = 1000;

/** What a peer is up against. */
export interface PeerStepsOptions {
  /** Whether the peer is a client. */
  isClient: boolean;
  /** Whether the peer is a server to whose users the subject offers services: then it may open streams. */
  isOffered?: boolean;
  /** Whether streams stay open until the peer ends them: their users neither read, fail nor end. */
  isStuck: boolean;
  /** Streams at once; the further ones are reset. */
  mostStreams: number;
  /** Streams that the subject has opened, and how much it grants them. */
  opened: ReadonlyMap<number, number>;
}

/** Makes steps that know what was opened before. */
export class PeerSteps {
  readonly #choices: Choices;
  readonly #options: PeerStepsOptions;
  readonly #model: StreamsModel;
  readonly #steps: StreamSteps;

  constructor(choices: Choices, options: PeerStepsOptions) {
    this.#choices = choices;
    this.#options = options;
    const first = options.isClient ? 1 : options.isOffered ? 2 : undefined;
    this.#model = new StreamsModel(first);
    for (const [id, granted] of options.opened) this.#model.opened(id, granted);
    const limits = { mostCredit: CREDIT, mostData: CREDIT };
    this.#steps = new StreamSteps(choices, this.#model, { first, ...limits });
  }

  /** The next thing to send. */
  next(): Step {
    const choices = this.#choices;
    if (choices.chance(0.6)) return this.#right();
    return choices.chance(0.7) ? this.#wrong() : this.#garbage();
  }

  /** A whole counted frame about streams, with what the model says of it. */
  #counted(...counted: Uint8Array[]): Step {
    let effect: Effect = "nothing";
    let countedBytes = 0;
    for (const frame of counted) {
      if (isCounted(frame[4]!)) countedBytes += frame.length;
      if (effect === "nothing") effect = this.#effectOf(frame);
    }
    return { wire: concat(counted), effect, countedBytes };
  }

  #effectOf(frame: Uint8Array): Effect {
    const payload = frame.subarray(4);
    // Not counted, or it means nothing.
    if (payload[0]! >= 0x40) return "nothing";
    const { ends, isSure } = this.#model.take(payload);
    this.#doubt();
    if (ends === "nothing") return "nothing";
    return isSure ? "session" : "unknown";
  }

  /** Which streams may be over at the subject: what is wrong with such a one means nothing then. */
  #doubt(): void {
    const { isStuck, mostStreams } = this.#options;
    const isFull = this.#model.streams.size >= mostStreams;
    for (const stream of this.#model.streams.values()) {
      // Of the smallest windows even a stuck user takes enough for them to move.
      if (!isStuck || isFull || stream.isReset || stream.granted < 16) stream.isUncertain = true;
    }
  }

  #control(payload: Uint8Array, effect: Effect): Step {
    return { wire: framed(payload), effect, countedBytes: 0 };
  }

  #right(): Step {
    const choices = this.#choices;
    switch (choices.between(0, 9)) {
      case 0: {
        const mark = choices.between(0, 65_535);
        return this.#control(
          frames.probePayload(choices.between(0, 255), choices.between(1000, 100_000), mark, choices.next32()),
          "nothing",
        );
      }
      case 1:
        return this.#control(frames.acknowledgePayload(0), this.#options.isStuck ? "nothing" : "unknown");
      case 2:
        return { wire: new Uint8Array(4 * choices.between(1, 3)), effect: "nothing", countedBytes: 0 };
      case 3: { // Whatever means nothing yet, of any size that is taken.
        const frame = frames.skippedFrame(choices);
        return { wire: frame, effect: "nothing", countedBytes: isCounted(frame[4]!) ? frame.length : 0 };
      }
      case 4: // A flood of opens that are refused or ended at once.
        return this.#flood();
      default:
        return this.#counted(...Array.from({ length: choices.between(1, 3) }, () => this.#steps.right()));
    }
  }

  #flood(): Step {
    const choices = this.#choices;
    if (!this.#options.isClient) return this.#counted(frames.skippedFrame(choices));
    const first = this.#model.highest + 1 + this.#model.highest % 2;
    const many = Array.from({ length: choices.between(1, 1 + choices.upTo(200)) }, (_, index) => {
      const id = first + 2 * index;
      return [
        frames.openFrame(id, { send: CREDIT, receive: CREDIT }, choices.between(0, 1)),
        frames.resetFrame(id, 0, 2, new Uint8Array(0)),
      ];
    });
    const step = this.#counted(...many.flat());
    // Nothing of them waits for anybody.
    many.forEach((_, index) => this.#model.over(first + 2 * index));
    return step;
  }

  #wrong(): Step {
    const choices = this.#choices;
    switch (choices.between(0, 9)) {
      case 0:
        return this.#control(frames.acknowledgePayload(2 ** 50 + choices.next32()), "session");
      case 1: {
        const large = new Uint8Array(5);
        const [type, most, effect] = choices.pick<[number, number, Effect]>([
          [0x21, MAX_SESSION_FRAME_BYTES, "carrier"],
          [0x7f, MAX_SESSION_FRAME_BYTES, "carrier"],
          [0x25, MAX_CONTROL_FRAME_BYTES, "session"],
          [0x3f, MAX_CONTROL_FRAME_BYTES, "session"],
          [0x12, MAX_CONTROL_FRAME_BYTES, "carrier"],
        ]);
        writeU32(large, 0, most + 1);
        large[4] = type;
        return { wire: large, effect, countedBytes: 0 };
      }
      case 2:
        return this.#control(encodeEnding("goodbye", frames.ending(choices)), "session");
      case 3: { // Of the wrong length, or of a type that there is not.
        const bad = choices.pick([
          [0x01],
          [0x15, 1],
          [0x11, 0],
          [0x12, 0, 0, 0, 0],
          [0x12, 0, 0, 0, 0, 0],
          [0x14, 0],
          [0x22, 0],
          [0x29],
          [0x3f],
          [0x80],
          [0xff],
          [0x21, 0, 0, 0, 1],
          [0x23, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        ]);
        return this.#control(new Uint8Array(bad), isCounted(bad[0]!) ? "session" : "carrier");
      }
      default:
        return this.#counted(this.#steps.edge());
    }
  }

  #garbage(): Step {
    const choices = this.#choices;
    const wire = concat(Array.from({ length: choices.between(1, 4) }, () => frames.anyCounted(choices)));
    const bytes = choices.chance(0.3) ? choices.bytes(choices.upTo(500)) : mangled(choices, wire);
    return { wire: bytes, effect: "unknown", countedBytes: 0 };
  }
}
