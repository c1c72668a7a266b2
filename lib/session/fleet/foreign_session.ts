/**
 * Carriers that ask a server for a session that is not there. Source: `PROTOCOL.md`, "Fleet".
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { closeBehindLastWord } from "../../net/last_word.ts";
import { NO_LEAF } from "../../net/leaf.ts";
import { FieldType, readTicket } from "../handshake/fields.ts";
import type { Hello } from "../handshake/messages.ts";
import type { ServerHandshake } from "../handshake/server_handshake.ts";
import type { FleetMember } from "./fleet.ts";

/** How long a client may take to read that the owner cannot be reached, in milliseconds. */
const UNREACHABLE_MS = 1_000;

/** What {@linkcode answerTo} needs. */
export interface AnswerNeeds {
  /** `undefined` for a server alone. */
  readonly fleet: FleetMember | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Whether the carrier was closed meanwhile. */
  readonly isGone: () => boolean;
}

/** What is said to a client that stays here. */
export interface LocalAnswer {
  /** For the challenge. */
  readonly status: "ready" | "unknown";
  /** Leads to the session that the client had before, if its owner cannot be reached, and may have it still. */
  readonly formerTicket?: Uint8Array;
}

/**
 * What a server answers to a hello whose session it does not have: a new one begins here, unless the ticket of another
 * leads to its owner, or another worker of this server has fewer.
 *
 * @returns `undefined` if there is nothing more to be done: the carrier was passed on, or its client was told that the
 *   owner cannot be reached, and it is closed.
 */
export async function answerTo(
  hello: Hello,
  handshake: ServerHandshake,
  { fleet, clock, isGone }: AnswerNeeds,
): Promise<LocalAnswer | undefined> {
  const local: LocalAnswer = { status: hello.kind === "new" ? "ready" : "unknown" };
  const ticket = readTicket(hello.fields);
  if (fleet === undefined) return local;
  if (ticket === undefined) {
    const isDealer = hello.kind === "new" && !endsHere(hello);
    return isDealer && await fleet.deal(handshake.unread(), "inner", isGone) ? undefined : local;
  }
  const outcome = await fleet.pass(ticket, endsHere(hello) ? undefined : handshake.unread(), "inner", isGone);
  if (outcome === "passed") return undefined;
  if (outcome === "gone") return local;
  if (hello.kind === "new") return { ...local, formerTicket: ticket };
  await handshake.challenge("unreachable");
  await closeBehindLastWord(handshake.channel.duplex, clock, UNREACHABLE_MS);
  return undefined;
}

/** The client has seen this server's certificate, and proves that: with another one it would be refused. */
function endsHere({ fields }: Hello): boolean {
  const leaf = fields.get(FieldType.leaf);
  return leaf !== undefined && leaf.some((byte, at) => byte !== NO_LEAF[at]);
}
