/**
 * What TCP lets be under way: CUBIC (RFC 9438) and BBR (draft-cardwell-iccrg-bbr-congestion-control), kept simple.
 *
 * @module
 */

/** Bytes of a packet's data. */
export const PACKET_BYTES = 1448;

const FIRST_WINDOW = 10 * PACKET_BYTES;

/** What one acknowledged packet tells. */
export interface PacketAck {
  nowMs: number;
  bytes: number;
  roundTripMs: number;
  /** Bytes under way before it was acknowledged. */
  inFlight: number;
  /** Bytes per millisecond from when it was sent on. */
  bytesPerMs: number;
  /** The sender had nothing to send. */
  isLimited: boolean;
  /** The first packet that was sent when the round began is acknowledged. */
  endsRound: boolean;
}

/** A way to control congestion. */
export interface Congestion {
  /** Bytes that may be under way. */
  readonly window: number;
  /** Bytes per millisecond at which packets leave. */
  readonly pace: number;
  acknowledged(ack: PacketAck): void;
  /** A packet was lost that was sent at this time. */
  lost(nowMs: number, sentMs: number): void;
}

/** Grows by a cubic function of the time since the last loss. */
export class Cubic implements Congestion {
  window = FIRST_WINDOW;
  readonly pace = Infinity;
  #threshold = Infinity;
  #most = 0;
  #epochMs = -1;
  #reduced = -Infinity;
  #lowestMs = Infinity;
  #reno = 0;

  acknowledged({ nowMs, bytes, roundTripMs, inFlight }: PacketAck): void {
    this.#lowestMs = Math.min(this.#lowestMs, roundTripMs);
    if (this.window < this.#threshold) {
      if (this.window < 2 * inFlight) this.window += bytes;
      // HyStart (RFC 9406): slow start ends with the first sign of a queue.
      if (roundTripMs > this.#lowestMs + Math.min(16, Math.max(4, this.#lowestMs / 8))) this.#threshold = this.window;
      return;
    }
    if (inFlight < this.window - 2 * PACKET_BYTES) return;
    if (this.#epochMs < 0) {
      this.#epochMs = nowMs;
      this.#most = Math.max(this.#most, this.window);
      this.#reno = this.window;
    }
    const packets = this.#most / PACKET_BYTES;
    const seconds = (nowMs - this.#epochMs + roundTripMs) / 1_000;
    const target = PACKET_BYTES * (0.4 * (seconds - Math.cbrt(packets * 0.3 / 0.4)) ** 3 + packets);
    this.#reno += 0.53 * PACKET_BYTES * bytes / this.window;
    if (target > this.window) this.window += Math.min((target - this.window) * bytes / this.window, bytes / 2);
    this.window = Math.max(this.window, this.#reno);
  }

  lost(nowMs: number, sentMs: number): void {
    if (sentMs < this.#reduced) return;
    this.#reduced = nowMs;
    this.#most = this.window;
    this.window = this.#threshold = Math.max(2 * PACKET_BYTES, this.window * 0.7);
    this.#epochMs = -1;
  }
}

const CYCLE = [1.25, 0.75, 1, 1, 1, 1, 1, 1];

/** Takes loss for nothing: a path is its rate and its lowest round trip. */
export class Bbr implements Congestion {
  #rates: number[] = [0];
  #lowestMs = Infinity;
  #lowestAtMs = 0;
  #phase: "startup" | "drain" | "probe" | "lowest" = "startup";
  #fullRate = 0;
  #fullRounds = 0;
  #cycle = 0;
  #phaseMs = 0;

  get #rate(): number {
    return Math.max(...this.#rates);
  }

  get window(): number {
    if (this.#phase === "lowest") return 4 * PACKET_BYTES;
    if (this.#rate === 0) return FIRST_WINDOW;
    return Math.max(4 * PACKET_BYTES, (this.#phase === "startup" ? 2.89 : 2) * this.#rate * this.#lowestMs);
  }

  get pace(): number {
    if (this.#rate === 0) return Infinity;
    const gain = this.#phase === "startup" ? 2.89 : this.#phase === "drain" ? 0.35 : CYCLE[this.#cycle];
    return this.#phase === "lowest" ? this.#rate : gain * this.#rate;
  }

  acknowledged(ack: PacketAck): void {
    const { nowMs, roundTripMs, bytesPerMs, isLimited, endsRound, inFlight } = ack;
    const newest = this.#rates.length - 1;
    if (!isLimited || bytesPerMs > this.#rate) this.#rates[newest] = Math.max(this.#rates[newest], bytesPerMs);
    const isExpired = nowMs - this.#lowestAtMs > 10_000;
    if (roundTripMs <= this.#lowestMs || (isExpired && this.#phase === "lowest")) {
      this.#lowestMs = roundTripMs;
      this.#lowestAtMs = nowMs;
    }
    if (endsRound) this.#round(isLimited);
    if (this.#phase === "drain" && inFlight <= this.#rate * this.#lowestMs) this.#enter("probe", nowMs);
    if (this.#phase === "probe" && nowMs - this.#phaseMs > this.#lowestMs) {
      this.#cycle = (this.#cycle + 1) % CYCLE.length;
      this.#phaseMs = nowMs;
    }
    if (isExpired && this.#phase === "probe") this.#enter("lowest", nowMs);
    if (this.#phase === "lowest" && nowMs - this.#phaseMs > 200 + this.#lowestMs) this.#enter("probe", nowMs);
  }

  lost(): void {}

  #round(isLimited: boolean): void {
    if (!isLimited) this.#rates.push(0);
    if (this.#rates.length > 10) this.#rates.shift();
    if (this.#phase !== "startup" || isLimited) return;
    if (this.#rate > 1.25 * this.#fullRate) {
      this.#fullRate = this.#rate;
      this.#fullRounds = 0;
    } else if (++this.#fullRounds === 3) this.#phase = "drain";
  }

  #enter(phase: "probe" | "lowest", nowMs: number): void {
    this.#phase = phase;
    this.#phaseMs = nowMs;
    this.#cycle = 2;
  }
}
