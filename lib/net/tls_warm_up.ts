/**
 * What the runtime does at the first TLS of a process.
 *
 * @module
 */
import { Duplex as NodeStream } from "node:stream";
import tls from "node:tls";
import { turnOfEvents } from "./tls_engine.ts";
import { isNodeSound } from "./runtime.ts";

/**
 * Has the runtime make its TLS ready while a connection is on its way, or before one comes: it would else wait for that.
 *
 * On Deno 2.9.6 the first TLS of a process keeps it busy for tens of milliseconds, whatever is asked of it.
 *
 * @example
 * ```ts
 * import { TlsWarmUp } from "./tls_warm_up.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let times = 0;
 * const warmUp = new TlsWarmUp(() => times++);
 * await Promise.all([warmUp.start(), warmUp.start()]);
 * assertEquals(times, 1);
 * ```
 */
export class TlsWarmUp {
  readonly #begin: () => void;
  #done: Promise<void> | undefined;

  /**
   * Nothing is done yet.
   *
   * @param begin Begins a TLS. @default {with nobody, and gives it up}
   */
  constructor(begin: () => void = beginAndGiveUp) {
    this.#begin = begin;
  }

  /** Does it behind what is due in this turn of the event loop, once; settles then. Never rejects. */
  start(): Promise<void> {
    // What fails here fails again at the handshake, where it is told.
    return this.#done ??= turnOfEvents().then(this.#begin).catch(() => {});
  }
}

/** That of this process. */
export const tlsWarmUp: TlsWarmUp = new TlsWarmUp();

function beginAndGiveUp(): void {
  // One that is given up fails loudly before Deno 2.9, and there is no TLS of ours.
  if (!isNodeSound()) return;
  const nobody = new NodeStream({ read: () => {}, write: (_bytes, _encoding, done) => done() });
  const socket = tls.connect({ socket: nobody, rejectUnauthorized: false });
  // That it was given up is no error.
  socket.on("error", () => {});
  socket.destroy();
  nobody.destroy();
}
