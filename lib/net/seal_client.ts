/**
 * The client's end of a seal: TLS whose server nobody vouches for, until the token does.
 *
 * @module
 */
import tls from "node:tls";
import { X509Certificate } from "node:crypto";
import type { Duplex } from "./duplex.ts";
import { reasonOf, TeleError } from "./error.ts";
import { leafOf } from "./leaf.ts";
import { peerLeaf } from "./peer_certificate.ts";
import { TlsDuplex } from "./tls_duplex.ts";
import type { TlsEnd } from "./tls_end.ts";
import { alertOf, isCut, isPlain, type TlsFailure } from "./tls_failure.ts";
import { isWellFormed, versionOf } from "./x509.ts";

/** Whom a client seals a carrier with. */
export interface SealPeer {
  /** The address as the user wrote it, for sentences. */
  readonly address: string;
  /** What is asked for by ALPN; whoever does not choose it is no tele server. */
  readonly protocol: string;
  /**
   * What is offered behind it, for those on the way.
   *
   * @default {[]}
   */
  readonly others?: readonly string[];
}

/** The peer answers to the hello of TLS, and not by TLS. */
export class PlainAnswerError extends TeleError {
  /** The first bytes of the answer. */
  readonly first: Uint8Array;

  /** An error about an answer that begins with `first`. */
  constructor(address: string, first: Uint8Array) {
    super("protocol", `${address}: what answers there speaks no TLS`);
    this.name = "PlainAnswerError";
    this.first = first;
  }
}

/**
 * Does the TLS handshake of a seal over `transport`, which from now on belongs to the result and is closed if it fails.
 * Source: `PROTOCOL.md`, "Seal".
 *
 * Whose certificate it is must be proven by a token, over {@linkcode Duplex.leaf} of the result. What the runtime does
 * prove is that the server has the certificate's key, for all that it can read: so a certificate of X.509 version 1, or
 * one that is not quite DER, is refused here. Otherwise anybody could show a copy of the right one.
 *
 * @param signal Gives up, and closes `transport` at once, when it aborts.
 * @throws {PlainAnswerError} The peer answers in plain.
 * @throws {TeleError} `refused` if it is no tele server, `untrusted` for a certificate that cannot be proven, `doubted` for
 * an alert that says so of either, `carrier-lost` for all that the network does; `signal`'s reason.
 */
export async function sealClient(transport: Duplex, peer: SealPeer, signal?: AbortSignal): Promise<Duplex> {
  return await TlsDuplex.start(transport, makeEnd(peer), signal);
}

/** What is wrong with a server's certificate, beside that nobody vouches for it. */
type SealFault = "NO_PROTOCOL" | "CERT_VERSION_TOO_OLD" | "CERT_UNREADABLE" | "RESUMED";

function makeEnd({ address, protocol, others = [] }: SealPeer): TlsEnd {
  return {
    start: (socket) =>
      tls.connect({ socket, ALPNProtocols: [protocol, ...others], minVersion: "TLSv1.3", rejectUnauthorized: false }),
    secureEvent: "secureConnect",
    awaitsHello: false,
    check(socket) {
      const fault = faultOf(socket, protocol);
      return fault === undefined ? undefined : Object.assign(new Error(fault), { code: fault });
    },
    seen: (socket) => ({ leaf: leafOf(peerLeaf(socket)!) }),
    explain: (failure) => explain(address, failure),
  };
}

function faultOf(socket: tls.TLSSocket, protocol: string): SealFault | undefined {
  if (socket.alpnProtocol !== protocol) return "NO_PROTOCOL";
  // Who resumes is not shown a certificate, and is proven no key.
  if (socket.isSessionReused()) return "RESUMED";
  try {
    const leaf = peerLeaf(socket)!;
    if (versionOf(leaf) !== 3) return "CERT_VERSION_TOO_OLD";
    return isWellFormed(new X509Certificate(leaf)) ? undefined : "CERT_UNREADABLE";
  } catch {
    return "CERT_UNREADABLE";
  }
}

const NO_TELE = "it speaks TLS and is no tele server, or one for other protocols";

function explain(address: string, { error, wasSecure, first }: TlsFailure): TeleError {
  const say = (code: TeleError["code"], sentence: string) =>
    new TeleError(code, `${address}: ${sentence}`, { cause: error });
  if (wasSecure) return say("carrier-lost", reasonOf(error));
  if (isPlain(first)) return new PlainAnswerError(address, first!);
  const { code } = error as { code?: string };
  if (code === "NO_PROTOCOL") return say("refused", NO_TELE);
  if (code === "CERT_VERSION_TOO_OLD") {
    return say(
      "untrusted",
      "the server's certificate is of X.509 version 1, of which nobody proves that he has the key: give the server one " +
        "of version 3, such as of tele --make-cert",
    );
  }
  if (code === "CERT_UNREADABLE" || code === "RESUMED") {
    return say("untrusted", "what answers there does not prove that it has the key of its certificate");
  }
  // With a certificate that it takes without anybody's word, this is all that the runtime can have against it.
  if (code !== undefined && /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_)/.test(code)) {
    return say("untrusted", "what answers there shows a certificate of which it does not have the key");
  }
  // Anybody on the way can have said so by seven bytes, or have changed the hello: time may mend it.
  const alert = alertOf(error);
  if (alert === "NoApplicationProtocol") return say("doubted", NO_TELE);
  if (alert === "CertificateRequired" || alert === "HandshakeFailure") {
    return say("doubted", "the server wants a client certificate: pass one with --tls-cert and --tls-key");
  }
  if (alert !== undefined) return say("carrier-lost", `what answers there refused the TLS handshake: ${alert}`);
  if (!isCut(error)) return say("carrier-lost", `the TLS handshake failed: ${reasonOf(error)}`);
  return say(
    "carrier-lost",
    first === undefined
      ? "the connection was closed at the hello of TLS: either the network did that, or what is there speaks no TLS"
      : "the connection was cut during the TLS handshake",
  );
}
