/**
 * The sessions of a client: the one that users come to, and those that are drained.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Log } from "../net/log.ts";
import type { Identity } from "../session/handshake/keys.ts";
import type { Siblings } from "../session/reconnect/refusals.ts";
import type { SessionClient } from "../session/session_client.ts";
import { MOST_SESSIONS } from "../session/session_constants.ts";
import type { Mux } from "./mux.ts";

/** A session as these need it. */
export type OneSession = Pick<
  SessionClient<Mux>,
  "upper" | "leaving" | "ownerAbsence" | "identity" | "replayedBytes" | "stop"
>;

/** What one session has of its own. */
export interface Part extends Required<Siblings> {
  /** Who the client is in it. */
  identity: Identity | undefined;
  /** Where its log lines go. */
  log: Log;
}

/** Options of {@linkcode ClientSessions}. */
export interface ClientSessionsOptions<Client extends OneSession> {
  /** Time. */
  clock: Pick<Clock, "setTimer">;
  /** Where log lines go. */
  log: Log;
  /** Who the client is in its first session; others have the slots behind that one. */
  identity: Identity | undefined;
  /** Begins another session. */
  begin(part: Part): Client;
}

/**
 * Gives users another session when theirs is to end, since its server drains, or its numbers are about to be used up;
 * and when nobody can reach its server. The former goes on beside it until its streams are over.
 *
 * Invariant 5: there are {@linkcode MOST_SESSIONS} at the most; users come to the last of them then, drained or not, until
 * another is over. Source: `PROTOCOL.md`, "Drain", "Identity", "Fleet".
 */
export class ClientSessions<Client extends OneSession> {
  readonly #options: ClientSessionsOptions<Client>;
  /** Each with its place: its slot is so far behind the first. */
  readonly #places: Map<Client, number> = new Map();
  readonly #drained = Promise.withResolvers<void>();
  #present: Client;
  #formerReplayedBytes = 0;
  /** Whether users may still come. */
  #awaits: "users" | "nobody" | "the end" = "users";
  #hasStopped = false;

  /** Begins the first session. */
  constructor(options: ClientSessionsOptions<Client>) {
    this.#options = options;
    this.#present = this.#begin(options.identity);
  }

  /** Where users come. */
  get present(): Client {
    return this.#present;
  }

  /** All that are not over, the present one last. */
  get all(): Client[] {
    return [...this.#places.keys()];
  }

  /** Whether no users are taken any more. */
  get isDraining(): boolean {
    return this.#awaits === "the end";
  }

  /** Bytes that were sent again after outages, of all that there have been. */
  get replayedBytes(): number {
    return this.all.reduce((sum, { replayedBytes }) => sum + replayedBytes, this.#formerReplayedBytes);
  }

  /** The present one may have to end; in the step behind this one, which may be in the middle of what a carrier brought. */
  lookSoon(): void {
    this.#options.clock.setTimer(() => this.look(), 0);
  }

  /** Begins another session if the present one is to end, and somebody needs one. */
  look(): void {
    if (this.#hasStopped) return;
    const { upper, leaving, ownerAbsence } = this.#present;
    if (ownerAbsence.isLong) return this.#lookElsewhere();
    if (!upper.draining.isPeers && !upper.streams.isHalfUsedUp) return;
    if (upper.draining.hasUnopened || this.#awaits === "users") {
      if (this.#places.size < MOST_SESSIONS) this.#replace();
    } else if (!leaving.hasBegun) {
      leaving.begin("patient");
    }
  }

  /** Nothing is gained by leaving a session whose owner is away, but that users who come need not wait for it. */
  #lookElsewhere(): void {
    if (!this.#present.upper.draining.hasUnopened && this.#awaits !== "users") return;
    if (this.#places.size === MOST_SESSIONS) return;
    const why = "the tele server that holds the session cannot be reached: new users go to another session";
    this.#options.log("warn", `${why}, and those that are there wait for it`);
    this.#replace();
  }

  #replace(): void {
    const former = this.#present;
    this.#present = this.#begin(former.identity && this.#options.identity);
    former.upper.bequeathUnopened(() => this.#present.upper);
    former.leaving.begin(this.isDraining ? "hurried" : "patient");
    if (this.isDraining) this.#present.leaving.begin("hurried");
  }

  /** No user comes any more: a session that is to end has no other behind it. */
  expectNobody(): void {
    if (this.#awaits === "users") this.#awaits = "nobody";
  }

  /**
   * No user comes any more, and each session ends when its streams are over.
   *
   * @returns Settles when all have ended, and the server was told.
   */
  drain(): Promise<void> {
    this.#awaits = "the end";
    for (const { leaving } of this.all) leaving.begin("hurried");
    return this.#drained.promise;
  }

  /** Ends all of them, and begins none behind the first that is over; settles when the server was told. */
  async stop(message: string): Promise<void> {
    this.#hasStopped = true;
    await Promise.all(this.all.map((client) => client.stop(message)));
  }

  #begin(identity: Identity | undefined): Client {
    const taken = [...this.#places.values()];
    const place = Array.from({ length: MOST_SESSIONS }, (_, at) => at).find((at) => !taken.includes(at))!;
    const log: Log = (level, message, fields) => {
      const isFormer = this.#places.has(client) && client !== this.#present;
      this.#options.log(level, isFormer ? `former session: ${message}` : message, fields);
    };
    const client: Client = this.#options.begin({
      identity: identity && this.#inPlace(identity, place),
      log,
      onOwnerAway: () => this.lookSoon(),
      hasSiblings: () => this.#places.size > 1,
    });
    this.#places.set(client, place);
    client.leaving.over.then(() => this.#isOver(client));
    return client;
  }

  /** The last slot is looked at in each commit: others may have begun, or ended, since. */
  #inPlace({ keys, slot, lastSlot }: Identity, place: number): Identity {
    const places = this.#places;
    return {
      keys,
      slot: slot + place,
      get lastSlot() {
        return lastSlot === undefined
          ? undefined
          : Math.max(lastSlot, slot + place, slot + Math.max(...places.values()));
      },
    };
  }

  #isOver(client: Client): void {
    this.#places.delete(client);
    this.#formerReplayedBytes += client.replayedBytes;
    if (this.#places.size === 0) this.#drained.resolve();
    else this.look();
  }
}
