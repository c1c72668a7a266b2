/**
 * Listening with TLS.
 *
 * @module
 */
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Address } from "./address.ts";
import type { Clock } from "./clock.ts";
import type { Duplex } from "./duplex.ts";
import { reasonOf, TeleError } from "./error.ts";
import { listen, type Listening, type ListenOptions } from "./listen.ts";
import { checkServerCertificate, type ServerCertificate } from "./tls_certificate.ts";
import { requireTls, type TlsConnection } from "./tls_dial.ts";
import { TlsDuplex, type TlsEnd } from "./tls_duplex.ts";
import { explainToServer } from "./tls_errors.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** TLS handshakes in progress: so many at once (beyond that the oldest goes), so long each. */
const LIMITS = { guests: 512, timeoutMs: 10_000 };

/** How to listen with TLS. */
export interface TlsListenSettings extends ServerCertificate {
  /** Taken by ALPN, best first. A client that offers none of them is refused, one that knows no ALPN is not. */
  readonly protocols: readonly string[];
}

/** What listening with TLS needs. */
export interface TlsListenOptions extends Omit<ListenOptions, "onConnection" | "use"> {
  /** Takes each connection whose handshake is done. */
  onConnection: (connection: TlsConnection) => void;
  /** Told of each connection that was not let in, and why. */
  onRefused: (peer: string, reason: string) => void;
}

/** A listener with TLS. */
export interface TlsListening extends Listening {
  /** Connections whose handshake is not done yet. */
  readonly strangers: number;
  /**
   * Uses other files for the connections that come from now on; those that are there go on as they are.
   *
   * @throws {TeleError} `bad-input`; then nothing has changed.
   */
  renew(settings: TlsListenSettings): void;
}

/**
 * Listens as {@linkcode listen} does, and does a TLS handshake on each connection.
 *
 * A stranger that has not sent its hello costs a socket and 30 KiB, for at most 10 s; there are at most 512 strangers.
 *
 * @throws {TeleError} `bad-input` if that is not possible: a file is wrong, the port is taken, this runtime is too old.
 *
 * @example
 * ```ts ignore
 * import { listenTls } from "./tls_listen.ts";
 * import { systemClock } from "./clock.ts";
 *
 * const [cert, key] = ["cert.pem", "key.pem"].map((file) => Deno.readTextFileSync(file));
 * const listening = await listenTls({ kind: "tcp", host: undefined, port: 443 }, { cert, key, protocols: ["tele/1"] }, {
 *   defaultHosts: ["::", "0.0.0.0"],
 *   clock: systemClock,
 *   log: console.error,
 *   onConnection: ({ duplex }) => duplex.close(),
 *   onRefused: (peer, reason) => console.error(`${peer} was not let in: ${reason}`),
 * });
 * ```
 */
export async function listenTls(
  address: Address | undefined,
  settings: TlsListenSettings,
  options: TlsListenOptions,
): Promise<TlsListening> {
  requireTls();
  const { onConnection, onRefused, clock } = options;
  let end = makeEnd(settings, clock);
  const room = new WaitingRoom<Duplex>(clock, LIMITS);

  async function welcome(transport: Duplex): Promise<void> {
    room.enter(transport);
    try {
      const duplex = await TlsDuplex.start(transport, end);
      room.leave(transport);
      onConnection({ duplex, protocol: duplex.protocol });
    } catch (error) {
      room.leave(transport);
      onRefused(transport.peer, room.reasonFor(transport) ?? (error as Error).message);
    }
  }

  const listening = await listen(address, {
    ...options,
    use: "user",
    onConnection: (transport) => void welcome(transport),
  });
  return {
    addresses: listening.addresses,
    isExposed: listening.isExposed,
    get strangers() {
      return room.count;
    },
    renew: (settings) => end = makeEnd(settings, clock),
    close() {
      listening.close();
      room.close("the tele server ends");
    },
  };
}

function makeEnd(settings: TlsListenSettings, clock: Clock): TlsEnd {
  checkServerCertificate(settings, clock.wallNow());
  const { cert, key, clientCa, protocols } = settings;
  const secureContext = createContext(cert, key, clientCa);
  const wantsCertificate = clientCa !== undefined;
  return {
    start: (stream) =>
      new TLSSocket(stream, {
        isServer: true,
        secureContext,
        ALPNProtocols: [...protocols],
        requestCert: wantsCertificate,
        rejectUnauthorized: wantsCertificate,
      }),
    secureEvent: "secure",
    awaitsHello: true,
    check: (socket) => wantsCertificate ? verifyError(socket) : undefined,
    explain(failure) {
      const { error, wasSecure } = failure;
      if (wasSecure) return new TeleError("carrier-lost", reasonOf(error), { cause: error });
      return new TeleError("refused", explainToServer(failure), { cause: error });
    },
  };
}

function createContext(cert: string, key: string, ca: string | undefined): SecureContext {
  try {
    return createSecureContext({ cert, key, ca });
  } catch (cause) {
    throw new TeleError("bad-input", "--tls-cert: the runtime cannot use this certificate; make another", { cause });
  }
}

/** What is wrong with the client's certificate. A handshake without one fails by itself. */
function verifyError(socket: TLSSocket): unknown {
  // In Node.js an error or null, in Deno its code or an empty string; `authorizationError` is set only by `tls.Server`.
  const { ssl } = socket as unknown as { ssl: { verifyError(): string | { code: string } | null } };
  const error = ssl.verifyError();
  if (error === null || error === "") return undefined;
  return typeof error === "string" ? { code: error, message: error } : error;
}
