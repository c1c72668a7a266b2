/**
 * A client's session that is drained, up to its end.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Session } from "./session.ts";
import type { UpperLayer } from "./upper_layer.ts";

/**
 * Whether the server is told of the end for certain, however long an outage lasts. In a hurry, an empty session ends
 * without that after 30 s: the process around it is to end.
 */
export type LeavingHow = "patient" | "hurried";

/** In a hurry, an outage is waited for so long, to tell the server, in milliseconds. */
const HURRIED_MS = 30_000;

/** What is asked of the client. */
export interface LeavingClient {
  /** Its present session. */
  readonly session: Pick<Session, "id" | "carrier" | "isEmpty" | "upper" | "detachedAt">;
  /** No session is wanted any more. */
  stop(message: string): unknown;
}

/**
 * Knows when the last session of a client is over that takes no streams any more, and that its server was told.
 *
 * Source: `PROTOCOL.md`, "Drain".
 */
export class Leaving {
  readonly #client: LeavingClient;
  readonly #clock: Pick<Clock, "now">;
  readonly #over = Promise.withResolvers<void>();
  /** Settles when the server was told of the end of the session before the present one. */
  #told: Promise<void> = Promise.resolve();
  #how: LeavingHow | undefined;

  /** It is not drained. */
  constructor(client: LeavingClient, clock: Pick<Clock, "now">) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Whether it takes no streams any more. */
  get hasBegun(): boolean {
    return this.#how !== undefined;
  }

  /** Settles when there will be no session any more, and the server was told of the end of the last one. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** It takes no streams from now on. */
  begin(how: LeavingHow): void {
    this.#how = how;
    this.#client.session.upper.drain();
    this.look();
  }

  /** `upper`, of a session that follows: drained like the one before. */
  drained<Upper extends UpperLayer>(upper: Upper): Upper {
    if (this.hasBegun) upper.drain();
    return upper;
  }

  /**
   * Something has changed without a carrier: stops the client if there is nothing to come back for.
   *
   * @returns Whether it did.
   */
  look(): boolean {
    const { session } = this.#client;
    if (this.#how === undefined || session.carrier !== undefined || session.upper.streamCount > 0) return false;
    const isUnheard = session.id.length === 0;
    const isLate = this.#clock.now() - (session.detachedAt ?? Infinity) >= HURRIED_MS;
    if (!isUnheard && !(this.#how === "hurried" && session.isEmpty && isLate)) return false;
    this.#client.stop("it was drained, and nothing is left of it");
    return true;
  }

  /**
   * A session is over, and another takes its place; `told` settles when the server knows.
   *
   * @returns Whether the client was stopped instead.
   */
  succeeded(told: Promise<void>): boolean {
    this.#told = told;
    return this.look();
  }

  /** The client has stopped; `told` settles when the server knows of the last session's end. */
  stopped(told: Promise<void>): Promise<void> {
    this.#over.resolve(Promise.all([this.#told, told]).then(() => {}));
    return this.over;
  }
}
