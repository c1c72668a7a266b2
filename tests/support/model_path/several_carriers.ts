/**
 * A path of the model with a quiet carrier and some for bulk.
 *
 * @module
 */
import { PathBound } from "../../../lib/session/path/path_bound.ts";
import type { Flight } from "../../../lib/session/path/flight.ts";
import { Random } from "../random.ts";
import { BulkCarrier } from "./bulk_carrier.ts";
import { Cubic } from "./congestion.ts";
import { Events } from "./events.ts";
import { type PathSettings, Router } from "./router.ts";
import { ModelTcp } from "./tcp.ts";

/** Bytes of a probe, of a key and of their headers. */
const SMALL_BYTES = 100;

/** Bulk begins after this, in milliseconds. */
const FIRST_BULK_MS = 500;

/** What was seen in a span. */
export interface Seen {
  /** Bytes that arrived in order, as a share of what the path carries. */
  used: number;
  /** Round trips of keys: half of them less than this, and 99 of 100, in milliseconds. */
  echoMs: number;
  mostEchoMs: number;
}

/** Bulk on several carriers, keys and probes on another. */
export class SeveralCarriers {
  readonly events = new Events();
  readonly bound = new PathBound({ othersFollow: true });
  readonly router: Router;
  readonly #bulk: { carrier: BulkCarrier; flight: Flight }[] = [];
  readonly #quiet: { tcp: ModelTcp; flight: Flight };
  readonly #waiting: { end: number; ms: number; isProbe: boolean }[] = [];
  #echoesMs: number[] = [];

  constructor(
    readonly path: PathSettings,
    readonly control: "cubic" | "bbr",
    count: number,
    seed = 1,
    readonly keyMs = 20,
  ) {
    this.router = new Router(this.events, path, new Random(seed));
    const flight = this.bound.join();
    const on = { arrived: () => this.#onQuiet(), room() {} };
    this.#quiet = { tcp: new ModelTcp(this.router, new Cubic(), 1 << 20, on), flight };
    // Each carrier begins with a probe; bulk begins later.
    this.#send(true);
    this.#type();
    this.events.after(FIRST_BULK_MS, () => {
      for (let number = 0; number < count; number++) this.addCarrier();
    });
  }

  /** One more for bulk. */
  addCarrier(): void {
    const flight = this.bound.join();
    const carrier = new BulkCarrier(this.router, this.control, flight, () => this.#fill());
    this.#bulk.push({ carrier, flight });
    this.#fill();
  }

  /** Lets time pass, and tells what was seen. */
  measure(ms: number): Seen {
    const before = this.#arrived;
    this.#echoesMs = [];
    this.events.runUntil(this.events.now + ms);
    const echoes = this.#echoesMs.sort((a, b) => a - b);
    return {
      used: (this.#arrived - before) / (ms * this.path.bytesPerMs),
      echoMs: echoes[Math.floor(echoes.length / 2)] ?? Infinity,
      mostEchoMs: echoes[Math.floor(echoes.length * 0.99)] ?? Infinity,
    };
  }

  get #arrived(): number {
    return this.#bulk.reduce((sum, { carrier }) => sum + carrier.arrived, 0);
  }

  /** Each piece goes where it is there first: what is in flight there, by its rate. */
  #fill(): void {
    const soonMs = ({ flight }: { flight: Flight }) => {
      const rate = flight.rateBytesPerMs || 65_536 / (this.bound.lowestRoundTripMs || 50);
      return (flight.inFlight + 65_536) / rate;
    };
    for (;;) {
      const able = this.#bulk.filter(({ carrier, flight }) => flight.room() >= 1_024 && !carrier.waits);
      if (able.length === 0) return;
      const best = able.reduce((one, other) => soonMs(other) < soonMs(one) ? other : one);
      if (!best.carrier.write()) continue;
    }
  }

  #type(): void {
    this.#send(false);
    if (this.bound.isProbeDue(this.events.now)) {
      this.bound.onProbe(this.events.now);
      this.#send(true);
    }
    this.events.after(this.keyMs, () => this.#type());
  }

  #send(isProbe: boolean): void {
    const { tcp } = this.#quiet;
    this.#waiting.push({ end: tcp.written + SMALL_BYTES, ms: this.events.now, isProbe });
    tcp.write(SMALL_BYTES);
  }

  #onQuiet(): void {
    const { tcp, flight } = this.#quiet;
    const cameMs = this.events.now;
    while (this.#waiting.length > 0 && this.#waiting[0].end <= tcp.arrived) {
      const { ms, isProbe } = this.#waiting.shift()!;
      this.events.at(this.router.back(cameMs), () => {
        const nowMs = this.events.now, roundTripMs = nowMs - ms;
        if (isProbe) flight.onAnswer({ nowMs, roundTripMs, cameMs });
        else this.#echoesMs.push(roundTripMs);
        this.#fill();
      });
    }
  }
}
