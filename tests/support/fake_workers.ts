/**
 * Workers without processes: a test says when each one listens, and how it ends.
 *
 * @module
 */
import type { LogLevel } from "../../lib/net/log.ts";
import type { WorkerPlace } from "../../lib/tunnel/workers/worker.ts";
import type { WorkerEnd, WorkerProcess, WorkerReady } from "../../lib/tunnel/workers/worker_process.ts";
import { FakeClock } from "./fake_clock.ts";

/** A process that does what the test says. */
export class FakeWorker implements WorkerProcess {
  readonly place: WorkerPlace;
  /** The signals that it got. */
  readonly signals: Deno.Signal[] = [];
  /** Whether it was told that others listen, and not yet that those end as well. */
  hasLeftPorts = false;
  readonly #ready = Promise.withResolvers<WorkerReady | undefined>();
  readonly #ended = Promise.withResolvers<WorkerEnd>();

  constructor(place: WorkerPlace) {
    this.place = place;
  }

  get ready(): Promise<WorkerReady | undefined> {
    return this.#ready.promise;
  }

  get ended(): Promise<WorkerEnd> {
    return this.#ended.promise;
  }

  /** SIGKILL ends it, as it does everybody. */
  signal(name: Deno.Signal): void {
    this.signals.push(name);
    if (name === "SIGKILL") this.end({ code: 137, signal: "SIGKILL" });
  }

  leavePorts(): void {
    this.hasLeftPorts = true;
  }

  returnToPorts(): void {
    this.hasLeftPorts = false;
  }

  /** It listens. */
  listen(): void {
    const { number, generation } = this.place;
    this.#ready.resolve({ readyLine: `ready ${number} of ${generation}`, listens: [":40300"] });
  }

  /** It ends. */
  end(end: Partial<WorkerEnd> = {}): void {
    this.#ended.resolve({ code: 0, signal: null, ...end });
    this.#ready.resolve(undefined);
  }
}

/** The processes of a parent, its clock, and what it logs. */
export class FakeWorkers {
  readonly clock = new FakeClock();
  /** All processes, in the order in which they were started. */
  readonly started: FakeWorker[] = [];
  readonly lines: string[] = [];
  /** What the next start throws. */
  fault: Error | undefined;

  readonly log = (level: LogLevel, message: string): void => void this.lines.push(`${level} ${message}`);

  readonly start = (place: WorkerPlace): Promise<WorkerProcess> => {
    if (this.fault !== undefined) return Promise.reject(this.fault);
    const worker = new FakeWorker(place);
    this.started.push(worker);
    return Promise.resolve(worker);
  };

  /** The process that was started last. */
  get last(): FakeWorker {
    return this.started.at(-1)!;
  }
}
