/**
 * Standard output that waits for its reader, whatever mode it is in.
 *
 * @module
 */
import { Socket } from "node:net";

/** What a process writes to: `Deno.stdout`, or what stands in for it. */
export interface Output {
  /** Writes some of `bytes`, and tells how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Its file descriptor. */
const STDOUT = 1;

/** open(2): of the flags in proc(5)'s `fdinfo`, in octal there. */
const O_NONBLOCK = 0o4000;

/**
 * Standard output.
 *
 * Another process that has the pipe may have set it not to block. Deno's own writes then fail where they would wait,
 * and do not tell how much they wrote: behind a line feed they buffer, so a second try would send bytes twice (Deno
 * 2.9.6). A socket of `node:net` waits on the same descriptor. It is used only where it is needed, since it sets the
 * descriptor not to block for good, for all who share it.
 *
 * Only Linux tells the mode, and Deno only a process with all permissions; elsewhere such a write fails, loudly.
 */
export function standardOutput(): Output {
  if (!isNonBlocking()) return Deno.stdout;
  try {
    return new WaitingOutput();
  } catch {
    // No pipe and no socket: a file, which never makes anybody wait.
    return Deno.stdout;
  }
}

function isNonBlocking(): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${STDOUT}`))?.[1] ?? "0";
    return (parseInt(flags, 8) & O_NONBLOCK) !== 0;
  } catch {
    return false;
  }
}

class WaitingOutput implements Output {
  readonly #socket = new Socket({ fd: STDOUT, readable: false, writable: true });

  constructor() {
    // Each write tells its own failure; without a listener the first would end the process.
    this.#socket.on("error", () => {});
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (error === undefined || error === null) resolve(bytes.length);
        else reject(isBrokenPipe(error) ? new Deno.errors.BrokenPipe(error.message) : error);
      });
    });
  }
}

function isBrokenPipe(error: Error): boolean {
  return (error as { code?: string }).code === "EPIPE";
}
