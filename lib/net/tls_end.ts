/**
 * What a client and a server of TLS do in different ways.
 *
 * @module
 */
import type { Duplex as NodeStream } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { ExplainTls } from "./tls_failure.ts";

/** What an end has seen of the other one once the handshake has ended. */
export interface TlsSeen {
  /** See {@linkcode Duplex.peerName}. */
  readonly peerName?: string;
  /** See {@linkcode Duplex.leaf}. */
  readonly leaf?: Uint8Array;
}

/** Which end of TLS this is, and how it is set up on a stream of encrypted bytes. */
export interface TlsEnd {
  /** Makes the socket, whose handshake begins by itself. */
  start(stream: NodeStream): TLSSocket;
  /** The event that tells the end of the handshake. */
  readonly secureEvent: "secure" | "secureConnect";
  /** Whether the peer speaks first. The socket is made only then, since it costs more than a stranger may. */
  readonly awaitsHello: boolean;
  /** Looks at the peer once the handshake has ended; what it returns is an error. */
  check?(socket: TLSSocket): unknown;
  /** What was seen of the peer, once it was checked. */
  seen(socket: TLSSocket): TlsSeen;
  /** Makes sentences of failures. */
  readonly explain: ExplainTls;
}
