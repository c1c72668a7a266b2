/**
 * A command that is nowhere but in memory.
 *
 * @module
 */
import type { CommandProcess, CommandStatus } from "../../lib/net/command/command_process.ts";

/** A process whose pipes and end the test holds in its hands. */
export class FakeProcess implements CommandProcess {
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<CommandStatus>;
  /** Signals that came. */
  readonly signals: string[] = [];
  /** What was written to it. */
  readonly written: number[] = [];
  /** Whether its standard input was closed. */
  isInputClosed = false;
  /** Whether anything of it is left: it, or what it has started. */
  isThere = true;
  /** What it does about SIGTERM. */
  onTerminate: () => void = () => {};
  /** While set, a write waits for it, as for a pipe that is full. */
  full: Promise<void> | undefined;
  #out!: ReadableByteStreamController;
  #error!: ReadableStreamDefaultController<Uint8Array>;
  readonly #settle: (status: CommandStatus) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<CommandStatus>();
    [this.status, this.#settle] = [promise, resolve];
    this.stdout = new ReadableStream({ type: "bytes", start: (controller) => void (this.#out = controller) });
    this.stderr = new ReadableStream<Uint8Array>({ start: (controller) => void (this.#error = controller) });
    this.stdin = new WritableStream<Uint8Array>({
      write: async (bytes) => {
        await this.full;
        if (!this.isThere) throw new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
        this.written.push(...bytes);
      },
      close: () => void (this.isInputClosed = true),
    });
  }

  /** Writes to standard output. */
  write(text: string): void {
    this.#out.enqueue(new TextEncoder().encode(text));
  }

  /** Writes to standard error. */
  say(text: string): void {
    this.#error.enqueue(new TextEncoder().encode(text));
  }

  /** Ends its standard output. */
  closeOutput(): void {
    this.#out.close();
    this.#out.byobRequest?.respond(0);
  }

  /** Ends, with all that it has started unless `leaves`. Its standard output may have ended before. */
  end(code: number, { signal = null as Deno.Signal | null, leaves = false, hasClosed = false } = {}): void {
    if (!hasClosed) this.closeOutput();
    this.#error.close();
    this.isThere = leaves;
    this.#settle({ success: code === 0, code, signal });
  }

  signal(signal: "SIGTERM" | "SIGKILL"): boolean {
    if (!this.isThere) return false;
    this.signals.push(signal);
    if (signal === "SIGTERM") this.onTerminate();
    return true;
  }
}
