/**
 * Counted frames about streams: in every order, twice, with offsets and numbers around every edge.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { boundary } from "./mangle.ts";
import { bytesAt, cameOf, type Direction, prefixOf, type StreamsModel } from "./streams_model.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Options of {@linkcode StreamSteps}. */
export interface StreamStepsOptions {
  /** The first number that their sender opens, if it may open any. */
  first: 1 | 2 | undefined;
  /** Most credit that a stream is opened with, in bytes. */
  mostCredit: number;
  /** Most bytes of data in a frame. */
  mostData: number;
}

/** Makes frames by what a model knows of the streams that there are. */
export class StreamSteps {
  readonly #choices: Choices;
  readonly #model: StreamsModel;
  readonly #options: StreamStepsOptions;
  /** Frames that were sent, to come again. */
  readonly #former: Uint8Array[] = [];

  /** Frames for streams of `model`. */
  constructor(choices: Choices, model: StreamsModel, options: StreamStepsOptions) {
    this.#choices = choices;
    this.#model = model;
    this.#options = options;
  }

  /** A frame that keeps the rules, whatever came before. */
  right(): Uint8Array {
    const frame = this.#right();
    if (this.#former.length < 100) this.#former.push(frame);
    return frame;
  }

  #right(): Uint8Array {
    const choices = this.#choices;
    if (choices.chance(0.1) && this.#former.length > 0) return this.#again();
    const id = this.#someId();
    const { first } = this.#options;
    if (id === undefined || choices.chance(0.15)) return first ? this.#open(this.#nextId()) : this.#skipped();
    const stream = this.#model.streams.get(id);
    switch (choices.between(0, 9)) {
      case 0:
      case 1:
      case 2:
        return this.#data(id, stream, prefixOf(stream ?? NONE));
      case 3:
      case 4:
        return this.#data(id, stream, choices.between(0, this.#mostEnd(stream)));
      case 5:
        return frames.windowsFrame(
          Array.from({ length: choices.between(1, 4) }, () => [this.#someId()!, frames.count(choices)] as const),
        );
      case 6: {
        const final = this.#final(stream);
        const start = choices.between(Math.max(0, final - this.#options.mostData), final);
        return frames.dataFrame(id, start, bytesAt(id, start, final - start), true);
      }
      case 7:
        return frames.resetFrame(id, this.#final(stream), choices.between(0, 9), choices.bytes(choices.upTo(30)));
      case 8:
        return this.#skipped();
      default:
        return frames.dataFrame(id, choices.pick([0, this.#mostEnd(stream)]), NOTHING);
    }
  }

  /** One that was right before comes again; but not what says something about a stream's end that changed. */
  #again(): Uint8Array {
    return this.#choices.pick(this.#former);
  }

  /** A frame of which one number is at an edge, or beyond. */
  edge(): Uint8Array {
    const choices = this.#choices;
    const id = choices.chance(0.3) ? this.#strangeId() : this.#someId() ?? 1;
    const stream = this.#model.streams.get(id) ?? NONE;
    const { granted, final = granted } = stream;
    const length = choices.upTo(300);
    const near = choices.pick([0, prefixOf(stream), cameOf(stream), granted, final, 2 ** 53, 2 ** 32]);
    const offset = Math.max(0, near + choices.pick([-length - 1, -length, 1 - length, -1, 0, 1]));
    switch (choices.between(0, 8)) {
      case 7: { // What is in order, up to where it may go, or a byte beyond.
        const start = prefixOf(stream);
        const bytes = Math.min(Math.max(0, final - start) + choices.between(0, 1), this.#options.mostData);
        return frames.dataFrame(id, start, bytesAt(id, start, bytes), choices.chance(0.3));
      }
      case 8: { // What is early, so that gaps close and open.
        const start = choices.between(prefixOf(stream), final);
        const bytes = choices.between(0, Math.min(10, final - start));
        return frames.dataFrame(id, start, bytesAt(id, start, bytes));
      }
      case 0:
        return this.#open(choices.chance(0.5) ? this.#strangeId() : this.#nextId(), true);
      case 1:
        return frames.dataFrame(id, offset, bytesAt(id, offset, length));
      case 2:
        return frames.dataFrame(id, offset, bytesAt(id, offset, length), true);
      case 3:
        return frames.resetFrame(
          id,
          offset,
          choices.pick([0, 1, 65_535]),
          choices.bytes(choices.pick([0, 1024, 1025])),
        );
      case 4:
        return frames.windowsFrame([[this.#someId() ?? id, offset], [
          id,
          choices.pick([offset, 2 ** 53, 2 ** 53 - 1]),
        ]]);
      case 5: {
        const frame = frames.windowsFrame(choices.chance(0.5) ? [] : [[id, 1]]);
        return this.#resized(frame);
      }
      default:
        return this.#resized(this.right());
    }
  }

  /** Numbers, or gaps, with holes between them: up to one limit and one more. */
  *comb(): Generator<Uint8Array> {
    const choices = this.#choices;
    if (this.#options.first !== undefined && choices.chance(0.5)) {
      const first = this.#nextId() + 2;
      for (let index = 0; index < 1026; index++) yield this.#open(first + 4 * index);
      return;
    }
    const id = this.#someId();
    if (id === undefined) return;
    const from = cameOf(this.#model.streams.get(id) ?? NONE) + 1;
    for (let index = 0; index < 2050; index++) {
      yield frames.dataFrame(id, from + 2 * index, bytesAt(id, from + 2 * index, 1));
    }
  }

  #skipped(): Uint8Array {
    return frames.skippedFrame(this.#choices);
  }

  /** With its length one off, and a byte more or less: only of frames whose length means something. */
  #resized(frame: Uint8Array): Uint8Array {
    const isMore = this.#choices.chance(0.5);
    const [payload, type] = [frame.subarray(4), frame[4]!];
    if (type === 0x21 || type === 0x23 || type >= 0x40 || payload.length < 2) return frame;
    const resized = isMore ? concat([payload, new Uint8Array(1)]) : payload.subarray(0, -1);
    return concat([new Uint8Array([0, 0, resized.length >>> 8, resized.length]), resized]);
  }

  #open(id: number, isStrange = false): Uint8Array {
    const choices = this.#choices;
    const names = [frames.serviceName(choices), frames.destination(choices)];
    const name = choices.chance(0.2) ? choices.pick(names) : undefined;
    const own = name === undefined ? 0 : name.includes(":") ? frames.DESTINATION : frames.NAMED;
    const service = isStrange ? choices.pick([0, 0, frames.NAMED, frames.DESTINATION, 3, 65_535]) : own;
    const isOpened = service <= frames.DESTINATION;
    const most = isStrange && isOpened ? choices.pick([262_144, 262_145, 2 ** 32 - 1]) : this.#options.mostCredit;
    const send = isStrange && isOpened ? most : choices.between(0, most);
    const unknown = new Uint8Array([1, 0, choices.pick([0, 64, 99, 255]), 0, 2, 7, 7]);
    const strange = choices.pick([
      unknown,
      new Uint8Array([1, 0, 7, 0, 0]),
      new Uint8Array([2, 0, 10, 0, 0]),
      frames.openList(choices.pick(["A", "", "x".repeat(65), "a b", ":1", "a:0", "a:65536"])),
      NOTHING,
      frames.openList(undefined, choices.bytes(choices.pick([0, 11, 13, 37]))),
    ]);
    const user = choices.chance(0.2) ? frames.addresses(choices) : undefined;
    const right = name === undefined && choices.chance(0.1) ? unknown : frames.openList(name, user);
    const list = isStrange && choices.chance(0.3) ? strange : right;
    return frames.openFrame(id, { send, receive: choices.pick([0, 1, 1000, boundary(choices)]) }, service, list);
  }

  /** The next number, or one behind it, so that a range is left. */
  #nextId(): number {
    const { highest } = this.#model;
    const next = highest === 0 ? this.#options.first ?? 1 : highest + 2;
    return this.#choices.chance(0.8) || next > 2 ** 30 ? next : next + 2 * this.#choices.between(1, 3);
  }

  #strangeId(): number {
    const { highest } = this.#model;
    return this.#choices.pick([0, 2, 1, 3, highest + 1, highest + 2, highest + 6, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]);
  }

  /** A number that was opened, of a stream that is over now and then; `undefined` if there is none. */
  #someId(): number | undefined {
    const { streams, highest } = this.#model;
    const choices = this.#choices;
    if (choices.chance(0.1) && highest > 0) {
      for (let tries = 4; tries > 0; tries--) {
        const id = highest - 2 * choices.between(0, 10);
        if (id > 0 && this.#model.wasOpened(id)) return id;
      }
    }
    const ids = [...streams.keys()];
    if (ids.length > 0) return choices.pick(ids);
    return highest > 0 && this.#model.wasOpened(highest) ? highest : undefined;
  }

  #mostEnd(stream: Direction | undefined): number {
    return stream === undefined ? 1000 : stream.final ?? stream.granted;
  }

  #data(id: number, stream: Direction | undefined, offset: number): Uint8Array {
    const most = Math.min(this.#choices.pick([300, 300, 5000, 70_000]), this.#options.mostData);
    const length = Math.min(most, this.#mostEnd(stream) - offset);
    return frames.dataFrame(id, offset, bytesAt(id, offset, this.#choices.between(0, length)));
  }

  #final(stream: Direction | undefined): number {
    if (stream === undefined) return 0;
    return stream.final ?? this.#choices.between(cameOf(stream), stream.granted);
  }
}

const NONE: Direction = { granted: 0, runs: [], final: undefined, isReset: false, isUncertain: false };
