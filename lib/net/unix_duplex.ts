/**
 * Unix sockets, on what lies beneath `node:net`, as TCP is: a process with `Deno.Conn`s beside handles pays for both at
 * each message, and workers talk to each other by unix sockets.
 *
 * @module
 */
import type { Server } from "node:net";
import { formatAddress } from "./address.ts";
import { HandleDuplex } from "./handle_duplex.ts";
import { CONNECTION, pipeBinding, type PipeHandle, type Request, systemError } from "./runtime.ts";
import { acceptKind } from "./tcp_connections.ts";

const streams = pipeBinding();

/** Whether the runtime has what {@linkcode UnixDuplex} needs; else unix sockets are `Deno.Conn`s. */
export function hasUnixDuplex(): boolean {
  return streams !== undefined;
}

/**
 * A {@linkcode Duplex} over the handle of a unix socket. There is no RST: after an `abort` the peer sees the end, and fails
 * if it had sent what was not read (unix(7)).
 *
 * @example
 * ```ts ignore
 * import { UnixDuplex } from "./unix_duplex.ts";
 *
 * const duplex = await UnixDuplex.connect("/run/example.sock");
 * await duplex.closeWrite();
 * ```
 */
export class UnixDuplex extends HandleDuplex {
  /** See {@linkcode Duplex.peer}. */
  override readonly peer: string;

  private constructor(handle: PipeHandle, path: string) {
    super(handle, streams!);
    this.peer = formatAddress({ kind: "unix", path });
  }

  /** Takes over all connections of `server`, which listens at `path`; what cannot be accepted is told. */
  static acceptAll(
    server: Server,
    path: string,
    onDuplex: (duplex: UnixDuplex) => void,
    onFailed: (error: Error) => void,
  ): void {
    // Who comes has no address: it is named after the socket that it came to.
    acceptKind(streams!.Pipe, server, { onHandle: (handle) => onDuplex(new UnixDuplex(handle, path)), onFailed });
  }

  /**
   * Connects to the socket at `path`.
   *
   * @throws If that fails, with the `code` of the system.
   */
  static connect(path: string): Promise<UnixDuplex> {
    const { Pipe, PipeConnectWrap } = streams!;
    return new Promise((resolve, reject) => {
      const handle = new Pipe(CONNECTION);
      const request: Request = new PipeConnectWrap();
      request.oncomplete = (status) => {
        if (status === 0) return resolve(new UnixDuplex(handle, path));
        handle.close();
        reject(systemError("connect", status));
      };
      const status = handle.connect(request, path);
      if (status !== 0) request.oncomplete(status);
    });
  }

  /** There is no other way to end it. */
  protected override resetHandle(): void {
    this.closeHandle();
  }
}
