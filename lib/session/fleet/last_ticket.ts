/**
 * The newest ticket that a client has.
 *
 * @module
 */
import { type Fields, readTicket } from "../handshake/fields.ts";

/**
 * Keeps the last ticket that a server gave to one session: each carrier that is dialed presents it. In front of a new session it is that
 * of the one before, whose owner then ends what this client has left there.
 *
 * @example
 * ```ts
 * import { LastTicket } from "./last_ticket.ts";
 * import { ticketField } from "../handshake/fields.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const told: Uint8Array[] = [];
 * const tickets = new LastTicket(undefined, (ticket) => told.push(ticket));
 * const ticket = new Uint8Array(80).fill(1);
 * tickets.take(ticketField(ticket));
 * assertEquals([tickets.newest, told], [ticket, [ticket]]);
 * ```
 */
export class LastTicket {
  #newest: Uint8Array | undefined;
  #onNew: (ticket: Uint8Array) => void;

  /**
   * Begins with the ticket that is known, if there is one.
   *
   * @param known That of a former process of this client.
   * @param onNew Told of each that comes, to keep it for the next process.
   */
  constructor(known?: Uint8Array, onNew: (ticket: Uint8Array) => void = () => {}) {
    this.#newest = known;
    this.#onNew = onNew;
  }

  /**
   * That of another session, which users come to from now on: it begins without one, so its server is whichever the
   * balancer chooses. From now on the next process is to have that one's.
   */
  ofNext(): LastTicket {
    const next = new LastTicket(undefined, this.#onNew);
    this.#onNew = () => {};
    return next;
  }

  /** None is presented any more: the next session may begin anywhere. */
  forget(): void {
    this.#newest = undefined;
  }

  /** What carriers present; `undefined` if no server gave one. */
  get newest(): Uint8Array | undefined {
    return this.#newest;
  }

  /** An accept came, whose proof holds. One without a ticket is of a server that belongs to no fleet. */
  take(fields: Fields): void {
    const ticket = readTicket(fields);
    if (ticket === undefined) this.forget();
    else this.renew(ticket);
  }

  /** Another one came. */
  renew(ticket: Uint8Array): void {
    this.#newest = ticket;
    this.#onNew(ticket);
  }
}
