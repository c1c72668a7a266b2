/**
 * What the servers of a fleet share. Source: `PROTOCOL.md`, "Fleet".
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { badInput } from "../../net/error.ts";
import { labelled } from "../handshake/keys.ts";
import { MAX_TOKEN_BYTES, MIN_FLEET_KEY_BYTES } from "../session_constants.ts";

/** What is derived from one secret of a fleet. */
export interface FleetKey {
  /** Seals tickets and opens them: AES-GCM. */
  readonly tickets: CryptoKey;
  /** Signs what servers say to each other: HMAC-SHA-256. */
  readonly words: CryptoKey;
}

/**
 * Derives the keys of a secret.
 *
 * @param secret Any bytes, such as a line of the key file.
 */
export async function deriveFleetKey(secret: Uint8Array): Promise<FleetKey> {
  const { subtle } = crypto;
  const material = await subtle.importKey("raw", secret as Uint8Array<ArrayBuffer>, "HKDF", false, ["deriveBits"]);
  const derive = (label: string) =>
    subtle.deriveBits(
      { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: labelled(label, new Uint8Array()) },
      material,
      256,
    );
  const [tickets, words] = await Promise.all([derive("fleet tickets"), derive("fleet words")]);
  return {
    tickets: await subtle.importKey("raw", tickets, "AES-GCM", false, ["encrypt", "decrypt"]),
    words: await subtle.importKey("raw", words, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]),
  };
}

/** A key that is not among the present ones any more. */
interface FormerKey {
  readonly key: FleetKey;
  /** Until when it opens tickets, by the clock. */
  readonly untilMs: number;
}

/**
 * The keys of a fleet: the first seals, all open. One that is taken away opens for a while longer, since sessions that
 * are in an outage have tickets of it.
 *
 * @example
 * ```ts
 * import { FleetKeys } from "./fleet_keys.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [former, next] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
 * const keys = await FleetKeys.make([former], { clock: systemClock, keptMs: 60_000 });
 * const sealing = keys.sealing;
 * await keys.renew([next]);
 * assertEquals(keys.opening, [keys.sealing, sealing]);
 * ```
 */
export class FleetKeys {
  readonly #clock: Clock;
  readonly #keptMs: number;
  /** By their secrets, as text; the one that seals comes first. */
  #present: Map<string, FleetKey> = new Map();
  readonly #former: Map<string, FormerKey> = new Map();

  private constructor(clock: Clock, keptMs: number) {
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  /**
   * Keys of these secrets.
   *
   * @param secrets The first one seals.
   * @param options.keptMs How long one that is taken away still opens, in milliseconds.
   * @throws {TeleError} `bad-input` if there is none, or one is too short or too long.
   */
  static async make(
    secrets: readonly Uint8Array[],
    { clock, keptMs }: { clock: Clock; keptMs: number },
  ): Promise<FleetKeys> {
    const keys = new FleetKeys(clock, keptMs);
    await keys.renew(secrets);
    return keys;
  }

  /**
   * From now on, the first of these seals, and all of them open.
   *
   * @throws {TeleError} `bad-input` if there is none, or one is too short or too long; then nothing has changed.
   */
  async renew(secrets: readonly Uint8Array[]): Promise<void> {
    checkFleetSecrets(secrets);
    const named = secrets.map((secret) => [String.fromCharCode(...secret), secret] as const);
    const derived = await Promise.all(
      named.map(async ([name, secret]) => [name, await deriveFleetKey(secret)] as const),
    );
    const former = this.#present;
    this.#present = new Map(derived.map(([name, key]) => [name, former.get(name) ?? key]));
    for (const name of this.#present.keys()) this.#former.delete(name);
    const untilMs = this.#clock.now() + this.#keptMs;
    for (const [name, key] of former) if (!this.#present.has(name)) this.#former.set(name, { key, untilMs });
  }

  /** The one that seals. */
  get sealing(): FleetKey {
    const [first] = this.#present.values();
    return first!;
  }

  /** Those that open, the one that seals first. */
  get opening(): FleetKey[] {
    const now = this.#clock.now();
    for (const [name, { untilMs }] of this.#former) if (untilMs <= now) this.#former.delete(name);
    return [...this.#present.values(), ...[...this.#former.values()].map(({ key }) => key)];
  }
}

/**
 * Checks the secrets of a fleet.
 *
 * @throws {TeleError} `bad-input` if there is none, or one is too short or too long.
 */
export function checkFleetSecrets(secrets: readonly Uint8Array[]): void {
  if (secrets.length === 0) throw badInput("a fleet needs a key");
  for (const { length } of secrets) {
    if (length >= MIN_FLEET_KEY_BYTES && length <= MAX_TOKEN_BYTES) continue;
    const limits = `${MIN_FLEET_KEY_BYTES} to ${MAX_TOKEN_BYTES} bytes`;
    throw badInput(`the key of a fleet has ${limits}, and this one ${length}`);
  }
}
