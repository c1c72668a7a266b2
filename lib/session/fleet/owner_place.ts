/**
 * Where the owner of a session is reached, and how it is asked. Source: `PROTOCOL.md`, "Fleet".
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";
import type { OwnerAnswer } from "../handshake/preface.ts";

/** In so many pieces a limit is measured: a question takes half as many turns of the event loop. */
const PIECES = 16;

/** Where an owner is reached from here. */
export interface OwnerPlace {
  /** What it is called in sentences, and remembered by. */
  readonly name: string;
  /** How long it may take to answer, in milliseconds. */
  readonly limitMs: number;
  /**
   * When it is asked by another connection beside those before, in milliseconds: the first time, and then each time. One
   * that takes no connection is not: no other would be taken either.
   *
   * @default {never}
   */
  readonly beside?: { readonly afterMs: number; readonly thenMs: number };
  /** Connects to it. Settles with `undefined` if its process is over for certain. */
  dial(signal: AbortSignal): Promise<Duplex | undefined>;
}

/** What an owner answered; behind _here_ the carrier's bytes are to follow on `link`. */
export type OwnerReply =
  | { readonly answer: "here"; readonly link: Duplex }
  | { readonly answer: Exclude<OwnerAnswer, "here"> };

/** Says what is asked. Settles with the answer, or `undefined` if it hears that and closes. */
export type Talk = (link: Duplex) => Promise<OwnerAnswer | undefined>;

/**
 * Dials an owner and talks to it, within its limit for both. If its answer takes long it is asked by other connections
 * beside: the system may deal them to other workers of its server than one that hangs. The first answer counts.
 *
 * @returns `undefined` if it hears the question and closes.
 * @throws What dialing and talking throw, and `carrier-lost` when the limit is over.
 *
 * @example
 * ```ts
 * import { askAt } from "./owner_place.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const place = { name: "a worker", limitMs: 1_000, dial: () => Promise.resolve(undefined) };
 * assertEquals(await askAt(place, systemClock, () => Promise.resolve("here")), { answer: "gone" });
 * ```
 */
export async function askAt(place: OwnerPlace, clock: Clock, talk: Talk): Promise<OwnerReply | undefined> {
  const { limitMs, beside } = place;
  const asking = new Set<AbortController>();
  const first = Promise.withResolvers<OwnerReply | undefined>();
  let isConnected = false;
  const dial = async (signal: AbortSignal) => {
    const link = await place.dial(signal);
    isConnected = true;
    return link;
  };
  const ask = async () => {
    const attempt = new AbortController();
    asking.add(attempt);
    try {
      const reply = await askOnce(dial, attempt.signal, talk);
      if (asking.delete(attempt)) first.resolve(reply);
      else if (reply?.answer === "here") reply.link.close();
    } catch (error) {
      // Of several that fail the last one tells why.
      if (asking.delete(attempt) && asking.size === 0) first.reject(error);
    }
  };
  const askBeside = () => {
    if (isConnected) void ask();
    stopBeside = inPieces(clock, beside!.thenMs, askBeside);
  };
  let stopBeside = beside === undefined ? () => {} : inPieces(clock, beside.afterMs, askBeside);
  const stopLimit = inPieces(clock, limitMs, () => {
    first.reject(new TeleError("carrier-lost", `no answer within ${limitMs / 1000} s`));
  });
  void ask();
  try {
    return await first.promise;
  } finally {
    stopBeside();
    stopLimit();
    const others = [...asking];
    asking.clear();
    for (const attempt of others) attempt.abort(new TeleError("carrier-lost", "another connection was answered"));
  }
}

/** By one connection, until `signal` aborts. */
async function askOnce(dial: OwnerPlace["dial"], signal: AbortSignal, talk: Talk): Promise<OwnerReply | undefined> {
  let dialing: ReturnType<OwnerPlace["dial"]> | undefined;
  try {
    dialing = dial(signal);
    const link = await untilAborted(dialing, signal);
    // Nobody is there any more who could have the session.
    if (link === undefined) return { answer: "gone" };
    const answer = await untilAborted(talk(link), signal);
    if (answer === "here") return { answer, link };
    link.close();
    return answer && { answer };
  } catch (error) {
    // Also one that is there when nobody waits for it any more.
    dialing?.then((link) => link?.close(), () => {});
    throw error;
  }
}

/**
 * Calls `action` after `ms` milliseconds of this process' own time. Where strangers keep it busy a timer comes seconds late,
 * and in front of what came meanwhile; so each of several counts for its own time only, and between them what came is read.
 * Else an owner would be taken for one that is away, for all clients (invariant 7).
 */
function inPieces(clock: Clock, ms: number, action: () => void): () => void {
  let left = PIECES;
  const wait = (): Timer =>
    clock.setTimer(() => {
      if (--left > 0) timer = wait();
      else action();
    }, ms / PIECES);
  let timer = wait();
  return () => timer.cancel();
}

/** Rejects with the signal's reason as soon as that aborts, whatever `promise` does. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
