/**
 * Accepting on a listener of Deno's.
 *
 * @module
 */
import { AcceptTrouble, OUT_OF_DESCRIPTORS } from "./accept_trouble.ts";
import { type Clock, sleep } from "./clock.ts";
import { isOutOfDescriptors } from "./descriptors.ts";
import { reasonOf } from "./error.ts";
import type { Log } from "./log.ts";

/** Pause after a failed `accept`, such as with too many files open, in milliseconds. */
const ACCEPT_PAUSE_MS = 100;

/** Options of {@linkcode Acceptor}. */
export interface AcceptorOptions {
  /** Time for pauses. */
  clock: Clock;
  /** Told when accepting does not work. */
  log: Log;
  /** Takes each connection. */
  onConnection: (connection: Deno.Conn) => void;
}

/** Accepts of this process whose listener was closed, and which have not ended yet. */
const ending = new Set<Promise<unknown>>();

/**
 * Settles when every address that an {@linkcode Acceptor} was closed on is free. Deno closes a listener only when the
 * `accept` that waits on it has ended, which takes a turn of the event loop; until then nobody else can listen there.
 */
export async function closedAreFree(): Promise<void> {
  await Promise.all(ending);
}

/** Accepts until it is closed; a failed `accept` is told once a minute, and tried again after a pause. */
export class Acceptor {
  readonly #listener: Deno.Listener;
  readonly #options: AcceptorOptions;
  #accepting: Promise<Deno.Conn> | undefined;
  #isClosed = false;

  /** Begins at once. */
  constructor(listener: Deno.Listener, options: AcceptorOptions) {
    this.#listener = listener;
    this.#options = options;
    void this.#acceptAll();
  }

  /** Takes nobody any more; a second time does nothing. See {@linkcode closedAreFree} for who wants the address. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.close();
    const accept = this.#accepting;
    if (accept === undefined) return;
    const end = accept.then(() => {}, () => {}).finally(() => ending.delete(end));
    ending.add(end);
  }

  async #acceptAll(): Promise<void> {
    const { clock, onConnection } = this.#options;
    const trouble = new AcceptTrouble(this.#options);
    for (;;) {
      try {
        this.#accepting = this.#listener.accept();
        const connection = await this.#accepting;
        onConnection(connection);
      } catch (error) {
        this.#accepting = undefined;
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
        if (isGone(error)) continue;
        trouble.tell(isOutOfDescriptors(error) ? OUT_OF_DESCRIPTORS : reasonOf(error));
        await sleep(clock, ACCEPT_PAUSE_MS);
      }
    }
  }
}

/**
 * Whether a connection was reset before it was accepted, as some health checks do: that one is over, the next is fine.
 */
function isGone(error: unknown): boolean {
  const { NotConnected, ConnectionAborted, ConnectionReset } = Deno.errors;
  return error instanceof NotConnected || error instanceof ConnectionAborted || error instanceof ConnectionReset;
}
