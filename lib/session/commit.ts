/**
 * A client's commit: the step that asks for a carrier.
 *
 * @module
 */
import {
  liveField,
  nameField,
  pathField,
  readReceipts,
  receiptsField,
  resumeTimeoutField,
  startPoolField,
} from "./handshake/fields.ts";
import type { Clock } from "../net/clock.ts";
import { TeleError } from "../net/error.ts";
import type { Accepted, ClientHandshake } from "./handshake/client_handshake.ts";
import { offersField } from "./handshake/offers.ts";
import type { Identity } from "./handshake/keys.ts";
import type { OwnToken } from "./handshake/own_token.ts";
import type { Lane } from "./handshake/messages.ts";
import type { LastTicket } from "./fleet/last_ticket.ts";
import type { Session } from "./session.ts";

/** What a client's sessions begin with beside its token. */
export interface ClientTerms {
  /** Who this client is across restarts. */
  identity?: Identity;
  /**
   * Whether its streams are for services that have names: a server that knows none is refused.
   *
   * @default {false}
   */
  asksByName?: boolean;
  /**
   * Names of the services of its own side that it offers.
   *
   * @default {[]}
   */
  offers?: readonly string[];
}

/** What a client commits with. */
export interface CommitTerms {
  /** How long this end keeps a session without a carrier, in milliseconds. */
  readonly resumeTimeoutMs: number;
  /** Which of the client's paths the carrier takes. */
  readonly path: number;
  /** The client's token. */
  readonly token: OwnToken;
  /** Who the client is across restarts. */
  readonly identity: Identity | undefined;
  /** Whether its streams are for services that have names. */
  readonly asksByName: boolean | undefined;
  /**
   * Names of the services that it offers, and the start credit that the server may take for streams to them, in bytes.
   *
   * @default {undefined}: none
   */
  readonly offers?: { readonly names: readonly string[]; readonly startPoolBytes: number };
}

/** Whether a commit on `handshake` joins `session`; otherwise it begins a new one. */
export function canJoin(session: Session, handshake: ClientHandshake): boolean {
  return session.id.length > 0 && handshake.canJoin;
}

/**
 * Commits a new session. What `session` is now is gone only with the accept, which is proven, and with it a carrier that
 * is in doubt (invariant 9).
 *
 * @throws {TeleError} `refused` if streams are for services by name, and the server knows none; else as
 *   {@linkcode ClientHandshake.commit} does.
 */
export async function begin(handshake: ClientHandshake, terms: CommitTerms): Promise<Accepted> {
  const { resumeTimeoutMs, path, token, identity, asksByName, offers } = terms;
  if (asksByName && !handshake.hasServices) throw withoutServices();
  const offering = offers === undefined ? [] : [...offersField(offers.names), ...startPoolField(offers.startPoolBytes)];
  const message = {
    kind: "new" as const,
    number: 0,
    lane: "quiet" as const,
    fields: new Map([
      ...resumeTimeoutField(resumeTimeoutMs),
      ...nameField(token.name),
      ...pathField(path),
      ...offering,
    ]),
  };
  return await handshake.commit(message, await token.salt, identity);
}

function withoutServices(): TeleError {
  const why = "the tele server finds no services by their names: it is of an older release, or a program of its own " +
    "that knows none; update it, or start this side without --forward";
  return new TeleError("refused", why);
}

/** How {@linkcode join} asks. */
export interface JoinTerms {
  /** What the carrier is for. */
  readonly lane: Lane;
  /** Which of the client's paths it takes. */
  readonly path: number;
  /** How long this end keeps a session without a carrier, in milliseconds. */
  readonly resumeTimeoutMs: number;
  /** Aborts when the attempt is given up. */
  readonly signal: AbortSignal;
  /** Takes the ticket of the accept. */
  readonly tickets?: LastTicket;
  /** The accept has come: attaches the carrier, behind what `take` does, which says how many bytes are sent again. */
  attach(accepted: Accepted, take: () => number): void;
}

/**
 * Joins `session`: number and lists are made in one step, from which on the carriers that `live` leaves out are gone.
 *
 * @returns Whether it was attached, and not given up.
 * @throws {TeleError} As {@linkcode ClientHandshake.commit} does.
 */
export async function join(
  session: Session,
  handshake: ClientHandshake,
  { lane, path, resumeTimeoutMs, signal, tickets, attach }: JoinTerms,
): Promise<boolean> {
  const { joins } = session.carriers;
  const { number, live, receipts } = joins.begin();
  const giveUp = () => joins.giveUp(number);
  // In the step in which it is, since the next commit must not call it alive.
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const lists = [liveField(live), resumeTimeoutField(resumeTimeoutMs), receiptsField(receipts), pathField(path)];
    const fields = new Map([...lists, nameField(session.tokenName)].flatMap((list) => [...list]));
    const accepted = await handshake.commit({ kind: "join", number, lane, fields }, session.joinSecret);
    // A receipt on another carrier may have shown meanwhile that the server has given it up.
    if (session.error !== undefined || !joins.isAwaited(number)) return false;
    tickets?.take(accepted.accept.fields);
    attach(accepted, () => session.carriers.joins.accepted(number, readReceipts(accepted.accept.fields)));
    return true;
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/**
 * Measures the round trip from a commit, which is sent now, to its accept. The challenge may have come late for what is
 * over by then: an outage, or a process that stood still. A carrier that died next would be waited for as long.
 *
 * Source: `PROTOCOL.md`, "Reconnecting".
 *
 * @param challengedMs From hello to challenge, in milliseconds.
 * @returns Tells the shorter of both when the accept has come, in milliseconds.
 */
export function roundTripFrom(clock: Pick<Clock, "now">, challengedMs: number): () => number {
  const committedMs = clock.now();
  return () => Math.min(challengedMs, clock.now() - committedMs);
}
