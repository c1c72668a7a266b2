/**
 * What a peer that was accepted sends: right frames, frames that break a rule, and noise.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { writeU32 } from "../../lib/net/bytes.ts";
import { MAX_SESSION_FRAME_BYTES } from "../../lib/session/session_constants.ts";
import { encodeEnding } from "../../lib/session/ending.ts";
import { framed } from "../../lib/ping/codec.ts";
import { dataFrame, endFrame, windowsFrame } from "../support/frames.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { boundary, mangled } from "./mangle.ts";

/** What a step ends by `PROTOCOL.md`, "Errors"; `unknown` where that depends on chance. */
export type Effect = "nothing" | "carrier" | "session" | "unknown";

/** Bytes, and what they must lead to. */
export interface Step {
  wire: Uint8Array;
  effect: Effect;
}

/** Credit that streams are opened with, in bytes. */
const CREDIT = 1000;

/** What a {@linkcode PeerSteps} knows of the subject. */
export interface PeerStepsOptions {
  /** Whether the peer opens streams. */
  isClient: boolean;
  /** Whether streams stay open until the peer ends them: their users neither read, fail nor end. */
  isStuck: boolean;
  /** Streams that the subject has opened. */
  opened: readonly number[];
}

/** Makes steps that know what was opened before. */
export class PeerSteps {
  readonly #choices: Choices;
  readonly #options: PeerStepsOptions;
  /** Bytes of data sent on each stream that was not ended. */
  readonly #sent: Map<number, number> = new Map();
  #nextId = 1;

  constructor(choices: Choices, options: PeerStepsOptions) {
    this.#choices = choices;
    this.#options = options;
    for (const id of options.opened) this.#sent.set(id, 0);
  }

  /** The next thing to send. */
  next(): Step {
    const choices = this.#choices;
    if (choices.chance(0.6)) return this.#right();
    return choices.chance(0.7) ? this.#wrong() : this.#garbage();
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  #open(): Step {
    const { isClient } = this.#options;
    const id = isClient ? this.#takeId() : 1;
    const credits = { send: isClient ? CREDIT : 1, receive: boundary(this.#choices) };
    if (isClient) this.#sent.set(id, 0);
    const wire = frames.openFrame({ id, credits, service: 0 }, frames.fewFields(this.#choices));
    return { wire, effect: isClient ? "nothing" : "session" };
  }

  /** A stream that is open as far as the peer knows. */
  #someId(): number | undefined {
    const ids = [...this.#sent.keys()];
    return ids.length > 0 ? this.#choices.pick(ids) : undefined;
  }

  #right(): Step {
    const choices = this.#choices;
    const { isClient, isStuck } = this.#options;
    const id = this.#someId();
    const sent = id === undefined ? 0 : this.#sent.get(id)!;
    switch (choices.between(0, 7)) {
      case 0:
        return {
          wire: framed(frames.probePayload(choices.between(0, 255), choices.between(1000, 100_000), choices.upTo(9))),
          effect: "nothing",
        };
      case 1:
        return { wire: framed(frames.acknowledgePayload(0)), effect: isStuck ? "nothing" : "unknown" };
      case 2:
        return isClient ? this.#open() : { wire: new Uint8Array(4), effect: "nothing" };
      case 3: {
        if (id === undefined) break;
        const fits = Math.min(choices.between(0, 300), CREDIT - sent);
        this.#sent.set(id, sent + fits);
        return { wire: dataFrame(id, sent, new Uint8Array(fits)), effect: "nothing" };
      }
      case 4: // What comes again changes nothing.
        if (id === undefined) break;
        return {
          wire: concat([
            dataFrame(id, choices.between(0, sent), new Uint8Array(0)),
            dataFrame(id, 0, new Uint8Array(choices.between(0, sent))),
            ...(isClient ? [frames.openFrame({ id, credits: { send: 2 ** 31, receive: 1 }, service: 0 })] : []),
          ]),
          effect: "nothing",
        };
      case 5: {
        if (id === undefined) break;
        this.#sent.delete(id);
        const end = choices.chance(0.5)
          ? endFrame(id, sent)
          : frames.resetFrame(id, sent, choices.between(0, 9), choices.bytes(20));
        return { wire: concat([end, end]), effect: "nothing" };
      }
      case 6:
        if (id === undefined) break;
        return { wire: windowsFrame([id, Number.MAX_SAFE_INTEGER], [id, choices.next32()]), effect: "nothing" };
      default: { // A flood of opens that are refused or ended at once.
        if (!isClient) break;
        const credits = { send: CREDIT, receive: CREDIT };
        const flood = Array.from({ length: choices.upTo(200) }, () => {
          const id = this.#takeId();
          const reset = frames.resetFrame(id, 0, 2, new Uint8Array(0));
          return concat([frames.openFrame({ id, credits, service: choices.between(0, 1) }), reset]);
        });
        return { wire: concat(flood), effect: "nothing" };
      }
    }
    return { wire: new Uint8Array(4), effect: "nothing" };
  }

  #wrong(): Step {
    const choices = this.#choices;
    const { isClient, isStuck } = this.#options;
    const id = this.#someId();
    const sent = id === undefined ? 0 : this.#sent.get(id)!;
    /** Whether a stream of that number is certainly open. */
    const certain: Effect = id === undefined || !isStuck ? "unknown" : "session";
    switch (choices.between(0, 11)) {
      case 0: {
        const type = choices.pick([0x00, 0x06, 0x15, 0x22, 0x29, 0x3f, 0x80, 0xff]);
        return { wire: framed(new Uint8Array([type, 1, 2])), effect: "carrier" };
      }
      case 1:
        return { wire: framed(windowsFrame([1, 1]).subarray(4, 16)), effect: "session" };
      case 2:
        return { wire: framed(frames.acknowledgePayload(2 ** 50 + choices.next32())), effect: "session" };
      case 3: {
        const credits = { send: 256 * 1024 + 1, receive: 1 };
        return { wire: frames.openFrame({ id: this.#takeId(), credits, service: 0 }), effect: "session" };
      }
      case 4: {
        if (!isClient) return this.#open();
        const id = choices.pick([0, 2, 2 ** 31, 2 ** 32 - 1]);
        return { wire: frames.openFrame({ id, credits: { send: 1, receive: 1 }, service: 0 }), effect: "session" };
      }
      case 5:
        return {
          wire: dataFrame(id ?? 77_777, sent, new Uint8Array(CREDIT + 1)),
          effect: isClient ? certain : "unknown",
        };
      case 6:
        return { wire: frames.resetFrame(id ?? 1, sent, 1, new Uint8Array(1025)), effect: "session" };
      case 7: {
        const large = new Uint8Array(4);
        writeU32(large, 0, MAX_SESSION_FRAME_BYTES + 1);
        return { wire: large, effect: "carrier" };
      }
      case 8:
        return { wire: framed(encodeEnding("goodbye", frames.ending(choices))), effect: "session" };
      case 9: { // In front of the open, or of one that never comes.
        const never = isClient ? this.#nextId + 2 * choices.between(0, 9) : 99_999;
        const frame = choices.pick([
          dataFrame(never, 0, choices.bytes(choices.between(1, 3000))),
          endFrame(never, choices.upTo(100)),
          frames.resetFrame(never, 0, 1, new Uint8Array(0)),
          windowsFrame([never, 1]),
        ]);
        return { wire: frame, effect: "session" };
      }
      case 10: {
        if (id === undefined || sent + 1 > CREDIT) break;
        const other = choices.chance(0.5)
          ? endFrame(id, sent + 1)
          : frames.resetFrame(id, sent + 1, 1, new Uint8Array(0));
        return { wire: concat([endFrame(id, sent), other]), effect: certain };
      }
      default: {
        const bad = choices.pick([[0x01], [0x15, 1], [0x11, 0], [0x12, 0, 0, 0, 0], [0x14, 0], [0xff], [0x21, 0, 0]]);
        return { wire: framed(new Uint8Array(bad)), effect: "carrier" };
      }
    }
    return { wire: new Uint8Array(4), effect: "nothing" };
  }

  #garbage(): Step {
    const choices = this.#choices;
    const wire = concat(Array.from({ length: choices.between(1, 4) }, () => frames.countedFrame(choices)));
    const bytes = choices.chance(0.3) ? choices.bytes(choices.upTo(500)) : mangled(choices, wire);
    return { wire: bytes, effect: "unknown" };
  }
}
