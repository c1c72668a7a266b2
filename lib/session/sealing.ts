/**
 * Sealing a carrier, at both ends. Source: `PROTOCOL.md`, "Seal".
 *
 * @module
 */
import type { Duplex } from "../net/duplex.ts";
import { badInput } from "../net/error.ts";
import { isNodeSound } from "../net/runtime.ts";
import { makeSealCertificate } from "../net/seal_certificate.ts";
import { PlainAnswerError, sealClient } from "../net/seal_client.ts";
import { SealServer } from "../net/seal_server.ts";
import { explainPlainAnswer } from "./handshake/seal.ts";
import { ticketProtocol } from "./handshake/ticket.ts";

/** The session protocol's name in ALPN (RFC 7301). */
export const SESSION_ALPN = "tele/2";

/**
 * Asks for a runtime that can seal. To go on without would send in plain what its user believes to be sealed.
 *
 * @param remedy What its user can do beside installing another.
 * @param isSound Whether this runtime can.
 * @throws {TeleError} `bad-input` where it cannot: before Deno 2.9.
 */
export function requireSealing(remedy: string, isSound: boolean = isNodeSound()): void {
  if (isSound) return;
  throw badInput(
    `to seal carriers by a token needs Deno 2.9 or later, and this is an older one: install that, or ${remedy}`,
  );
}

/**
 * Seals a client's carrier.
 *
 * @param address The way that was dialled, for sentences.
 * @param signal Gives up, and closes `carrier` at once, when it aborts.
 * @param ticket What leads a server of a fleet to the owner of the session.
 * @throws {TeleError} As {@linkcode sealClient}; `refused` if the server says why it does not seal.
 */
export async function sealed(
  carrier: Duplex,
  address: string,
  signal: AbortSignal,
  ticket?: Uint8Array,
): Promise<Duplex> {
  const others = ticket === undefined ? [] : [ticketProtocol(ticket)];
  try {
    return await sealClient(carrier, { address, protocol: SESSION_ALPN, others }, signal);
  } catch (error) {
    throw error instanceof PlainAnswerError ? explainPlainAnswer(address, error.first) : error;
  }
}

/** What ends the seals of a server's carriers, with a key that only this process has. */
export function makeSealServer(): SealServer {
  return new SealServer(makeSealCertificate(), SESSION_ALPN);
}
