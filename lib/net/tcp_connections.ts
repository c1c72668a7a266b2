/**
 * The handles of users' connections, accepted and dialed without a `net.Socket` around each.
 *
 * A socket and the states of its two streams are a good part of what a new connection costs, and all that tele would do
 * with one is to take its handle out.
 *
 * @module
 */
import type { Server } from "node:net";
import { isIPv6, unmapped } from "./ip_address.ts";
import {
  CONNECTION,
  type ListeningHandle,
  listeningHandle,
  type Request,
  type SocketName,
  type StreamHandle,
  systemError,
  type TcpBinding,
  type TcpHandle,
} from "./runtime.ts";

/**
 * Silence after which the kernel asks whether the other host is still there, in seconds. Linux then asks nine
 * times, every 75 s: a host that has vanished is noticed after 16 minutes, and an outage of ten before that harms
 * nobody.
 */
const KEEP_ALIVE_SECONDS = 5 * 60;

/** Whether what is accepted has the options of who listens. Elsewhere some of them, if any. */
const INHERITS = Deno.build.os === "linux";

/** Who takes what comes at a server: its connections, and why one could not be taken. */
export interface AcceptEvents<Handle = TcpHandle> {
  /** A connection was accepted; it does not read yet. */
  onHandle(handle: Handle): void;
  /** One could not be. */
  onFailed(error: Error): void;
}

/** What every connection has: small writes leave at once, and the kernel asks after a host that has long been silent. */
export function setOptions(handle: Pick<TcpHandle, "setNoDelay" | "setKeepAlive">): void {
  handle.setNoDelay(true);
  handle.setKeepAlive(true, KEEP_ALIVE_SECONDS);
}

/** From now on `server`, which listens, gives its connections to `events`, and makes no sockets of them. */
export function acceptHandles({ TCP }: TcpBinding, server: Server, { onHandle, onFailed }: AcceptEvents): void {
  if (INHERITS) setOptions(listeningHandle(server)!);
  const onAccepted = (handle: TcpHandle) => {
    if (!INHERITS) setOptions(handle);
    onHandle(handle);
  };
  acceptKind(TCP, server, { onHandle: onAccepted, onFailed });
}

/** The same of any kind of handle, such as that of unix sockets. */
export function acceptKind<Kind extends StreamHandle>(
  Handle: new (kind: number) => Kind,
  server: Server,
  events: AcceptEvents<NoInfer<Kind>>,
): void {
  const listener = listeningHandle<ListeningHandle<Kind>>(server)!;
  listener.onconnection = (failure) => {
    const handle = failure === 0 ? new Handle(CONNECTION) : undefined;
    const status = handle === undefined ? failure : listener.accept(handle);
    if (handle !== undefined && status === 0) return events.onHandle(handle);
    handle?.close();
    events.onFailed(systemError("accept", status));
  };
}

/**
 * Connects a handle, which does not read yet.
 *
 * @param address An IP address.
 * @throws If that fails, with the `code` and the `address`, or `signal` aborts first.
 */
export function connectHandle(
  { TCP, TCPConnectWrap }: TcpBinding,
  address: string,
  port: number,
  signal?: AbortSignal,
): Promise<TcpHandle> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const handle = new TCP(CONNECTION);
    const giveUp = () => {
      handle.close();
      reject(signal!.reason);
    };
    const request: Request = new TCPConnectWrap();
    request.oncomplete = (status) => {
      if (signal?.aborted) return;
      signal?.removeEventListener("abort", giveUp);
      if (status === 0) return resolve(handle);
      handle.close();
      reject(Object.assign(systemError("connect", status), { address }));
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    const status = isIPv6(address) ? handle.connect6(request, address, port) : handle.connect(request, address, port);
    if (status !== 0) request.oncomplete(status);
  });
}

/** The other end of a connection; empty if it is over. */
export function peerNameOf(handle: TcpHandle): SocketName {
  const name: SocketName = {};
  handle.getpeername(name);
  return asIPv4(name);
}

/** This end of a connection; empty if it is over. */
export function localNameOf(handle: TcpHandle): SocketName {
  const name: SocketName = {};
  handle.getsockname(name);
  return asIPv4(name);
}

/** A socket of both families knows those of IPv4 as IPv6. */
function asIPv4(name: SocketName): SocketName {
  if (name.address !== undefined) name.address = unmapped(name.address);
  return name;
}
