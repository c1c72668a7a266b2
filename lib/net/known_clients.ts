/**
 * Clients that have to show a certificate, and those of them that come back by resuming TLS.
 *
 * @module
 */
import type { TLSSocket } from "node:tls";
import { peerChain } from "./peer_certificate.ts";
import { verifyErrorOf } from "./runtime.ts";
import { fingerprintOf, type TlsAnchors } from "./tls_anchors.ts";

/** Most certificates that are remembered. */
const MOST_KNOWN = 10_000;

/** Code of a refusal, beside those of the runtime: the client resumed a session that was never let in here. */
export const RESUMED_UNKNOWN = "RESUMED_UNKNOWN";

/**
 * Checks the certificates of a listener's clients.
 *
 * A client that resumes shows no certificate and proves no key, and the runtime tells no error of it: not even that of
 * the handshake that it resumes. Nor can the runtime be told to offer no tickets (Deno 2.9.6: `SSL_OP_NO_TICKET`,
 * `sessionTimeout`, a context for each connection: all without effect, and the key of the tickets is the process's). So
 * a client that resumes is let in only if a whole handshake with its certificate passed here before, and if that
 * certificate would pass now. A client whose CA was taken away, or whose certificate has expired, is out.
 */
export class KnownClients {
  /** Fingerprints of certificates that the runtime verified, and whose key was proven; the oldest first. */
  readonly #fingerprints: Set<string> = new Set();

  /**
   * Looks at a client whose handshake is done.
   *
   * @param nowMs The time by the wall clock, in milliseconds since 1970.
   * @returns An error with a `code`, `undefined` if the client may come in.
   */
  check(socket: TLSSocket, anchors: TlsAnchors, nowMs: number): Error | undefined {
    const chain = peerChain(socket);
    // First, since the anchors know more precisely what is wrong.
    const fault = anchors.judge(chain, nowMs);
    if (fault !== undefined) return refusal(fault);
    const fingerprint = fingerprintOf(chain[0]);
    if (socket.isSessionReused()) return this.#fingerprints.has(fingerprint) ? undefined : refusal(RESUMED_UNKNOWN);
    // The runtime does not know certificates that are trusted themselves; but it has seen that the client has the key.
    const code = anchors.has(chain[0]) ? undefined : verifyErrorOf(socket);
    // The signatures are right, so it misses something else, and it has one word for all of that.
    if (code !== undefined) return refusal(code.startsWith("UNABLE_TO_") ? "INVALID_PURPOSE" : code);
    this.#remember(fingerprint);
    return undefined;
  }

  #remember(fingerprint: string): void {
    this.#fingerprints.delete(fingerprint);
    this.#fingerprints.add(fingerprint);
    if (this.#fingerprints.size <= MOST_KNOWN) return;
    const [oldest] = this.#fingerprints;
    this.#fingerprints.delete(oldest!);
  }
}

function refusal(code: string): Error {
  return Object.assign(new Error(code), { code });
}
