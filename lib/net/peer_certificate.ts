/**
 * What the other end of a TLS connection has shown.
 *
 * @module
 */
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";

/** Longer chains are cut: no honest one is. */
const LONGEST_CHAIN = 10;

/** Longest name that log lines show, in characters. */
const MAX_NAME_CHARACTERS = 64;

/** The peer's certificates in DER, its own first; empty if there is none, or it cannot be read. */
export function peerChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next: DetailedPeerCertificate | undefined = readable(() => socket.getPeerCertificate(true));
  while (next?.raw !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(next.raw);
    // A certificate that has signed itself is its own issuer.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}

/** The peer's own certificate in DER; `undefined` if there is none, or it cannot be read. */
export function peerLeaf(socket: TLSSocket): Uint8Array | undefined {
  return readable(() => socket.getPeerCertificate())?.raw;
}

/** Deno 2.9.6 throws `null` for what is no certificate at all. */
function readable<Certificate>(read: () => Certificate): Certificate | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Who the peer is by its certificate, for a log line: its common name, else its first alternative name. */
export function peerName(socket: TLSSocket): string | undefined {
  const { subject, subjectaltname } = socket.getPeerCertificate();
  const common: string | string[] | undefined = subject?.CN;
  const name = (Array.isArray(common) ? common[0] : common) ??
    /^(?:DNS|IP Address|email):([^,]+)/.exec(subjectaltname ?? "")?.[1];
  // The peer chose it, and it goes to a terminal.
  const shown = name?.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "?").slice(0, MAX_NAME_CHARACTERS).trim();
  return shown === "" ? undefined : shown;
}
