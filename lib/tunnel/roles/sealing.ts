/**
 * Sealing, as the command line asks for it.
 *
 * @module
 */
import type { Duplex } from "../../net/duplex.ts";
import { badInput } from "../../net/error.ts";
import { isNodeSound } from "../../net/runtime.ts";
import { makeSealCertificate } from "../../net/seal_certificate.ts";
import { PlainAnswerError, sealClient } from "../../net/seal_client.ts";
import { SealServer } from "../../net/seal_server.ts";
import { explainPlainAnswer } from "../../session/handshake/seal.ts";
import { SESSION_ALPN } from "../rfd80/alpn.ts";

/**
 * Asks for a runtime that can seal. To go on without would send in plain what its user believes to be sealed.
 *
 * @throws {TeleError} `bad-input` where it cannot: before Deno 2.9.
 */
export function requireSealing(version: string = Deno.version.deno): void {
  if (isNodeSound(version)) return;
  throw badInput(
    `a token seals carriers, which needs Deno 2.9 or later, and this is ${version}: install a newer one, or give ` +
      "--encryption=never to both sides where the network is private already",
  );
}

/**
 * Seals a client's carrier.
 *
 * @param address The way that was dialled, for sentences.
 * @param signal Gives up, and closes `carrier` at once, when it aborts.
 * @throws {TeleError} As {@linkcode sealClient}; `refused` if the server says why it does not seal.
 */
export async function sealed(carrier: Duplex, address: string, signal: AbortSignal): Promise<Duplex> {
  try {
    return await sealClient(carrier, { address, protocol: SESSION_ALPN }, signal);
  } catch (error) {
    throw error instanceof PlainAnswerError ? explainPlainAnswer(address, error.first) : error;
  }
}

/** What ends the seals of a server's carriers, with a key that only this process has. */
export function makeSealServer(): SealServer {
  return new SealServer(makeSealCertificate(), SESSION_ALPN);
}
