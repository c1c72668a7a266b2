/**
 * What is to be expected, by arithmetic alone.
 *
 * @module
 */

/** The part of carriers that a balancer which deals at random brings to another server than the owner. */
export function passedShare(servers: number): number {
  return (servers - 1) / servers;
}

/**
 * The most of `servers` servers that get `sessions` at random: the mean, and as many standard deviations above it as
 * the largest of so many has.
 */
export function largestShare(servers: number, sessions: number): number {
  const mean = sessions / servers;
  return mean + Math.sqrt(2 * Math.log(servers) * mean);
}

/** A rolling restart, one server after the other. */
export interface Roll {
  /** Sessions that each server has when it is drained, in order. */
  readonly drained: readonly number[];
  /** Those that each has in the end. */
  readonly left: readonly number[];
  /** Connections that the balancer sees: of sessions that move, and of carriers that went through the server that ends. */
  readonly dials: number;
}

/** What stands before a {@linkcode roll}. */
export interface Before {
  readonly servers: number;
  readonly sessions: number;
  readonly carriers: number;
  /** Whether all carriers were dealt anew since their sessions began. */
  readonly isCut: boolean;
}

/**
 * What a balancer that deals at random makes of a rolling restart: who drains gives what it has to all the others alike,
 * those that are still to drain among them, so that the load grows like compound interest, up to e times.
 *
 * @example
 * ```ts
 * import { roll } from "./paper.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { drained, left, dials } = roll({ servers: 3, sessions: 12, carriers: 1, isCut: false });
 * assertEquals([drained, left, dials], [[4, 6, 9], [7.5, 4.5, 0], 19]);
 * ```
 */
export function roll({ servers, sessions, carriers, isCut }: Before): Roll {
  const all = Array.from({ length: servers }, (_, at) => at);
  // Carriers by the server that has their session, and the one to which they were dealt.
  const first = (owner: number, dealt: number) => isCut ? 1 / servers : owner === dealt ? 1 : 0;
  const each = sessions / servers;
  const held = all.map((owner) => all.map((dealt) => each * (first(owner, dealt) + (carriers - 1) / servers)));
  const sessionsOf = (owner: number) => held[owner].reduce((sum, some) => sum + some, 0) / carriers;
  const drained: number[] = [];
  let dials = 0;
  for (const gone of all) {
    const moved = sessionsOf(gone);
    const through = all.map((owner) => owner === gone ? 0 : held[owner][gone]);
    drained.push(moved);
    dials += moved * carriers + through.reduce((sum, some) => sum + some, 0);
    held[gone].fill(0);
    for (const owner of all.filter((other) => other !== gone)) {
      const came = moved / (servers - 1);
      held[owner][gone] = 0;
      held[owner][owner] += came;
      const dealtAnew = (through[owner] + came * (carriers - 1)) / (servers - 1);
      for (const dealt of all) if (dealt !== gone) held[owner][dealt] += dealtAnew;
    }
  }
  return { drained, left: all.map(sessionsOf), dials };
}

/** Bytes of a field: its type, its length, and what it says (`PROTOCOL.md`, "Fields"). */
function field(bytes: number): number {
  return 4 + bytes;
}

/** In front of a frame, and in front of its fields. */
const FRAME = 4 + 1;

/** Bytes of a ticket whose node is a text of so many bytes. */
function ticketBytes(node: number): number {
  return 12 + 8 + 8 + 16 + node + 16;
}

/** What a join costs on the wire. */
export interface JoinBytes {
  /** The four messages of a handshake. */
  readonly handshake: number;
  /** The three of two servers in front of it: greeting, preface, answer. */
  readonly words: number;
}

/** Bytes of a join by a client with a token and an address of `host` bytes, of a session whose node has `node`. */
export function joinBytes(host: number, node: number): JoinBytes {
  const ticket = ticketBytes(node);
  const hello = FRAME + 87 + field(0) + field(ticket);
  const challenge = FRAME + 67 + field(0);
  const commit = FRAME + 7 + field(8) + 32;
  const accept = FRAME + 21 + field(8) + field(ticket) + 32;
  const words = (1 + 32) + (2 + 1 + 32 + 1 + host + 1 + 1 + 2 + 1 + ticket + 32) + (1 + 32);
  return { handshake: hello + challenge + commit + accept, words };
}
