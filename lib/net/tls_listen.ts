/**
 * Listening with TLS.
 *
 * @module
 */
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Address } from "./address.ts";
import type { Clock } from "./clock.ts";
import type { Duplex } from "./duplex.ts";
import type { FrontDoorOptions } from "./front_door.ts";
import { badInput, reasonOf, TeleError } from "./error.ts";
import { recognize } from "./first_bytes.ts";
import { listen, type Listening, type ListenOptions } from "./listen.ts";
import { KnownClients } from "./known_clients.ts";
import { leafOf } from "./leaf.ts";
import { peerName } from "./peer_certificate.ts";
import { checkAnchors, checkServerCertificate, type ServerCertificate } from "./tls_certificate.ts";
import { requireTls, type TlsConnection } from "./tls_client.ts";
import { type PortSharer, SharedPorts } from "./shared_ports.ts";
import { TlsDuplex } from "./tls_duplex.ts";
import type { TlsEnd } from "./tls_end.ts";
import { explainToServer, hasLeft } from "./tls_failure.ts";
import { tlsWarmUp } from "./tls_warm_up.ts";
import { WaitingRoom } from "./waiting_room.ts";
import { refuseWeb } from "./websocket/websocket_server.ts";

/** Most TLS handshakes in progress (beyond that the oldest goes), and the longest time of each. */
const LIMITS = { guests: 512, timeoutMs: 10_000 };

/** How to listen with TLS. */
export interface TlsListenSettings extends ServerCertificate {
  /** Taken by ALPN, best first. A client that offers none of them is refused, one that knows no ALPN is not. */
  readonly protocols: readonly string[];
}

/** Options of {@linkcode listenTls}. */
export interface TlsListenOptions extends Omit<ListenOptions, "onConnection" | "use"> {
  /** Takes each connection whose handshake is done. */
  onConnection: (connection: TlsConnection) => void;
  /** Asked about each that begins as TLS does, as that of a front door: {@linkcode FrontDoorOptions.passOn}. */
  passOn?: FrontDoorOptions["passOn"];
  /** Told of each connection that was not let in, and why. */
  onRefused: (peer: string, reason: string) => void;
  /** Told of each that went away by itself, such as a balancer's check or an attempt that lost a race: no news. */
  onLeft: (peer: string, reason: string) => void;
}

/** A listener with TLS. While it has left its ports, who has come is let in, and so is who is welcomed. */
export interface TlsListening extends Listening, PortSharer {
  /** Connections whose handshake is not done yet. */
  readonly strangers: number;
  /** Takes a connection that came in another way as if it had been accepted. Never rejects. */
  welcome(transport: Duplex): Promise<void>;
  /**
   * Uses other files for connections that come from now on; the others go on as they are.
   *
   * @throws {TeleError} `bad-input`; then nothing has changed.
   */
  renew(settings: TlsListenSettings): void;
}

/**
 * Listens as {@linkcode listen} does, and does a TLS handshake on each connection.
 *
 * A stranger that has not sent its hello costs a socket and some KiB, for at most 10 s; there are at most 512
 * strangers.
 *
 * @throws {TeleError} `bad-input` if that is not possible: a file is wrong, the port is taken, this runtime is too old.
 *
 * @example
 * ```ts ignore
 * import { listenTls } from "./tls_listen.ts";
 * import { systemClock } from "./clock.ts";
 *
 * const [cert, key] = ["cert.pem", "key.pem"].map((file) => Deno.readTextFileSync(file));
 * const listening = await listenTls({ kind: "tcp", host: undefined, port: 443 }, { cert, key, protocols: ["tele/2"] }, {
 *   defaultHosts: ["::", "0.0.0.0"],
 *   clock: systemClock,
 *   log: console.error,
 *   onConnection: ({ duplex }) => duplex.close(),
 *   onRefused: (peer, reason) => console.error(`${peer} was not let in: ${reason}`),
 *   onLeft: () => {},
 * });
 * ```
 */
export async function listenTls(
  address: Address | undefined,
  settings: TlsListenSettings,
  options: TlsListenOptions,
): Promise<TlsListening> {
  requireTls();
  const { onConnection, onRefused, onLeft, clock, passOn } = options;
  // Kept beyond a renewal: a client that comes back may resume a session from before it.
  const clients = new KnownClients();
  let end = makeEnd(settings, clock, clients);
  const room = new WaitingRoom<Duplex>(clock, LIMITS);

  async function welcome(transport: Duplex): Promise<void> {
    room.enter(transport);
    try {
      const expected = await expectTls(transport, clock);
      const staying = passOn === undefined
        ? expected
        : await passOn(expected, () => room.reasonFor(transport) !== undefined);
      if (staying === undefined) return room.leave(transport);
      const duplex = await TlsDuplex.start(staying, end);
      room.leave(transport);
      onConnection({ duplex, protocol: duplex.protocol });
    } catch (error) {
      room.leave(transport);
      const expelled = room.reasonFor(transport);
      const left = expelled === undefined && error instanceof TeleError && error.code === "closed";
      (left ? onLeft : onRefused)(transport.peer, expelled ?? (error as Error).message);
    }
  }

  const onTransport = (transport: Duplex) => void welcome(transport);
  const listening = await SharedPorts.open(() =>
    listen(address, { ...options, use: "carrier", onConnection: onTransport })
  );
  tlsWarmUp.start();
  return {
    addresses: listening.addresses,
    isExposed: listening.isExposed,
    welcome,
    get strangers() {
      return room.count;
    },
    renew: (settings) => end = makeEnd(settings, clock, clients),
    leave: () => listening.leave(),
    comeBack: () => listening.comeBack(),
    close() {
      listening.close();
      room.close("the tele server ends");
    },
  };
}

/**
 * Checks what {@linkcode listenTls} would be given.
 *
 * @throws {TeleError} `bad-input` if a file is wrong.
 */
export function checkListenSettings(settings: TlsListenSettings, clock: Clock): void {
  makeEnd(settings, clock, new KnownClients());
}

/** A web client that does not speak TLS is told so in its own words. */
async function expectTls(transport: Duplex, clock: Clock): Promise<Duplex> {
  // What reads fail with now, they fail with again, and that is explained with all else.
  const seen = await recognize(transport).catch(() => undefined);
  if (!seen?.isWeb) return seen?.duplex ?? transport;
  await refuseWeb(seen.duplex, clock, "This port takes TLS: write https:// or wss://.");
  throw new TeleError("protocol", "a web client came without TLS: let it use https:// or wss://");
}

function makeEnd(settings: TlsListenSettings, clock: Clock, clients: KnownClients): TlsEnd {
  const { cert, key, own } = checkServerCertificate(settings, clock.wallNow());
  const leaf = leafOf(own.raw);
  const { clientCa, protocols } = settings;
  const trusted = clientCa === undefined ? undefined : checkAnchors("--tls-client-ca", clientCa);
  // The runtime shows these to everyone who connects, behind the server's own: no client's certificate is among them.
  const secureContext = createContext(cert, key, trusted?.authorities);
  const wantsCertificate = trusted !== undefined;
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
    check: (socket) => trusted && clients.check(socket, trusted.anchors, clock.wallNow()),
    seen: (socket) => ({ leaf, peerName: wantsCertificate ? peerName(socket) : undefined }),
    explain(failure) {
      const { error, wasSecure } = failure;
      if (wasSecure) return new TeleError("carrier-lost", reasonOf(error), { cause: error });
      const code = hasLeft(failure, protocols) ? "closed" : "refused";
      return new TeleError(code, explainToServer(failure), { cause: error });
    },
  };
}

function createContext(cert: string, key: string, ca: string | undefined): SecureContext {
  try {
    return createSecureContext({ cert, key, ca });
  } catch (cause) {
    throw badInput("--tls-cert: the runtime cannot use this certificate; make another", { cause });
  }
}
