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

/** Makes steps that know what was opened before. */
export class PeerSteps {
  readonly #choices: Choices;
  readonly #isClient: boolean;
  /** Whether streams stay open until the peer ends them: their users neither read, fail nor end. */
  readonly #isStuck: boolean;
  readonly #sent: Map<number, number> = new Map();
  #nextId = 1;

  constructor(choices: Choices, isClient: boolean, isStuck: boolean) {
    this.#choices = choices;
    this.#isClient = isClient;
    this.#isStuck = isStuck;
  }

  /** The next thing to send. */
  next(): Step {
    const choices = this.#choices;
    if (choices.chance(0.6)) return this.#right();
    return choices.chance(0.7) ? this.#wrong() : this.#garbage();
  }

  #data(effect: Effect, ...records: Uint8Array[]): Step {
    return { wire: framed(frames.dataPayload(...records)), effect };
  }

  #open(): Step {
    if (!this.#isClient) return this.#data("session", frames.openRecord(1, 1, 1));
    const id = this.#nextId++;
    this.#sent.set(id, 0);
    return this.#data("nothing", frames.openRecord(id, CREDIT, boundary(this.#choices), this.#choices.upTo(1024)));
  }

  /** A stream that the peer has opened, or else one that nobody has. */
  #someId(): number {
    const ids = [...this.#sent.keys()];
    return ids.length > 0 ? this.#choices.pick(ids) : 77_777;
  }

  #right(): Step {
    const choices = this.#choices;
    switch (choices.between(0, 7)) {
      case 0:
        return {
          wire: framed(frames.probePayload(choices.between(0, 255), choices.between(1000, 100_000))),
          effect: "nothing",
        };
      case 1:
        return { wire: framed(frames.acknowledgePayload(0)), effect: this.#isStuck ? "nothing" : "unknown" };
      case 2:
        return this.#isClient ? this.#open() : { wire: new Uint8Array(4), effect: "nothing" };
      case 3: {
        const id = this.#someId();
        const bytes = choices.between(0, 300);
        const sent = this.#sent.get(id) ?? 0;
        const fits = Math.min(bytes, CREDIT - sent);
        if (this.#sent.has(id)) this.#sent.set(id, sent + fits);
        return this.#data("nothing", frames.dataRecord(id, new Uint8Array(fits)));
      }
      case 4:
        return this.#data(
          "nothing",
          frames.dataRecord(0x8000_0000 + choices.between(0, 9), choices.bytes(choices.upTo(3000))),
        );
      case 5: { // A number is used again only when both ends have forgotten it; here, never.
        const id = this.#someId();
        this.#sent.delete(id);
        const end = choices.chance(0.5)
          ? frames.finRecord(id)
          : frames.resetRecord(id, choices.between(0, 9), choices.bytes(20));
        return this.#data("nothing", end);
      }
      case 6: {
        const huge = Number.MAX_SAFE_INTEGER;
        return {
          wire: framed(frames.hintPayload([[this.#someId(), huge], [99_999, choices.next32()]])),
          effect: "nothing",
        };
      }
      default: // A flood of opens that are refused or ended at once.
        if (!this.#isClient) return this.#data("nothing", frames.finRecord(boundary(choices)));
        return this.#data(
          "nothing",
          ...Array.from({ length: choices.upTo(200) }, () => {
            const id = this.#nextId++;
            return concat([frames.openRecord(id, CREDIT, CREDIT), frames.resetRecord(id, 2, new Uint8Array(0))]);
          }),
        );
    }
  }

  #wrong(): Step {
    const choices = this.#choices;
    switch (choices.between(0, 9)) {
      case 0:
        return this.#data("session", new Uint8Array([choices.pick([0, 5, 9, 255])]));
      case 1:
        return { wire: framed(frames.hintPayload([[1, 1]]).subarray(0, 12)), effect: "session" };
      case 2:
        return { wire: framed(frames.acknowledgePayload(2 ** 50 + choices.next32())), effect: "session" };
      case 3:
        return this.#data("session", frames.openRecord(this.#nextId++, 256 * 1024 + 1, 1));
      case 4: {
        const id = this.#someId();
        const isOpen = this.#sent.has(id);
        if (!this.#isClient) return this.#open();
        return this.#data(isOpen && this.#isStuck ? "session" : "unknown", frames.openRecord(id, 1, 1));
      }
      case 5: {
        const id = this.#someId();
        const effect = !this.#sent.has(id) ? "nothing" : this.#isStuck ? "session" : "unknown";
        return this.#data(effect, frames.dataRecord(id, new Uint8Array(CREDIT + 1)));
      }
      case 6: // Whatever behind a reset whose message is too long.
        return this.#data("session", frames.resetRecord(1, 1, new Uint8Array(1025)));
      case 7: {
        const large = new Uint8Array(4);
        writeU32(large, 0, MAX_SESSION_FRAME_BYTES + 1);
        return { wire: large, effect: "carrier" };
      }
      case 8:
        return { wire: framed(encodeEnding("goodbye", frames.ending(choices))), effect: "session" };
      default: {
        const bad = choices.pick([[0x01], [0x15, 1], [0x11, 0], [0x12, 0, 0, 0, 0], [0x13, 0], [0xff]]);
        return { wire: framed(new Uint8Array(bad)), effect: "carrier" };
      }
    }
  }

  #garbage(): Step {
    const choices = this.#choices;
    const records = Array.from({ length: choices.between(1, 4) }, () => frames.anyRecord(choices));
    const wire = framed(frames.dataPayload(...records));
    const bytes = choices.chance(0.3) ? choices.bytes(choices.upTo(500)) : mangled(choices, wire);
    return { wire: bytes, effect: "unknown" };
  }
}
