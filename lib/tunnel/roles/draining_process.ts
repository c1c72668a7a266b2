/**
 * SIGQUIT, and the parent's word that others follow, from the start of a process to the end of its draining.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { ServiceManager } from "../service/service_manager.ts";
import type { Running } from "./running.ts";

/** How often a service manager is told what is left, in milliseconds. */
const TELL_EVERY_MS = 5_000;

/** What is drained: a role, or all tunnels of a process. */
export interface Drained extends Pick<Running, "drain" | "leavePorts" | "returnToPorts"> {
  /** User connections that are carried now. */
  readonly connections: () => number;
}

/** Drains what a process runs as soon as it runs, when it was asked to. */
export class DrainingProcess {
  readonly #clock: Clock;
  readonly #over = Promise.withResolvers<string>();
  #isAsked = false;
  #hasLeftPorts = false;
  #drained: Drained | undefined;
  #manager: Pick<ServiceManager, "status"> | undefined;

  /** Nobody has asked. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles with why the process is to end, once it was drained. */
  get over(): Promise<string> {
    return this.#over.promise;
  }

  /** Whether somebody has asked. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** Whether its ports are others'. */
  get hasLeftPorts(): boolean {
    return this.#hasLeftPorts;
  }

  /** This is what runs; `manager` is told what is left, if there is one. */
  runs(drained: Drained, manager: Pick<ServiceManager, "status"> | undefined): void {
    this.#drained = drained;
    this.#manager = manager;
    if (this.#hasLeftPorts) drained.leavePorts?.();
    if (this.#isAsked) this.#begin(drained);
  }

  /** SIGQUIT came. */
  ask(): void {
    const isFirst = !this.#isAsked;
    this.#isAsked = true;
    if (this.#drained === undefined) return;
    if (isFirst) this.#begin(this.#drained);
    else void this.#drained.drain();
  }

  /** Others listen on its ports. */
  leavePorts(): void {
    this.#hasLeftPorts = true;
    this.#drained?.leavePorts?.();
  }

  /**
   * Nobody sees to it any more that others listen on its ports.
   *
   * @throws {TeleError} `bad-input` if it cannot listen there again.
   */
  async returnToPorts(): Promise<void> {
    this.#hasLeftPorts = false;
    await this.#drained?.returnToPorts?.();
  }

  #begin(drained: Drained): void {
    drained.drain().then(this.#over.resolve, this.#over.reject);
    this.#tell(drained);
  }

  /** There is no end of it but that of the process. */
  #tell(drained: Drained): void {
    if (this.#manager === undefined) return;
    this.#manager.status(`draining: takes nothing new; connections left: ${drained.connections()}`);
    this.#clock.setTimer(() => this.#tell(drained), TELL_EVERY_MS);
  }
}
