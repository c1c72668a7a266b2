/**
 * Deals new sessions to the workers of a server: the system deals connections by a hash, whoever has how many.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import type { PassedLayer } from "../handshake/preface.ts";
import { offerOf } from "../handshake/ticket_offer.ts";
import { DEAL_TIMEOUT_MS } from "../session_constants.ts";
import { askOwner } from "./exchange.ts";
import type { FleetKey } from "./fleet_keys.ts";
import { Newcomers } from "./newcomers.ts";
import { askAt, type OwnerReply } from "./owner_place.ts";

/**
 * Other workers that are asked about one session, by one that has room itself: the first that has fewer takes it, and most
 * do where one has many.
 */
const MOST_ASKED_FOR_ONE = 2;

/** New sessions that wait for their turn to be dealt; others stay where they came. So many are even by themselves. */
const MOST_WAITING = 32;

/** Who did not answer is left alone for so long, in milliseconds, and for twice as long each time, up to the most. */
const SILENT_MS = { first: 1_000, most: 60_000 };

/**
 * How many times as many sessions one has that gives some away. Each costs who passes it on, for as long as its carrier
 * lives, so few go: the system deals many nearly evenly by itself. Eight come to two workers as 4 to 4 all the same.
 */
const WORTH_A_SPLICE = 1.25;

/** What a worker says that takes no new session: more than any other has. */
const DRAINS = 0xffff_ffff;

/** The same of one that has as many as it may have: who has no room either takes only what another one would refuse. */
const NO_ROOM = DRAINS - 1;

/** What {@linkcode Dealer} needs. */
export interface DealerOptions {
  /** Time. */
  readonly clock: Clock;
  /** Told where sessions go. */
  readonly log: Log;
  /** The instances of the other workers, as far as this one knows, those that drain among them. */
  siblings(): Promise<readonly Uint8Array[]>;
  /** Connects to one of them, as a fleet does. */
  dial(instance: Uint8Array, signal: AbortSignal): Promise<Duplex | undefined>;
  /** Seals a ticket for what one of them is to have, and tells by which key. */
  ticketFor(instance: Uint8Array, sessionId: Uint8Array): Promise<{ ticket: Uint8Array; key: FleetKey }>;
  /** Sessions that this process has; `undefined` if it takes no new one. */
  sessions(): number | undefined;
  /** Sessions that it may have. */
  limit(): number;
  /** Moves bytes both ways, from now on to the end of both. */
  splice(carrier: Duplex, link: Duplex): void;
  /** From 0 to 1, such as `Math.random()`. */
  random(): number;
}

/**
 * Gives a carrier that begins a new session to another worker, if that has clearly fewer. What was given stays there, so
 * none goes on and on; and only who has more gives, so that no two give to each other. Source: `PROTOCOL.md`, "Workers".
 */
export class Dealer {
  readonly #options: DealerOptions;
  readonly #newcomers: Newcomers;
  /** Those that drain: they never take sessions again. */
  readonly #leaving: Set<string> = new Set();
  /** Those that did not answer: until when they are left alone, and for how long that was. */
  readonly #silent: Map<string, { untilMs: number; ms: number }> = new Map();
  /** The end of the deal before: each is to know what became of those before it. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Nobody has come yet. */
  constructor(options: DealerOptions) {
    this.#options = options;
    this.#newcomers = new Newcomers(options.clock);
  }

  /** Sessions here, and those to come; `undefined` if there are to be no more. */
  get #count(): number | undefined {
    const sessions = this.#options.sessions();
    return sessions === undefined ? undefined : sessions + this.#newcomers.count;
  }

  /** What others are told of that. */
  get #offer(): number {
    const count = this.#count ?? DRAINS;
    return count < this.#options.limit() ? count : Math.max(count, NO_ROOM);
  }

  /** Whether the carrier from there begins a session is decided: it is counted as one from now on, or not at all. */
  decided(peer: string): void {
    this.#newcomers.left(peer);
  }

  /**
   * Gives a carrier to another worker, or keeps it.
   *
   * @param carrier All its bytes, from the first on.
   * @param isGone Whether it was sent away while it waited for its turn.
   * @returns Whether it went; then it belongs to the splice.
   */
  async deal(carrier: Duplex, layer: PassedLayer, isGone: () => boolean): Promise<boolean> {
    if (this.#waiting >= MOST_WAITING) return this.#keep(carrier);
    this.#waiting++;
    const dealt = this.#turn.then(async () =>
      !isGone() && (await this.#giveAway(carrier, layer) || this.#keep(carrier))
    );
    this.#turn = dealt.catch(() => {});
    try {
      return await dealt;
    } finally {
      this.#waiting--;
    }
  }

  /**
   * Another worker offers a session, and has so many itself.
   *
   * @param peer Where its carrier comes from.
   * @returns _Here_ if it is to come, _gone_ if this one has about as many, _away_ if it takes none.
   */
  take(countThere: number, peer: string): "here" | "gone" | "away" {
    const offer = this.#offer;
    if (offer === DRAINS) return "away";
    if (countThere <= Math.min(WORTH_A_SPLICE * offer, NO_ROOM)) return "gone";
    this.#newcomers.came(peer);
    return "here";
  }

  #keep({ peer }: Duplex): false {
    this.#newcomers.came(peer);
    return false;
  }

  async #giveAway(carrier: Duplex, layer: PassedLayer): Promise<boolean> {
    let asked = 0;
    for (const instance of shuffled(await this.#candidates(), this.#options.random)) {
      const count = this.#offer;
      if (count === 0 || asked >= MOST_ASKED_FOR_ONE && count < NO_ROOM) return false;
      const reply = await this.#ask(instance, count, carrier, layer);
      if (reply === undefined) return false;
      if (reply.answer === "here") return this.#give(carrier, reply.link, instance);
      // Once and never again: it does not count.
      if (reply.answer === "away") this.#leaving.add(encodeHex(instance));
      else asked++;
    }
    return false;
  }

  async #candidates(): Promise<readonly Uint8Array[]> {
    if (this.#count === 0) return [];
    const siblings = await this.#options.siblings();
    const there = new Set(siblings.map((instance) => encodeHex(instance)));
    for (const name of [...this.#leaving, ...this.#silent.keys()]) if (!there.has(name)) this.#forget(name);
    const now = this.#options.clock.now();
    const isAsked = (name: string) => !this.#leaving.has(name) && (this.#silent.get(name)?.untilMs ?? -Infinity) <= now;
    return siblings.filter((instance) => isAsked(encodeHex(instance)));
  }

  /** It is over, and no other has its instance. */
  #forget(name: string): void {
    this.#leaving.delete(name);
    this.#silent.delete(name);
  }

  /** Settles with `undefined` if it does not answer. */
  async #ask(
    instance: Uint8Array,
    count: number,
    { peer, peerName, localAddress, localPort }: Duplex,
    layer: PassedLayer,
  ): Promise<OwnerReply | undefined> {
    const { clock, log, dial, ticketFor } = this.#options;
    const name = encodeHex(instance);
    const place = { name, limitMs: DEAL_TIMEOUT_MS, dial: (signal: AbortSignal) => dial(instance, signal) };
    try {
      const { ticket, key } = await ticketFor(instance, offerOf(count));
      const preface = { layer, client: { peer, peerName, localAddress, localPort }, ticket };
      const reply = await askAt(place, clock, (link) => askOwner(link, key, preface));
      this.#silent.delete(name);
      return reply;
    } catch (error) {
      log("debug", `worker ${name} takes no session for now: ${reasonOf(error)}`);
      const ms = Math.min(2 * (this.#silent.get(name)?.ms ?? SILENT_MS.first / 2), SILENT_MS.most);
      this.#silent.set(name, { untilMs: clock.now() + ms, ms });
      return undefined;
    }
  }

  #give(carrier: Duplex, link: Duplex, instance: Uint8Array): true {
    const { log, splice } = this.#options;
    const { peer } = carrier;
    log("debug", `carrier from ${peer}, of a new session, dealt to worker ${encodeHex(instance)}`, { peer });
    splice(carrier, link);
    return true;
  }
}

/** In a random order. Source: Fisher and Yates. */
function shuffled<Value>(values: readonly Value[], random: () => number): Value[] {
  const all = [...values];
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}
