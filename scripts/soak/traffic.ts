/**
 * The user's programs of the soak: what each kind of connection does at either end, and how every byte is checked.
 *
 * A connection begins with a header in which the client tells what it is about to do. Both ends make their data from
 * the seed in it, so each knows every byte that must come.
 *
 * @module
 */
import { Random, viewOf } from "../../tests/support/random.ts";
import { readExactly } from "../../tests/support/reading.ts";
import { closeQuietly, connectTo, writeAll } from "../../tests/support/user_programs.ts";
import { pause } from "../../tests/support/wait.ts";

const KIB = 1024;
const BLOCK_BYTES = 16 * KIB;
const HEADER_BYTES = 20;
/** About how long the longest plans last, outages not counted, in milliseconds. */
const LONGEST_MS = 60_000;
/** A program that ends a stuck connection sees the other's end within this time, outages included. */
const UNSTUCK_MS = 120_000;

/** What one connection does. Its data come from the seed; the header carries all of it. */
export interface Plan {
  kind: Kind;
  /** Seed of its data. */
  seed: number;
  /** Bytes from the user's client to its server. */
  upBytes: number;
  /** Bytes from the user's server to its client. */
  downBytes: number;
  /** How long a stuck program waits before it goes, in milliseconds. */
  holdMs: number;
}

/** What goes one way. */
interface Direction {
  bytes: number;
  seed: number;
}

/** One end's view of a connection: what to do with it. Counts what it received. */
type End = (connection: Deno.TcpConn, plan: Plan, count: (bytes: number) => void) => Promise<void>;

interface Behaviour {
  /** How many of a hundred connections are of this kind. */
  share: number;
  /** Sizes are drawn up to these, in bytes. */
  mostUpBytes: number;
  mostDownBytes: number;
  client: End;
  server: End;
}

const BEHAVIOURS = {
  /** Bulk both ways at once. */
  bulk: {
    share: 13,
    mostUpBytes: 4_000 * KIB,
    mostDownBytes: 4_000 * KIB,
    client: (connection, { seed, upBytes, downBytes }, count) =>
      exchange(connection, { seed, bytes: upBytes }, { seed: seed + 1, bytes: downBytes }, count),
    server: (connection, { seed, upBytes, downBytes }, count) =>
      exchange(connection, { seed: seed + 1, bytes: downBytes }, { seed, bytes: upBytes }, count),
  },
  /** Somebody types. */
  echo: {
    share: 15,
    mostUpBytes: 40 * KIB,
    mostDownBytes: 0,
    client: async (connection, plan, count) => {
      const random = new Random(plan.seed + 2);
      const data = new Data(plan.seed);
      for (let left = plan.upBytes; left > 0;) {
        const message = data.take(Math.min(left, random.between(1, 1_000)));
        await writeAll(connection, message);
        const back = await readExactly(connection, message.length);
        if (!viewOf(back).equals(viewOf(message))) throw new Error("an echo differs from what was sent");
        count(back.length);
        left -= message.length;
        await pause(random.between(5, 400));
      }
      await connection.closeWrite();
      await expectEnd(connection);
    },
    server: async (connection, plan, count) => {
      const expected = new Data(plan.seed);
      const buffer = new Uint8Array(BLOCK_BYTES);
      let left = plan.upBytes;
      for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
        compare(buffer.subarray(0, n), expected, left);
        left -= n;
        count(n);
        await writeAll(connection, buffer.subarray(0, n));
      }
      if (left > 0) throw new Error(`an echo's end came ${left} bytes early`);
    },
  },
  /** One question, one answer, closed by the server. */
  short: {
    share: 20,
    mostUpBytes: 4 * KIB,
    mostDownBytes: 60 * KIB,
    client: async (connection, plan, count) => {
      await send(connection, plan.upBytes, plan.seed);
      await receive(connection, plan.downBytes, plan.seed + 1, count);
      await expectEnd(connection);
      await pause(new Random(plan.seed + 2).between(0, 500));
    },
    server: async (connection, plan, count) => {
      await receive(connection, plan.upBytes, plan.seed, count);
      await send(connection, plan.downBytes, plan.seed + 1);
    },
  },
  /** The answer comes only after the client's end of file. */
  halfClose: {
    share: 7,
    mostUpBytes: 500 * KIB,
    mostDownBytes: 500 * KIB,
    client: async (connection, plan, count) => {
      await send(connection, plan.upBytes, plan.seed);
      await connection.closeWrite();
      await receive(connection, plan.downBytes, plan.seed + 1, count);
      await expectEnd(connection);
    },
    server: async (connection, plan, count) => {
      await receive(connection, plan.upBytes, plan.seed, count);
      await expectEnd(connection);
      await send(connection, plan.downBytes, plan.seed + 1);
    },
  },
  /** The client reads a little at a time. */
  slow: {
    share: 5,
    mostUpBytes: 0,
    mostDownBytes: 2_000 * KIB,
    client: async (connection, plan, count) => {
      const expected = new Data(plan.seed + 1);
      const buffer = new Uint8Array(4 * KIB);
      for (let left = plan.downBytes; left > 0;) {
        const n = await connection.read(buffer) ?? 0;
        if (n === 0) throw new Error(`the end came ${left} bytes early`);
        compare(buffer.subarray(0, n), expected, left);
        left -= n;
        count(n);
        await pause(40);
      }
      await expectEnd(connection);
    },
    server: (connection, plan) => send(connection, plan.downBytes, plan.seed + 1),
  },
  /** The client never reads what the server never stops sending, and goes away. */
  stuckClient: {
    share: 5,
    mostUpBytes: 0,
    mostDownBytes: 0,
    client: (_, plan) => pause(plan.holdMs),
    server: (connection, plan) => sendUntilCut(connection, plan.holdMs + UNSTUCK_MS),
  },
  /** The server never reads what the client never stops sending, and goes away. */
  stuckServer: {
    share: 5,
    mostUpBytes: 0,
    mostDownBytes: 0,
    client: (connection, plan) => sendUntilCut(connection, plan.holdMs + UNSTUCK_MS),
    server: (_, plan) => pause(plan.holdMs),
  },
  /**
   * The server refuses an upload: it says so, and goes with most of it unread, which resets. All that it said must
   * come.
   */
  refusedUpload: {
    share: 15,
    mostUpBytes: 400 * KIB,
    mostDownBytes: 40 * KIB,
    client: async (connection, { seed, upBytes, downBytes }, count) => {
      // The reset may be met here first.
      const sending = send(connection, upBytes, seed).catch(() => {});
      await receive(connection, downBytes, seed + 1, count);
      await sending;
      await expectNothing(connection);
    },
    server: async (connection, { seed, upBytes, downBytes }, count) => {
      await receive(connection, Math.floor(upBytes / 10), seed, count);
      await send(connection, downBytes, seed + 1);
    },
  },
  /** The client breaks off in the middle of the answer, which resets. */
  brokenOff: {
    share: 15,
    mostUpBytes: 4 * KIB,
    mostDownBytes: 60 * KIB,
    client: async (connection, { seed, upBytes, downBytes }, count) => {
      await send(connection, upBytes, seed);
      await receive(connection, Math.floor(downBytes / 2), seed + 1, count);
    },
    server: async (connection, { seed, upBytes, downBytes }, count) => {
      await receive(connection, upBytes, seed, count);
      // It may be told in the middle.
      await send(connection, downBytes, seed + 1).catch(() => {});
      await expectNothing(connection);
    },
  },
} satisfies Record<string, Behaviour>;

/** What a connection can be. */
export type Kind = keyof typeof BEHAVIOURS;

/** Names of the kinds of connections. */
export const KINDS = Object.keys(BEHAVIOURS) as Kind[];

/** Whether connections of this kind end by a reset. */
export function isReset(kind: Kind): boolean {
  return kind === "refusedUpload" || kind === "brokenOff";
}

/** The kind of connection `index` of a hundred, so that each kind has its share. */
export function kindOf(index: number): Kind {
  // 37 is prime to 100: the kinds are mixed, also when there are few.
  let place = (index * 37) % 100;
  for (const kind of KINDS) {
    place -= BEHAVIOURS[kind].share;
    if (place < 0) return kind;
  }
  throw new Error("the shares add up to a hundred");
}

/** Draws the sizes: many small ones, some large. No plan is made to last much longer than `mostMs`. */
export function planOf(kind: Kind, random: Random, mostMs: number): Plan {
  const { mostUpBytes, mostDownBytes } = BEHAVIOURS[kind];
  const part = Math.min(1, mostMs / LONGEST_MS);
  const draw = (most: number) => Math.floor(part * most * (random.next32() / 2 ** 32) ** 2);
  const holdMs = random.between(LONGEST_MS / 20, LONGEST_MS) * part;
  return { kind, seed: random.next32() >>> 1, upBytes: draw(mostUpBytes), downBytes: draw(mostDownBytes), holdMs };
}

/** Makes one connection to `port` and carries the plan out. */
export async function runClient(port: number, plan: Plan, count: (bytes: number) => void): Promise<void> {
  const connection = await connectTo(port);
  try {
    await writeAll(connection, encode(plan));
    await BEHAVIOURS[plan.kind].client(connection, plan, count);
  } finally {
    closeQuietly(connection);
  }
}

/** The other end of a connection. */
export async function runServer(connection: Deno.TcpConn, count: (bytes: number) => void): Promise<void> {
  const plan = decode(await readExactly(connection, HEADER_BYTES));
  try {
    await BEHAVIOURS[plan.kind].server(connection, plan, count);
  } catch (error) {
    throw new Error(`${describe(plan)}, at the server: ${(error as Error).message}`, { cause: error });
  }
}

/** A plan in words. */
export function describe({ kind, seed, upBytes, downBytes }: Plan): string {
  return `${kind} (seed ${seed}, ${upBytes} up, ${downBytes} down)`;
}

function encode(plan: Plan): Uint8Array {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  const numbers = [KINDS.indexOf(plan.kind), plan.seed, plan.upBytes, plan.downBytes, plan.holdMs];
  numbers.forEach((number, index) => header.setUint32(4 * index, number));
  return new Uint8Array(header.buffer);
}

function decode(bytes: Uint8Array): Plan {
  const header = new DataView(bytes.buffer, bytes.byteOffset);
  const [kind, seed, upBytes, downBytes, holdMs] = [0, 4, 8, 12, 16].map((at) => header.getUint32(at));
  if (KINDS[kind] === undefined) throw new Error(`a header names kind ${kind}`);
  return { kind: KINDS[kind], seed, upBytes, downBytes, holdMs };
}

/** Bytes that a seed repeats, in pieces of any size. */
class Data {
  readonly #random: Random;
  readonly #words = new Uint32Array(BLOCK_BYTES / 4);
  readonly #block = new Uint8Array(this.#words.buffer);
  #used = BLOCK_BYTES;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** The next bytes, up to `most` of them; valid until the next call. */
  some(most: number): Uint8Array<ArrayBuffer> {
    if (this.#used === BLOCK_BYTES) {
      this.#random.fill(this.#words);
      this.#used = 0;
    }
    const piece = this.#block.subarray(this.#used, Math.min(this.#used + most, BLOCK_BYTES));
    this.#used += piece.length;
    return piece;
  }

  /** Exactly the next `bytes` bytes, in memory of their own. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(bytes);
    for (let filled = 0; filled < bytes;) {
      const piece = this.some(bytes - filled);
      all.set(piece, filled);
      filled += piece.length;
    }
    return all;
  }
}

/** Throws unless `bytes` are the next of `expected`, of which no more than `left` may come. */
function compare(bytes: Uint8Array, expected: Data, left: number): void {
  if (bytes.length > left) throw new Error(`${bytes.length - left} bytes came behind the last`);
  for (let done = 0; done < bytes.length;) {
    const piece = expected.some(bytes.length - done);
    if (!viewOf(bytes.subarray(done, done + piece.length)).equals(viewOf(piece))) {
      throw new Error(`wrong bytes ${left - done} before the end`);
    }
    done += piece.length;
  }
}

/** Sends generated data, with pauses: the soak is long, and need not be fast. */
async function send(connection: Deno.TcpConn, bytes: number, seed: number): Promise<void> {
  const data = new Data(seed);
  const random = new Random(seed + 3);
  for (let left = bytes; left > 0;) {
    const piece = data.some(left);
    await writeAll(connection, piece);
    left -= piece.length;
    if (random.chance(0.25)) await pause(random.between(1, 200));
  }
}

/** Receives generated data and compares all of it. */
async function receive(
  connection: Deno.TcpConn,
  bytes: number,
  seed: number,
  count: (bytes: number) => void,
): Promise<void> {
  const expected = new Data(seed);
  const buffer = new Uint8Array(4 * BLOCK_BYTES);
  for (let left = bytes; left > 0;) {
    const n = await connection.read(left < buffer.length ? buffer.subarray(0, left) : buffer);
    if (n === null) throw new Error(`the end came ${left} bytes early`);
    compare(buffer.subarray(0, n), expected, left);
    left -= n;
    count(n);
  }
}

/** Both directions at once, then the end of both. */
async function exchange(
  connection: Deno.TcpConn,
  out: Direction,
  into: Direction,
  count: (bytes: number) => void,
): Promise<void> {
  const sending = send(connection, out.bytes, out.seed).then(() => connection.closeWrite());
  const receiving = receive(connection, into.bytes, into.seed, count).then(() => expectEnd(connection));
  await Promise.all([sending, receiving]);
}

async function expectEnd(connection: Deno.TcpConn): Promise<void> {
  const n = await connection.read(new Uint8Array(64));
  if (n !== null) throw new Error(`${n} bytes came behind the last`);
}

/** What comes is an end or a reset. */
async function expectNothing(connection: Deno.TcpConn): Promise<void> {
  await expectEnd(connection).catch((error) => {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  });
}

/** Sends until the other program has gone, as it must be told within `ms` milliseconds. */
async function sendUntilCut(connection: Deno.TcpConn, ms: number): Promise<void> {
  const block = new Uint8Array(BLOCK_BYTES);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    closeQuietly(connection);
  }, ms);
  try {
    while (true) await writeAll(connection, block);
  } catch {
    if (late) throw new Error(`nobody told within ${ms} ms that the other program has gone`);
  } finally {
    clearTimeout(timer);
  }
}
