/**
 * What an end must make of counted frames about streams: a slow reading of `lib/PROTOCOL.md`, "Streams", which knows
 * nothing of the code.
 *
 * @module
 */

/** What a frame ends, and whether that is certain: a stream may be over at an end, and then its frames mean nothing. */
export interface Verdict {
  ends: "nothing" | "session";
  isSure: boolean;
}

/** One direction of a stream: what its sender has sent, as the other end sees it. */
export interface Direction {
  /** Offset up to which the sender may send. */
  granted: number;
  /** Bytes that came, as rising runs none of which touches the next. */
  runs: [start: number, end: number][];
  /** Told by an end or a reset. */
  final: number | undefined;
  isReset: boolean;
  /** Whether it may be over where it arrives. */
  isUncertain: boolean;
}

/** Limits of "Putting together", "Numbers of streams", "Start". */
const MOST_GAPS_A_STREAM = 2048, MOST_GAPS = 16_384, MOST_RANGES = 1024, MOST_START = 262_144, MOST_EXTRA = 1024;
const LAST_STREAM = 2 ** 31 - 1;

class Broken extends Error {
  readonly isSure: boolean;

  constructor(what: string, isSure = true) {
    super(what);
    this.isSure = isSure;
  }
}

function must(isSo: boolean, what: string, isSure = true): void {
  if (!isSo) throw new Broken(what, isSure);
}

/** Bytes that came in order, from the first. */
export function prefixOf({ runs }: Direction): number {
  const [first] = runs;
  return first?.[0] === 0 ? first[1] : 0;
}

/** Offset behind the farthest byte that came. */
export function cameOf({ runs }: Direction): number {
  return runs.at(-1)?.[1] ?? 0;
}

/** Gaps in front of what is early. */
export function gapsOf(direction: Direction): number {
  return direction.runs.length - (prefixOf(direction) > 0 ? 1 : 0);
}

/** The byte at `offset` of stream `id`, in every stream that a fuzzer sends. */
export function byteAt(id: number, offset: number): number {
  return (Math.imul(id, 7) + Math.imul(offset, 13) + (offset >>> 8)) & 0xff;
}

/** {@linkcode byteAt} from `offset` on. */
export function bytesAt(id: number, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = byteAt(id, (offset + at) % 2 ** 32);
  return bytes;
}

/** All streams of a session, as frames of one end tell the other. */
export class StreamsModel {
  /** Streams that are open where the frames arrive. */
  readonly streams: Map<number, Direction> = new Map();
  /** The highest number that the sender of the frames has opened, or, if it opens none, the other end; 0 if none was. */
  highest = 0;
  /** The highest number that either end has opened. */
  highestOfAll = 0;
  readonly #seen: Set<number> = new Set();
  readonly #first: number | undefined;
  readonly #told: (what: string) => void;

  /**
   * Frames of an end that opens streams from the number `first` on (1: a client, 2: a server), or opens none; `told`
   * hears why a frame ends the session.
   */
  constructor(first: 1 | 2 | undefined, told: (what: string) => void = () => {}) {
    this.#first = first;
    this.#told = told;
  }

  /** Whether a stream with this number was ever opened. */
  wasOpened(id: number): boolean {
    return this.#seen.has(id);
  }

  /** The other end has opened a stream, and granted `granted`. */
  opened(id: number, granted: number): void {
    this.#see(id);
    this.streams.set(id, { granted, runs: [], final: undefined, isReset: false, isUncertain: false });
  }

  /** The end where the frames arrive grants up to `offset`. */
  grant(id: number, offset: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) stream.granted = Math.max(stream.granted, offset);
  }

  /** A stream is over where the frames arrive. */
  over(id: number): void {
    this.streams.delete(id);
  }

  /** A whole counted frame comes, its length prefix left out. */
  take(payload: Uint8Array): Verdict {
    try {
      this.#take(payload);
      return { ends: "nothing", isSure: true };
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      this.#told(error.message);
      return { ends: "session", isSure: error.isSure };
    }
  }

  #take(payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    const u64 = (at: number) => {
      const value = view.getBigUint64(at);
      must(value < 2n ** 53n, "a number beyond 2^53");
      return Number(value);
    };
    switch (payload[0]) {
      case 0x20:
        return this.#open(payload, view);
      case 0x21:
      case 0x23: {
        const [id, offset, length] = [view.getUint32(1), u64(5), payload.length - 13];
        must(offset + length < 2 ** 53, "data beyond 2^53");
        const stream = this.#find(id);
        if (stream === undefined) return;
        if (length > 0) this.#data(stream, offset, offset + length);
        if (payload[0] === 0x23) this.#final(stream, offset + length);
        return;
      }
      case 0x24: {
        must(payload.length >= 17 && payload.length === 17 + view.getUint16(15), "a reset of a wrong length");
        must(view.getUint16(15) <= MOST_EXTRA, "a long message");
        const offset = u64(5);
        const stream = this.#find(view.getUint32(1));
        if (stream === undefined) return;
        this.#final(stream, offset);
        stream.isReset = true;
        return;
      }
      case 0x25:
        must(payload.length > 1 && (payload.length - 1) % 12 === 0, "no whole window values");
        for (let at = 1; at < payload.length; at += 12) {
          u64(at + 4);
          this.#find(view.getUint32(at));
        }
    }
  }

  #open(payload: Uint8Array, view: DataView): void {
    must(payload.length >= 16 && payload.length <= 15 + MOST_EXTRA, "an open of a wrong length");
    const [service, due] = [view.getUint16(13), checkFields(payload.subarray(15))];
    must(due === 0 ? service !== 1 && service !== 2 : service === due, "a name and a number that do not fit");
    const [first, id] = [this.#first, view.getUint32(1)];
    must(first !== undefined, "an open by an end that may not");
    must(this.#isOfSender(id) && id <= LAST_STREAM, "a number that this end does not give");
    if (this.#seen.has(id)) return;
    this.#see(id);
    must(this.#ranges() <= MOST_RANGES, "too many ranges of numbers");
    if (service > 2) return;
    must(view.getUint32(5) <= MOST_START, "too much credit taken");
    this.opened(id, view.getUint32(5));
  }

  #see(id: number): void {
    this.#seen.add(id);
    this.highestOfAll = Math.max(this.highestOfAll, id);
    if (this.#first === undefined || this.#isOfSender(id)) this.highest = Math.max(this.highest, id);
  }

  #isOfSender(id: number): boolean {
    return this.#first !== undefined && id >= this.#first && id % 2 === this.#first % 2;
  }

  /** Ranges of the sender's numbers below the highest that were not seen. */
  #ranges(): number {
    const ids = [...this.#seen].filter((id) => this.#isOfSender(id)).sort((one, other) => one - other);
    return ids.filter((id, at) => id > (at === 0 ? this.#first! : ids[at - 1]! + 2)).length;
  }

  /** The stream that a frame is about; `undefined` if it is over. */
  #find(id: number): Direction | undefined {
    must(this.#seen.has(id), "a stream that was never opened");
    return this.streams.get(id);
  }

  #data(stream: Direction, start: number, end: number): void {
    const isSure = !stream.isUncertain;
    must(end <= stream.granted, "beyond the window", isSure);
    must(stream.final === undefined || end <= stream.final, "beyond the end", isSure);
    // Whatever touches it is one run with it.
    const touching = stream.runs.filter((run) => run[0] <= end && run[1] >= start);
    const apart = stream.runs.filter((run) => !touching.includes(run));
    const first = Math.min(start, ...touching.map((run) => run[0]));
    const last = Math.max(end, ...touching.map((run) => run[1]));
    stream.runs = [...apart, [first, last] as [number, number]].sort((one, other) => one[0] - other[0]);
    must(gapsOf(stream) <= MOST_GAPS_A_STREAM, "too many gaps", isSure);
    const all = [...this.streams.values()].reduce((sum, other) => sum + gapsOf(other), 0);
    must(all <= MOST_GAPS, "too many gaps in all", isSure);
  }

  #final(stream: Direction, offset: number): void {
    const isSure = !stream.isUncertain;
    must(stream.final === undefined || stream.final === offset, "two final offsets", isSure);
    must(offset >= cameOf(stream), "a final offset below what came", isSure);
    must(offset <= stream.granted, "a final offset above what was granted", isSure);
    stream.final = offset;
  }
}

/** Types of the fields that stand in other messages; {@linkcode SERVICE} and {@linkcode USER} stand in an open. */
const OTHER_FIELDS = 17, SERVICE = 13, USER = 17;

/** The fields of an open must rise, and end where the frame does. Returns the number that goes with them, or 0. */
function checkFields(list: Uint8Array): number {
  let at = 1;
  let before = -1;
  let due = 0;
  for (let left = list[0]!; left > 0; left--) {
    must(at + 4 <= list.length, "a list of fields that is cut");
    const [type, length] = [list[at]! << 8 | list[at + 1]!, list[at + 2]! << 8 | list[at + 3]!];
    must(type > before, "fields that do not rise");
    must(type === 0 || type === SERVICE || type === USER || type > OTHER_FIELDS, "a field of another message");
    if (type === SERVICE) {
      const name = new TextDecoder().decode(list.subarray(at + 4, at + 4 + length));
      const isName = /^[a-z0-9._-]{1,64}$/.test(name);
      const isDestination = /^([a-z.0-9]{1,253}|\[2001:db8::1\]):(1|443|65535)$/.test(name);
      must(isName || isDestination, "a name that no service has");
      due = isName ? 1 : 2;
    }
    must(type !== USER || length === 12 || length === 36, "addresses of another length");
    before = type;
    at += 4 + length;
  }
  must(at === list.length, "a list of fields of another length");
  return due;
}
