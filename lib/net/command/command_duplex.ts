/**
 * A command's standard input and output as a connection.
 *
 * @module
 */
import type { Duplex } from "../duplex.ts";
import { TeleError } from "../error.ts";
import type { CommandProcess } from "./command_process.ts";
import type { RunningCommand } from "./running_command.ts";

/** Most bytes read at once: a pipe of Linux holds as many. */
const READ_BYTES = 64 * 1024;

/**
 * A {@linkcode Duplex} over the pipes of a command, which ends with it: told to (SIGTERM), and ended if it does not.
 *
 * `closeWrite` closes the command's standard input. The end of its standard output is the peer's end, unless the
 * command has failed, or has ended without a byte: that is an error with its last line on standard error.
 *
 * Reads are into memory of its own: a stream would take away the memory of whoever reads. A write has the caller's
 * memory until the pipe has taken it, or broke: after `close`, when the command has ended.
 */
export class CommandDuplex implements Duplex {
  readonly peer: string;
  readonly medium = "command";
  readonly readsAfterFailedWrite = true;
  readonly #command: RunningCommand;
  readonly #reader: ReadableStreamBYOBReader;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #buffer = new Uint8Array(READ_BYTES);
  #hasSpoken = false;
  #error: Error | undefined;

  /**
   * Takes over the pipes of `process`.
   *
   * @param peer Its name for logs.
   */
  constructor(process: CommandProcess, command: RunningCommand, peer: string) {
    this.peer = peer;
    this.#command = command;
    this.#reader = process.stdout.getReader({ mode: "byob" });
    this.#writer = process.stdin.getWriter();
    // A failure shows in the next read or write; nobody else waits for these.
    this.#reader.closed.catch(() => {});
    this.#writer.closed.catch(() => {});
    this.#writer.ready.catch(() => {});
  }

  async read(into: Uint8Array): Promise<number | null> {
    this.#refuseIfClosed();
    const room = this.#buffer.subarray(0, Math.min(into.length, READ_BYTES));
    const { value, done } = await this.#reader.read(room);
    // Giving a stream up looks like its end.
    this.#refuseIfClosed();
    if (done) return await this.#ended();
    into.set(value);
    this.#buffer = new Uint8Array(value.buffer);
    this.#hasSpoken = true;
    return value.length;
  }

  /** A clean end, unless the command says otherwise. */
  async #ended(): Promise<null> {
    const failure = await this.#command.failure();
    this.#refuseIfClosed();
    if (failure !== undefined) throw new TeleError("carrier-lost", failure);
    if (this.#hasSpoken) return null;
    throw this.#ledNowhere();
  }

  #ledNowhere(): TeleError {
    const end = this.#command.status === undefined ? "closed its standard output" : "ended with exit code 0";
    return new TeleError("carrier-lost", `the command ${end} and wrote nothing to it: is it one that leads there?`);
  }

  /** A pipe that nobody reads any more is broken because the command has ended: why is what matters. */
  async #broken(error: unknown): Promise<unknown> {
    const failure = await this.#command.failure();
    if (failure !== undefined) return new TeleError("carrier-lost", failure, { cause: error });
    return this.#command.status === undefined || this.#hasSpoken ? error : this.#ledNowhere();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#writing(() => this.#writer.write(bytes));
  }

  closeWrite(): Promise<void> {
    return this.#writing(() => this.#writer.close());
  }

  async #writing(action: () => Promise<void>): Promise<void> {
    this.#refuseIfClosed();
    try {
      await action();
      this.#refuseIfClosed();
    } catch (error) {
      this.#refuseIfClosed();
      throw await this.#broken(error);
    }
  }

  abort(): void {
    this.close();
  }

  close(): void {
    if (this.#error !== undefined) return;
    this.#error = new Error("the connection was closed");
    this.#reader.cancel().catch(() => {});
    this.#writer.abort().catch(() => {});
    this.#command.end();
  }

  #refuseIfClosed(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}
