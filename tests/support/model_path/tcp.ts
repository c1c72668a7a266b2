/**
 * One direction of a TCP connection: packets, loss and repair, and what comes out in order at the far end.
 *
 * @module
 */
import { type Congestion, PACKET_BYTES } from "./congestion.ts";
import type { Router } from "./router.ts";

/** The least time after which a packet with nothing behind it is sent again, in milliseconds. */
const LEAST_TIMEOUT_MS = 200;

interface Packet {
  from: number;
  end: number;
  sentMs: number;
  deliveredBefore: number;
  deliveredBeforeMs: number;
  isLimited: boolean;
}

/** A connection whose sender hands over bytes by their number, and whose receiver gets them in order. */
export class ModelTcp {
  /** Bytes that the sender handed over. */
  written = 0;
  /** Bytes that the receiver has in order. */
  arrived = 0;
  #next = 0;
  #acknowledged = 0;
  #inFlight = 0;
  #delivered = 0;
  #deliveredMs = 0;
  #roundEnd = 0;
  #smoothedMs = 0;
  #lost: Packet[] = [];
  /** Pieces that came early: where they begin → where they end. */
  readonly #early = new Map<number, number>();
  #paceMs = 0;
  #isPaced = false;

  constructor(
    readonly router: Router,
    readonly congestion: Congestion,
    readonly bufferBytes: number,
    readonly on: { arrived(): void; room(): void },
  ) {}

  /** Bytes that the sender may hand over now. */
  get free(): number {
    return this.bufferBytes - (this.written - this.#acknowledged);
  }

  /** Hands bytes over. */
  write(bytes: number): void {
    this.written += bytes;
    this.#push();
  }

  #push(): void {
    const { events } = this.router;
    for (;;) {
      if (this.#inFlight + PACKET_BYTES > this.congestion.window) return;
      if (this.#lost.length === 0 && this.#next === this.written) return;
      if (this.#paceMs > events.now) return this.#pushLater();
      this.#sendOne();
    }
  }

  #pushLater(): void {
    if (this.#isPaced) return;
    this.#isPaced = true;
    this.router.events.at(this.#paceMs, () => {
      this.#isPaced = false;
      this.#push();
    });
  }

  #sendOne(): void {
    const { events } = this.router;
    const again = this.#lost.shift();
    const from = again?.from ?? this.#next;
    const end = again?.end ?? Math.min(this.written, from + PACKET_BYTES);
    if (again === undefined) this.#next = end;
    if (this.#inFlight === 0) this.#deliveredMs = events.now;
    this.#inFlight += end - from;
    this.#paceMs = Math.max(this.#paceMs, events.now - 1) + (end - from) / this.congestion.pace;
    this.#send({
      from,
      end,
      sentMs: events.now,
      deliveredBefore: this.#delivered,
      deliveredBeforeMs: this.#deliveredMs,
      isLimited: this.#next === this.written && this.#inFlight + PACKET_BYTES <= this.congestion.window,
    });
  }

  #send(packet: Packet): void {
    const { router } = this;
    const { events, path } = router;
    const queueMs = router.queueMs;
    const arrivesMs = router.send(packet.end - packet.from);
    if (arrivesMs !== undefined) return events.at(arrivesMs, () => this.#arrive(packet));
    // Packets behind it tell of the loss a quarter of a round trip late (RACK, RFC 8985); without any, a timer does.
    const toldMs = router.back(events.now + queueMs + path.roundTripMs / 2);
    events.at(toldMs + path.roundTripMs / 4, () => {
      if (this.#next > packet.end) this.#lose(packet);
      else events.after(Math.max(LEAST_TIMEOUT_MS, this.#smoothedMs), () => this.#lose(packet));
    });
  }

  #lose(packet: Packet): void {
    this.#inFlight -= packet.end - packet.from;
    this.#lost.push(packet);
    this.congestion.lost(this.router.events.now, packet.sentMs);
    this.#push();
  }

  #arrive(packet: Packet): void {
    const before = this.arrived;
    this.#early.set(packet.from, packet.end);
    for (let end; (end = this.#early.get(this.arrived)) !== undefined;) {
      this.#early.delete(this.arrived);
      this.arrived = end;
    }
    const upTo = this.arrived, { events } = this.router;
    events.at(this.router.back(events.now), () => this.#onAck(packet, upTo));
    if (upTo > before) this.on.arrived();
  }

  #onAck(packet: Packet, upTo: number): void {
    const nowMs = this.router.events.now, bytes = packet.end - packet.from;
    const roundTripMs = nowMs - packet.sentMs;
    this.#smoothedMs += (roundTripMs - this.#smoothedMs) / (this.#smoothedMs === 0 ? 1 : 8);
    this.#delivered += bytes;
    this.#deliveredMs = nowMs;
    const endsRound = packet.deliveredBefore >= this.#roundEnd;
    if (endsRound) this.#roundEnd = this.#delivered;
    this.congestion.acknowledged({
      nowMs,
      bytes,
      roundTripMs,
      inFlight: this.#inFlight,
      bytesPerMs: (this.#delivered - packet.deliveredBefore) / Math.max(0.1, nowMs - packet.deliveredBeforeMs),
      isLimited: packet.isLimited,
      endsRound,
    });
    this.#inFlight -= bytes;
    this.#acknowledged = Math.max(this.#acknowledged, upTo);
    this.#push();
    this.on.room();
  }
}
