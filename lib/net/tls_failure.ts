/**
 * What the runtime says when TLS fails, as sentences that name the option or file to change.
 *
 * @module
 */
import { reasonOf, TeleError } from "./error.ts";
import { foreignClient, foreignServer } from "./foreign_protocol.ts";
import { RESUMED_UNKNOWN } from "./known_clients.ts";
import { shortenShown } from "./shown_text.ts";
import { tlsRecordKind } from "./tls_record.ts";

/** Makes a sentence of a failure. */
export type ExplainTls = (failure: TlsFailure) => Error;

/** What was seen of a connection whose TLS failed. */
export interface TlsFailure {
  /** What the runtime gave. */
  readonly error: unknown;
  /** Whether the handshake had ended on this side; in TLS 1.3 the other side may still refuse. */
  readonly wasSecure: boolean;
  /** Whether any byte of the peer's program had come: then this side was not refused. */
  readonly heardAnything: boolean;
  /** The first bytes that came, if any. */
  readonly first: Uint8Array | undefined;
  /** The whole first record of a peer that speaks first, once it is there. */
  readonly hello?: Uint8Array;
}

/** The transport ended without TLS having said so. */
export class TruncatedError extends Error {
  /** Makes one. */
  constructor() {
    super("the connection was cut: it ended without the end that TLS tells");
    this.name = "TruncatedError";
  }
}

/** Said of a certificate whose signature cannot be checked. */
const P521 =
  "is signed by a key on P-521 over another hash than SHA-512, which tele cannot check: have it issued anew " +
  "with -sha512, or by a CA on P-256 or P-384";

/** Most characters that are told of the names in a certificate: one can have thousands, and any text in them. */
const MOST_NAMES_CHARACTERS = 200;

/** What a client tried, as far as its sentences need it. */
export interface TlsAttempt {
  /** The address as the user wrote it. */
  readonly address: string;
  /** The name that the certificate must have. */
  readonly name: string;
  /** What was offered by ALPN. */
  readonly protocols: readonly string[];
  /** Whether a client certificate was presented. */
  readonly hasCertificate: boolean;
  /** What this side sees itself wrong with it, as a sentence without its end. */
  readonly ownFault: () => string | undefined;
}

/** On whom a client's handshake failed, and what to change. */
export function explainToClient(attempt: TlsAttempt, failure: TlsFailure): TeleError {
  const { error, wasSecure, heardAnything, first } = failure;
  const { address } = attempt;
  const plainly = address.startsWith("wss://") ? "write ws:// in place of wss://" : "leave --tls away";
  const say = (code: TeleError["code"], sentence: string) =>
    new TeleError(code, `${address}: ${sentence}`, { cause: error });
  // A peer that has spoken has accepted this side: what ends the connection later is no verdict on it.
  if (heardAnything) return say("carrier-lost", explainLateEnd(error));
  const foreign = first && foreignServer(address, first);
  if (foreign !== undefined) return foreign;
  if (isPlain(first)) {
    return say(
      "protocol",
      `the server there speaks no TLS: ${plainly}, or start the tele server with --tls-cert and --tls-key`,
    );
  }
  const alert = alertOf(error);
  if (alert === "NoApplicationProtocol") {
    const offered = attempt.protocols.join(", ");
    return say("doubted", `it speaks TLS but not ${offered}: it is no tele server, or not one for that protocol`);
  }
  // In front of the server's own proof an alert is seven bytes that anybody on the way can send.
  if (alert !== undefined) return say(wasSecure ? "untrusted" : "doubted", explainAlertToClient(alert, attempt));
  if (isCut(error)) {
    if (wasSecure && attempt.hasCertificate) {
      const fault = attempt.ownFault();
      const remedy = fault ?? "add it or its CA to the server's --tls-client-ca, or pass another";
      return say(
        fault === undefined ? "doubted" : "untrusted",
        "the server ended the connection right after the TLS handshake, as it does with a client certificate that it " +
          `does not accept (--tls-cert): ${remedy}`,
      );
    }
    if (wasSecure) return say("carrier-lost", reasonOf(error));
    return say(
      "carrier-lost",
      first === undefined
        ? `the server closed the connection at the TLS hello: if it speaks no TLS, ${plainly}, or start the tele ` +
          "server with --tls-cert and --tls-key"
        : "the connection was cut during the TLS handshake",
    );
  }
  const sentence = explainCertificate(error, attempt);
  if (sentence !== undefined) return say("untrusted", sentence);
  return say("carrier-lost", wasSecure ? reasonOf(error) : `the TLS handshake failed: ${reasonOf(error)}`);
}

function explainLateEnd(error: unknown): string {
  const alert = alertOf(error);
  return alert === undefined ? reasonOf(error) : `the server ended TLS: ${alert}`;
}

function explainAlertToClient(alert: string, { hasCertificate, ownFault }: TlsAttempt): string {
  if (alert === "CertificateRequired" || (alert === "HandshakeFailure" && !hasCertificate)) {
    return hasCertificate
      ? "the server does not accept this client's certificate: add its CA to the server's --tls-client-ca"
      : "the server wants a client certificate: pass one with --tls-cert and --tls-key";
  }
  if (alert === "CertificateExpired") return "this client's certificate has expired: renew the files of --tls-cert";
  if (/^(UnknownCA|BadCertificate|CertificateUnknown|UnsupportedCertificate|AccessDenied)$/.test(alert)) {
    const fault = ownFault() ??
      "add its CA to the server's --tls-client-ca, or pass another with --tls-cert and --tls-key";
    return `the server does not accept this client's certificate: ${fault}`;
  }
  return `the server refused the TLS handshake: ${alert}`;
}

/** The fault of the server's certificate and what to do; `undefined` if the error is about something else. */
function explainCertificate(error: unknown, { name, address }: TlsAttempt): string | undefined {
  const { code, cert } = error as { code?: string; cert?: { subjectaltname?: string; subject?: { CN?: string } } };
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return "the server's certificate has expired: renew the server's --tls-cert (or check this machine's clock)";
    case "CERT_NOT_YET_VALID":
      return "the server's certificate is not valid yet: check the clocks of both machines";
    case "ERR_TLS_CERT_ALTNAME_INVALID": {
      const names = (cert?.subjectaltname ?? cert?.subject?.CN ?? "").replace(/(DNS|IP Address):/g, "");
      const has = names === "" ? "has no name" : `is for ${shortenShown(names, MOST_NAMES_CHARACTERS)}`;
      return `the server's certificate ${has}, not for ${name}: pass a name that it has with --tls-name=NAME`;
    }
    case "CERT_VERSION_TOO_OLD":
      return "the server's certificate, or one of its CA's, is of X.509 version 1, which nobody can check: give the " +
        "server one of version 3, such as of tele --make-cert";
    case "SIGNATURE_UNKNOWN":
      return `the server's certificate ${P521}`;
    case "CERT_UNREADABLE":
      return "the server's certificate cannot be read: give the server another, such as of tele --make-cert";
    case "DEPTH_ZERO_SELF_SIGNED_CERT": {
      const own = "the server's certificate was issued by nobody whom this client trusts: pass it with --tls-ca=FILE";
      // So does one that seals look; but what a web server shows is no tele server's.
      if (address.startsWith("wss://")) return own;
      return `${own}; or, where the tele server has a token and no certificate, leave --tls away and give this side ` +
        "the token";
    }
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return "the server's certificate was issued by nobody whom this client trusts: pass its CA with --tls-ca=FILE, " +
        "or --tls-ca=system if this machine trusts it";
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      // Deno 2.9.6 says this also of one that has expired, is not valid yet, or is not made for servers.
      return "the server's certificate was issued by nobody whom this client trusts (pass its CA with --tls-ca=FILE, " +
        "or --tls-ca=system if this machine trusts it), or is not valid now (renew the server's --tls-cert), or not " +
        "made for servers: the tele server's log tells which";
    default:
      return undefined;
  }
}

/** Why a server did not take a connection, for its log. */
export function explainToServer({ error, first }: TlsFailure): string {
  const foreign = first && foreignClient(first);
  if (foreign !== undefined) return foreign.message;
  if (isPlain(first)) {
    return "it does not speak TLS: start the tele client with --tls";
  }
  const { code } = error as { code?: string };
  if (code === "ERR_SSL_NO_APPLICATION_PROTOCOL") return "it offers no protocol that this server speaks";
  if (code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE") {
    return "it presented no client certificate: start the tele client with --tls-cert and --tls-key";
  }
  if (code === "CERT_HAS_EXPIRED") return "its client certificate has expired: renew the client's --tls-cert";
  if (code === "CERT_NOT_YET_VALID") {
    return "its client certificate is not valid yet: check the clocks of both machines";
  }
  if (code === "CERT_VERSION_TOO_OLD") {
    return "its client certificate, or one of its CA's, is of X.509 version 1, which nobody can check: " +
      "have it made anew with extensions (version 3)";
  }
  if (code === "SIGNATURE_UNKNOWN") return `its client certificate ${P521}`;
  // What is wrong with the certificate itself is found only after the handshake.
  if (code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE") {
    return "it does not have the key of the client certificate that it shows";
  }
  if (code === "CERT_UNREADABLE") return "its client certificate cannot be read: give the client another";
  if (code === "INVALID_PURPOSE") {
    return "its client certificate is not made for this: its extended key usage needs clientAuth, or its CA may not " +
      "issue it";
  }
  if (code === RESUMED_UNKNOWN) {
    return "it resumed a TLS session without a client certificate that was accepted here: a client that has one is to " +
      "begin anew, and may have to be told not to resume";
  }
  if (code !== undefined && /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(code)) {
    return "its client certificate was issued by a CA that this server's --tls-client-ca does not have";
  }
  const alert = alertOf(error);
  if (alert === "CertificateExpired") {
    return "it says that this server's certificate has expired, or is not valid yet: renew --tls-cert, or check the " +
      "clocks of both machines";
  }
  if (alert === "UnsupportedCertificate") {
    return "it says that this server's certificate is not made for servers: its extended key usage needs serverAuth";
  }
  if (alert !== undefined && /^(UnknownCA|BadCertificate|Certificate\w+)$/.test(alert)) {
    return `it does not trust this server's certificate (${alert}): ` +
      "check the tele client's --tls-ca and --tls-name, and how long --tls-cert is valid";
  }
  if (alert !== undefined) return `it refused the TLS handshake: ${alert}`;
  if (isCut(error)) {
    return first === undefined ? "it closed the connection without a word" : "it was cut during the TLS handshake";
  }
  return `the TLS handshake failed: ${reasonOf(error)}`;
}

/**
 * Whether a client went away by itself, as some do all day: a balancer's check that says nothing, and an attempt of a
 * client of ours that lost the race against another one.
 *
 * @param protocols What this server takes by ALPN.
 */
export function hasLeft({ error, first, hello }: TlsFailure, protocols: readonly string[]): boolean {
  if (!isCut(error)) return false;
  return first === undefined || (hello !== undefined && protocols.some((name) => offers(hello, name)));
}

/** Whether a client's hello has a name in its list for ALPN: one byte of length, then the name (RFC 7301, 3.1). */
function offers(hello: Uint8Array, name: string): boolean {
  const entry = [name.length, ...new TextEncoder().encode(name)];
  return hello.some((_, at) => entry.every((byte, offset) => hello[at + offset] === byte));
}

/** The alert that the peer sent, in rustls' spelling. */
export function alertOf(error: unknown): string | undefined {
  return /received fatal alert: (\w+)/.exec(reasonOf(error))?.[1];
}

/** Whether a failure is that the connection ended or broke. */
export function isCut(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return error instanceof TruncatedError || error instanceof Deno.errors.ConnectionReset || code === "ECONNRESET" ||
    code === "EPIPE" || error instanceof Deno.errors.BrokenPipe;
}

/** Whether what came cannot be the beginning of a TLS record. */
export function isPlain(first: Uint8Array | undefined): boolean {
  return first !== undefined && first.length >= 3 && tlsRecordKind(first) === undefined;
}
