/**
 * The server's end of a seal.
 *
 * @module
 */
import { createSecureContext, TLSSocket } from "node:tls";
import { X509Certificate } from "node:crypto";
import type { Duplex } from "./duplex.ts";
import { reasonOf, TeleError } from "./error.ts";
import { leafOf } from "./leaf.ts";
import type { CertificatePair } from "./tls_certificate.ts";
import { TlsDuplex } from "./tls_duplex.ts";
import type { TlsEnd } from "./tls_end.ts";
import { explainToServer, hasLeft, type TlsFailure } from "./tls_failure.ts";

/** Takes carriers that clients seal. */
export class SealServer {
  readonly #end: TlsEnd;

  /**
   * Shows a certificate for which nobody vouches.
   *
   * @param pair The certificate, of X.509 version 3, and its key.
   * @param protocol What is taken by ALPN.
   */
  constructor(pair: CertificatePair, protocol: string) {
    this.#end = makeEnd(pair, protocol);
  }

  /**
   * Does the TLS handshake on a connection that begins as TLS does. It belongs to the result, and is closed if that
   * fails.
   *
   * @throws {TeleError} `closed` if the client went away by itself, `protocol` if it is not let in.
   */
  async unseal(transport: Duplex): Promise<Duplex> {
    return await TlsDuplex.start(transport, this.#end);
  }
}

function makeEnd({ cert, key }: CertificatePair, protocol: string): TlsEnd {
  const secureContext = createSecureContext({ cert, key, minVersion: "TLSv1.3" });
  const leaf = leafOf(new X509Certificate(cert).raw);
  return {
    start: (stream) =>
      new TLSSocket(stream, { isServer: true, secureContext, ALPNProtocols: [protocol], minVersion: "TLSv1.3" }),
    secureEvent: "secure",
    awaitsHello: true,
    check(socket) {
      if (socket.getProtocol() !== "TLSv1.3") return fault("NOT_TLS_1_3");
      if (socket.alpnProtocol !== protocol) return fault("ERR_SSL_NO_APPLICATION_PROTOCOL");
      // A ticket proves no key, and the runtime cannot be told to give none.
      return socket.isSessionReused() ? fault("RESUMED") : undefined;
    },
    seen: () => ({ leaf }),
    explain: (failure) => explain(failure, protocol),
  };
}

function fault(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function explain(failure: TlsFailure, protocol: string): TeleError {
  const { error, wasSecure } = failure;
  if (wasSecure) return new TeleError("carrier-lost", reasonOf(error), { cause: error });
  if (hasLeft(failure, [protocol])) return new TeleError("closed", explainToServer(failure), { cause: error });
  return new TeleError("protocol", sentenceOf(failure), { cause: error });
}

function sentenceOf(failure: TlsFailure): string {
  const { code } = failure.error as { code?: string };
  const sentence = explainToServer(failure);
  if (code === "NOT_TLS_1_3") return "it speaks an older TLS than 1.3";
  if (code === "RESUMED") return "it resumes a TLS session, which proves nothing: a tele client never does";
  if (!sentence.startsWith("it does not trust this server's certificate")) return sentence;
  return "it wants a certificate that it can verify, and this server has none: start it without --tls and with this " +
    "server's token, or this server with --tls-cert and --tls-key";
}
