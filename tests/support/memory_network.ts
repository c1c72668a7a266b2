/**
 * A listener in memory and the way to it, which answers, refuses or swallows.
 *
 * @module
 */
import type { Duplex } from "../../lib/net/duplex.ts";
import { type MemoryPipe, memoryPipe, type MemoryPipeOptions } from "./memory_pipe.ts";

/** What dialing meets: an answer, an RST, or nothing at all. */
export type NetworkState = "up" | "refusing" | "unreachable";

/**
 * A listener and the way to it.
 *
 * @example
 * ```ts
 * const network = new MemoryNetwork({ clock, onConnection: (duplex) => server.accept(duplex) });
 * const session = connect({ dial: network.dial, clock });
 * network.state = "unreachable";
 * network.blackHole();
 * ```
 */
export class MemoryNetwork {
  /** All pipes ever made, oldest first. */
  readonly pipes: MemoryPipe[] = [];
  /** Calls of {@linkcode MemoryNetwork.dial}, answered or not. */
  dials = 0;
  /** Called with each new pipe before either end is used, to plan its fate. */
  onPipe: (pipe: MemoryPipe, index: number) => void = () => {};
  /** The address that the next connections leave from. */
  localAddress: string | undefined;
  readonly #options: MemoryPipeOptions;
  readonly #onConnection: (duplex: Duplex) => void;
  #state: NetworkState = "up";
  #waiting = new Set<() => void>();

  constructor({ onConnection, ...options }: MemoryPipeOptions & { onConnection(duplex: Duplex): void }) {
    this.#options = options;
    this.localAddress = options.localAddress;
    this.#onConnection = onConnection;
  }

  get state(): NetworkState {
    return this.#state;
  }

  /** Changes what dialing meets. Dials that wait for an answer get it when the network is no longer unreachable. */
  set state(state: NetworkState) {
    this.#state = state;
    if (state === "unreachable") return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const retry of waiting) retry();
  }

  /** The newest pipe. */
  get last(): MemoryPipe | undefined {
    return this.pipes.at(-1);
  }

  /** Connects; bound, so that it can be handed over. */
  readonly dial = (signal?: AbortSignal): Promise<Duplex> => {
    this.dials++;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(attempt);
        reject(signal!.reason);
      };
      const attempt = () => {
        if (signal?.aborted) return onAbort();
        if (this.#state === "unreachable") return void this.#waiting.add(attempt);
        signal?.removeEventListener("abort", onAbort);
        if (this.#state === "refusing") return reject(new Deno.errors.ConnectionRefused("connection refused"));
        resolve(this.#connect());
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const delayMs = (this.#options.delayMs ?? 0) * 2;
      if (delayMs > 0) this.#options.clock!.setTimer(attempt, delayMs);
      else attempt();
    });
  };

  /** Cuts all pipes. */
  cut(): void {
    for (const pipe of this.pipes) {
      if (!pipe.isOver) pipe.cut();
    }
  }

  /** Turns all pipes there are into black holes. New ones depend on {@linkcode MemoryNetwork.state}. */
  blackHole(): void {
    for (const pipe of this.pipes) pipe.blackHole();
  }

  #connect(): Duplex {
    const index = this.pipes.length;
    const pipe = memoryPipe({
      ...this.#options,
      localAddress: this.localAddress,
      seed: (this.#options.seed ?? 1) + index * 7919,
    });
    this.pipes.push(pipe);
    this.onPipe(pipe, index);
    this.#onConnection(pipe.b);
    return pipe.a;
  }
}
