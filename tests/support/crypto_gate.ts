/**
 * Calls of WebCrypto that end in the order that a test wants.
 *
 * @module
 */
import { assert } from "@std/assert";

/** Holds back calls of one WebCrypto function, since the order in which they end is anyone's guess. */
export class CryptoGate implements Disposable {
  /** Calls so far, held or not. */
  calls = 0;
  readonly #name: "sign" | "verify";
  readonly #original: (...args: unknown[]) => Promise<unknown>;
  readonly #held = new Map<number, () => void>();

  /** @param holds Whether to hold the call of this number, the first being 0. */
  constructor(name: "sign" | "verify", holds: (call: number) => boolean) {
    const prototype = SubtleCrypto.prototype as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const original = this.#original = prototype[this.#name = name];
    // deno-lint-ignore no-this-alias
    const gate = this;
    prototype[name] = async function (this: SubtleCrypto, ...args: unknown[]) {
      const call = gate.calls++;
      if (holds(call)) await new Promise<void>((resolve) => gate.#held.set(call, resolve));
      return await original.apply(this, args);
    };
  }

  /** Numbers of the calls that are held now. */
  get held(): number[] {
    return [...this.#held.keys()];
  }

  release(call: number): void {
    const resolve = this.#held.get(call);
    assert(resolve !== undefined, `call ${call} is not held`);
    this.#held.delete(call);
    resolve();
  }

  [Symbol.dispose](): void {
    (SubtleCrypto.prototype as unknown as Record<string, unknown>)[this.#name] = this.#original;
    for (const call of this.held) this.release(call);
  }
}
