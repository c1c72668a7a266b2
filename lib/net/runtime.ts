/**
 * What is asked of the runtime's insides, all in one place: the handles beneath `node:net` and `node:tls`, as in
 * Node.js, and how they answer. None of it is documented, so whoever raises the runtime's version looks here first.
 *
 * @module
 */
import type { Server, Socket } from "node:net";
import process from "node:process";
import type { TLSSocket } from "node:tls";
import { getSystemErrorName } from "node:util";

/** A write or a shutdown that was asked of a handle. */
export interface Request {
  /** Called when it is done, unless that was at once: with 0, or a negative error number. */
  oncomplete(status: number): void;
  /** What it sends, kept from the garbage collector for as long as the runtime has the request; Node.js does the same. */
  buffer?: Uint8Array;
}

/** The requests, and where handles tell what a call has done. */
export interface StreamBinding {
  /** Makes a request to write. */
  readonly WriteWrap: new () => Request;
  /** Makes a request to end this direction. */
  readonly ShutdownWrap: new () => Request;
  /** What the last call of any handle has done, by the indices below. */
  readonly streamBaseState: Int32Array;
  /** Index of the bytes read, or of a negative error number. */
  readonly kReadBytesOrError: number;
  /** Index of whether the write has to wait. */
  readonly kLastWriteWasAsync: number;
}

/** What is needed of the handle of any connection, as in Node.js; `useUserBuffer` is Deno's. */
export interface StreamHandle {
  /** Called when bytes, the end or a failure have come. */
  onread(): void;
  /** The next bytes go into `buffer`. */
  useUserBuffer(buffer: Uint8Array): void;
  /** Begins to read; returns 0 or a negative error number. */
  readStart(): number;
  /** Reads no more for now. */
  readStop(): number;
  /** Writes `bytes`, which it borrows while that waits; returns 0 or a negative error number. */
  writeBuffer(request: Request, bytes: Uint8Array): number;
  /** Ends this direction; returns 0 or a negative error number. */
  shutdown(request: Request): number;
  /** Ends both directions, and the handle. */
  close(): void;
}

/** What is needed of a TCP handle besides; `takeStream` is Deno's. */
export interface TcpHandle extends StreamHandle {
  /** Sends RST. */
  reset(): number;
  /** Moves the connection out of the handle; returns its number among the runtime's resources. */
  takeStream(): number;
  /** Connects to an address of IPv4; returns 0, and then the request is told, or a negative error number. */
  connect(request: Request, address: string, port: number): number;
  /** The same for IPv6. */
  connect6(request: Request, address: string, port: number): number;
  /** Tells who is at the other end; returns 0 or a negative error number. */
  getpeername(into: SocketName): number;
  /** The same of this end. */
  getsockname(into: SocketName): number;
  /** Whether small writes leave at once. */
  setNoDelay(isOn: boolean): number;
  /** Whether the kernel asks after a silent peer, and after how many seconds. */
  setKeepAlive(isOn: boolean, afterSeconds: number): number;
}

/** What is needed of the handle of a unix socket besides. */
export interface PipeHandle extends StreamHandle {
  /** Connects to the socket at `path`; returns 0, and then the request is told, or a negative error number. */
  connect(request: Request, path: string): number;
}

/** An end of a connection; empty where it is not known. */
export interface SocketName {
  /** The address. */
  address?: string;
  /** The port. */
  port?: number;
}

/** What TCP takes: the handles and requests of it, beside those of streams. */
export interface TcpBinding extends StreamBinding {
  /** Makes a handle of a connection, for {@linkcode CONNECTION}. */
  readonly TCP: new (kind: number) => TcpHandle;
  /** Makes a request to connect. */
  readonly TCPConnectWrap: new () => Request;
}

/** What unix sockets take: the handles and requests of them, beside those of streams. */
export interface PipeBinding extends StreamBinding {
  /** Makes a handle of a connection, for {@linkcode CONNECTION}. */
  readonly Pipe: new (kind: number) => PipeHandle;
  /** Makes a request to connect. */
  readonly PipeConnectWrap: new () => Request;
}

/** The kind of handle that is a connection, and does not listen. */
export const CONNECTION = 0;

const STREAM_METHODS = ["useUserBuffer", "readStart", "readStop", "writeBuffer", "shutdown", "close"] as const;

const TCP_METHODS: (keyof TcpHandle)[] = [
  ...STREAM_METHODS,
  "reset",
  "takeStream",
  "connect",
  "connect6",
  "getpeername",
  "getsockname",
  "setNoDelay",
  "setKeepAlive",
];

const PIPE_METHODS: (keyof PipeHandle)[] = [...STREAM_METHODS, "connect"];

/** The end of what the peer sends, in place of a count of bytes; the same on every system. */
export const END_OF_FILE: number = -4095;

/**
 * Whether `node:net` and `node:tls` of that Deno do what is needed here: 2.9 and later. On 2.6.8 a reset sends FIN.
 *
 * @example
 * ```ts
 * import { isNodeSound } from "./runtime.ts";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isNodeSound("2.9.0"));
 * assertFalse(isNodeSound("2.6.8"));
 * ```
 */
export function isNodeSound(version: string = Deno.version.deno): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 9);
}

/** The binding for streams. Whether it is whole is for the caller to see. */
export function streamBinding(): StreamBinding {
  return binding("stream_wrap") as StreamBinding;
}

/** The binding for TCP, if this runtime has all of it and of {@linkcode TcpHandle}. */
export function tcpBinding(): TcpBinding | undefined {
  return ifWhole((streams) => {
    const { TCP, TCPConnectWrap } = binding("tcp_wrap") as Pick<TcpBinding, "TCP" | "TCPConnectWrap">;
    return hasAll(TCP, TCP_METHODS) && typeof TCPConnectWrap === "function"
      ? { ...streams, TCP, TCPConnectWrap }
      : undefined;
  });
}

/** The binding for unix sockets, if this runtime has all of it and of {@linkcode PipeHandle}: not on Windows. */
export function pipeBinding(): PipeBinding | undefined {
  if (Deno.build.os === "windows") return undefined;
  return ifWhole((streams) => {
    const { Pipe, PipeConnectWrap } = binding("pipe_wrap") as Pick<PipeBinding, "Pipe" | "PipeConnectWrap">;
    return hasAll(Pipe, PIPE_METHODS) && typeof PipeConnectWrap === "function"
      ? { ...streams, Pipe, PipeConnectWrap }
      : undefined;
  });
}

function ifWhole<Binding>(find: (streams: StreamBinding) => Binding | undefined): Binding | undefined {
  if (!isNodeSound()) return undefined;
  try {
    const streams = streamBinding();
    const isWhole = typeof streams.WriteWrap === "function" && typeof streams.ShutdownWrap === "function" &&
      streams.streamBaseState instanceof Int32Array && streams.kLastWriteWasAsync >= 0 &&
      streams.kReadBytesOrError >= 0;
    return isWhole ? find(streams) : undefined;
  } catch {
    return undefined;
  }
}

function hasAll<Handle>(kind: new (kind: number) => Handle, methods: readonly (keyof Handle)[]): boolean {
  return methods.every((name) => typeof kind.prototype[name] === "function");
}

function binding(name: string): unknown {
  return (process as unknown as { binding(name: string): unknown }).binding(name);
}

/**
 * Takes the handle out of its socket, which from then on does nothing any more.
 *
 * The handle knows its socket as well, by a symbol of the runtime's own. It forgets it: else each connection would keep a
 * socket, its listeners and its two buffers' states, which is as much memory as all that tele knows of it.
 */
export function takeHandle(socket: Socket): TcpHandle {
  const holder = socket as unknown as { _handle: (TcpHandle & Record<symbol, unknown>) | null };
  const handle = holder._handle!;
  holder._handle = null;
  for (const symbol of Object.getOwnPropertySymbols(handle)) {
    if (handle[symbol] === socket) handle[symbol] = null;
  }
  return handle;
}

/** A failure of a handle as `node:net` words it, with its `code`. */
export function systemError(call: string, status: number): Error {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`${call} ${code}`), { code });
}

/** The handle of a server that listens, for connections of one kind of handle. */
export interface ListeningHandle<Handle> {
  /** Listens, also once more; returns 0 or a negative error number. */
  listen(backlog: number): number;
  /** Called when a connection waits to be accepted, or with a negative error number. */
  onconnection(status: number): void;
  /** Takes a connection that waits into `handle`; returns 0 or a negative error number. */
  accept(handle: Handle): number;
}

/** One of TCP. What is accepted later has its options, where it inherits them. */
export interface TcpListeningHandle
  extends ListeningHandle<TcpHandle>, Pick<TcpHandle, "setNoDelay" | "setKeepAlive"> {}

/** The handle of a server that listens, if there is one. */
export function listeningHandle<Handle = TcpListeningHandle>(server: Server): Handle | undefined {
  return (server as unknown as { _handle?: Handle })._handle;
}

/** The code of what the runtime found wrong with the peer's certificate, at a server whose handshake is done. */
export function verifyErrorOf(socket: TLSSocket): string | undefined {
  // In Node.js an error or null, in Deno its code or an empty string; `authorizationError` is set only by `tls.Server`.
  const { ssl } = socket as unknown as { ssl: { verifyError(): string | { code: string } | null } };
  const error = ssl.verifyError();
  if (error === null || error === "") return undefined;
  return typeof error === "string" ? error : error.code;
}
