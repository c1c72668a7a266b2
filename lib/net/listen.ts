/**
 * Listening on an address.
 *
 * @module
 */
import net from "node:net";
import { AcceptTrouble, OUT_OF_DESCRIPTORS } from "./accept_trouble.ts";
import { Acceptor, closedAreFree } from "./acceptor.ts";
import { type Address, formatAddress, type TcpAddress, type UnixAddress } from "./address.ts";
import type { Clock } from "./clock.ts";
import { DenoDuplex } from "./deno_duplex.ts";
import { hasSpareDescriptors } from "./descriptors.ts";
import type { Duplex } from "./duplex.ts";
import { reasonOf } from "./error.ts";
import { isLoopback } from "./ip_address.ts";
import { explainListening, isTaken } from "./listen_failure.ts";
import { listenUnix } from "./listen_unix.ts";
import type { Log } from "./log.ts";
import { hasNodeDuplex, NodeDuplex } from "./node_duplex.ts";
import { listeningHandle } from "./runtime.ts";
import { UnixDuplex } from "./unix_duplex.ts";

/** Connections that may wait to be accepted; the usual 128 make a burst of thousands wait for seconds. */
const BACKLOG = 4096;

/** How often a listener on `node:net` is set going again, in milliseconds: at EMFILE it stops without a word. */
const REVIVE_MS = 500;

/** Options of {@linkcode listen}. */
export interface ListenOptions {
  /** Whose connections they are: users wait for a file descriptor where the last ones are to be left to carriers. */
  use: "user" | "carrier";
  /** Hosts for an address without one; the first must work, the others may. */
  defaultHosts: string[];
  /** Time for pauses. */
  clock: Clock;
  /** Told when accepting does not work. */
  log: Log;
  /**
   * Whether other processes of this user may listen on the same TCP port, each taking a part of the connections
   * (`SO_REUSEPORT`, socket(7); Linux). Unix sockets have no such thing.
   *
   * @default {false}
   */
  sharesPort?: boolean;
  /** Takes each connection. */
  onConnection: (connection: Duplex) => void;
}

/** A listener on one or more addresses. */
export interface Listening {
  /** The real addresses, free ports filled in. */
  readonly addresses: string[];
  /** Whether someone beyond this machine can connect. */
  readonly isExposed: boolean;
  /** Stops listening. */
  close(): void;
}

interface Bound {
  address: string;
  port: number;
  host: string | undefined;
  close(): void;
}

/**
 * Listens on `address`, or on a free port if there is none.
 *
 * @throws {TeleError} `bad-input` if that is not possible, such as when the port is taken.
 */
export async function listen(address: Address | undefined, options: ListenOptions): Promise<Listening> {
  if (address?.kind === "unix") return toListening([await bindUnix(address, options)]);
  await closedAreFree();
  const { host, port } = address ?? { host: undefined, port: 0 };
  const [first, ...others] = host === undefined ? options.defaultHosts : [host];
  const bound = [await bindFirst(first!, port, others, options)];
  // A host may want its siblings, on the same port.
  if (bound[0].host === first) {
    for (const other of others) {
      const sibling = await bindTcp(other, bound[0].port, options).catch((error) => {
        // Without IPv6 there is nobody who could come that way; with another program there, they reach that one.
        const isOthers = isTaken(error) && !(first === "::" && isForBothFamilies());
        if (isOthers) options.log("warn", `another program listens on ${other} port ${bound[0].port}`);
      });
      if (sibling) bound.push(sibling);
    }
  }
  return toListening(bound);
}

/**
 * Whether `[::]` takes IPv4 too: everywhere but on Windows, where Deno leaves it to IPv6 alone (denoland/deno#36168),
 * and on a Linux that was told otherwise.
 */
function isForBothFamilies(): boolean {
  if (Deno.build.os === "windows") return false;
  try {
    return Deno.readTextFileSync("/proc/sys/net/ipv6/bindv6only").trim() !== "1";
  } catch {
    return true;
  }
}

function toListening(bound: Bound[]): Listening {
  return {
    addresses: bound.map((each) => each.address),
    isExposed: bound.some((each) => each.host !== undefined && !isLoopback(each.host)),
    close: () => bound.forEach((each) => each.close()),
  };
}

async function bindFirst(host: string, port: number, others: string[], options: ListenOptions): Promise<Bound> {
  try {
    return await bindTcp(host, port, options);
  } catch (error) {
    const [next, ...rest] = others;
    // A machine without IPv6 cannot listen on [::]; a port that is taken is taken for the others too.
    if (next !== undefined && !isTaken(error)) return await bindFirst(next, port, rest, options);
    throw explainListening(error, { kind: "tcp", host, port });
  }
}

async function bindTcp(host: string, port: number, options: ListenOptions): Promise<Bound> {
  // `node:net` does not know zones (RFC 4007, 11): who comes that way can be cut, but not reset.
  if (hasNodeDuplex() && !host.includes("%")) return await bindNode(host, port, options);
  const listener = Deno.listen({ hostname: host, port, reusePort: options.sharesPort === true });
  const acceptor = accept(listener, options);
  return toBound(host, listener.addr.port, () => acceptor.close());
}

function toBound(host: string, port: number, close: () => void): Bound {
  const address: TcpAddress = { kind: "tcp", host, port };
  return { address: formatAddress(address), host, port, close };
}

function bindNode(host: string, port: number, options: ListenOptions): Promise<Bound> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen({ host, port, backlog: BACKLOG, reusePort: options.sharesPort === true }, () => {
      server.off("error", reject);
      const onFailed = failureTeller(options);
      server.on("error", onFailed);
      NodeDuplex.acceptAll(server, options.onConnection, onFailed);
      const stopReviving = reviveForever(server, options);
      const close = () => {
        stopReviving();
        server.close();
      };
      resolve(toBound(host, (server.address() as net.AddressInfo).port, close));
    });
  });
}

function failureTeller({ log }: ListenOptions): (error: Error) => void {
  return (error) => log("warn", `cannot accept connections: ${reasonOf(error)}`);
}

/**
 * Keeps a `node:net` server accepting. When `accept` fails with EMFILE, Deno's stops for good and tells nobody
 * (measured on 2.9.6); a second `listen` on the same handle, which is cheap and harmless, sets it going again.
 */
function reviveForever(server: net.Server, { use, clock, log }: ListenOptions): () => void {
  const handle = listeningHandle(server);
  if (handle === undefined) return () => {};
  let timer = clock.setTimer(revive, REVIVE_MS);
  const trouble = new AcceptTrouble({ clock, log });
  function revive() {
    // Without descriptors to spare a user's connection would take the one that the next carrier needs.
    const spare = hasSpareDescriptors(use === "user" ? undefined : 1);
    if (spare) handle!.listen(BACKLOG);
    else trouble.tell(OUT_OF_DESCRIPTORS);
    timer = clock.setTimer(revive, REVIVE_MS);
  }
  return () => timer.cancel();
}

async function bindUnix(address: UnixAddress, options: ListenOptions): Promise<Bound> {
  const { listener, close } = await listenUnix(address, BACKLOG);
  const bound = { address: formatAddress(address), host: undefined, port: 0 };
  if (!(listener instanceof net.Server)) {
    accept(listener as unknown as Deno.Listener, options);
    return { ...bound, close };
  }
  UnixDuplex.acceptAll(listener, address.path, options.onConnection, failureTeller(options));
  const stopReviving = reviveForever(listener, options);
  return {
    ...bound,
    close() {
      stopReviving();
      close();
    },
  };
}

function accept(listener: Deno.Listener, { clock, log, onConnection }: ListenOptions): Acceptor {
  return new Acceptor(listener, {
    clock,
    log,
    onConnection: (connection) => onConnection(new DenoDuplex(connection)),
  });
}
