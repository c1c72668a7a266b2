/**
 * One direction of a TCP connection of the model that carries bytes: packets, acknowledgements that wait in the queue of
 * the other direction, and timeouts that come too soon there.
 *
 * @module
 */
import { type Congestion, PACKET_BYTES } from "./congestion.ts";
import type { Router } from "./router.ts";

/** What stands in front of a packet's data: Ethernet, IP and TCP with timestamps. */
export const HEADER_BYTES = 66;

/** The least time after which a packet is sent again of which nothing was heard, in milliseconds (RFC 6298, Linux). */
const LEAST_TIMEOUT_MS = 200;

interface Packet {
  readonly from: number;
  /** Behind its last byte; the end of the direction counts as one. */
  readonly end: number;
  readonly data: Uint8Array;
  /** When it was sent last, and what was delivered by then. */
  sentMs: number;
  deliveredBefore: number;
  deliveredBeforeMs: number;
  isLimited: boolean;
  /** Whether what was sent last is dropped, which nobody knows until something behind it is acknowledged. */
  isDropped: boolean;
}

/** A packet that came, as its acknowledgement tells. */
interface Told {
  packet: Packet;
  sentMs: number;
}

/** What a direction tells of. */
export interface DirectionEvents {
  /** The next bytes are there, in order. */
  arrived(bytes: Uint8Array): void;
  /** The end is there, behind all bytes. */
  ended(): void;
  /** Something was acknowledged: there may be room. */
  room(): void;
}

/** Options of a {@linkcode TcpDirection}. */
export interface TcpDirectionOptions {
  /** Where its packets go. */
  forward: Router;
  /** Where their acknowledgements go. */
  back: Router;
  congestion: Congestion;
  /** The round trip that the handshake took, in milliseconds. */
  roundTripMs: number;
  /** What the receiver's system takes at once, in bytes. */
  windowBytes: number;
  on: DirectionEvents;
}

/**
 * A window counts packets, however small, as in Linux: a peer of which no acknowledgement gets through the queue falls
 * silent. One that it takes for lost (an early timeout) makes it so at once.
 */
export class TcpDirection {
  readonly #options: TcpDirectionOptions;
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  /** Offset of the next new packet, and up to where all have come. */
  #next = 0;
  #arrived = 0;
  #inFlight: Packet[] = [];
  /** Taken for lost, to be sent again. */
  #lost: Packet[] = [];
  readonly #early: Map<number, Packet> = new Map();
  /** Those that have come whose acknowledgement was dropped: the next one tells of them. */
  #untold: Told[] = [];
  #delivered = 0;
  #deliveredMs = 0;
  #roundEnd = 0;
  #smoothedMs: number;
  #timeouts = 0;
  /** Raised to forget the timer under way. */
  #timer = 0;
  #paceMs = 0;
  #isPaced = false;
  #isEnding = false;
  #isOver = false;

  /** Nothing was sent. */
  constructor(options: TcpDirectionOptions) {
    this.#options = options;
    this.#smoothedMs = options.roundTripMs;
  }

  /** Bytes that the sender's system holds. */
  get heldBytes(): number {
    return this.#unsentBytes + this.#inFlight.reduce((sum, { data }) => sum + data.length, 0);
  }

  /** Hands bytes over, which are the direction's from now on. */
  write(bytes: Uint8Array): void {
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
    this.#push();
  }

  /** Nothing follows. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    // The end of a direction is a packet with one byte that nobody is given.
    this.#unsent.push(new Uint8Array(1));
    this.#unsentBytes++;
    this.#push();
  }

  /** Sends nothing more. */
  stop(): void {
    this.#isOver = true;
  }

  get #now(): number {
    return this.#options.forward.events.now;
  }

  /** Each counts as a whole one. */
  get #flightBytes(): number {
    return (this.#inFlight.length - this.#lost.length) * PACKET_BYTES;
  }

  get #windowBytes(): number {
    return Math.min(this.#options.congestion.window, this.#options.windowBytes);
  }

  #push(): void {
    for (;;) {
      // What a timeout began ends with an acknowledgement.
      if (this.#isOver || this.#timeouts > 0) return;
      if (this.#flightBytes + PACKET_BYTES > this.#windowBytes) return;
      if (this.#lost.length === 0 && this.#unsent.length === 0) return;
      if (this.#paceMs > this.#now) return this.#pushLater();
      const packet = this.#lost.shift() ?? this.#nextPacket();
      this.#paceMs = Math.max(this.#paceMs, this.#now - 1) + PACKET_BYTES / this.#options.congestion.pace;
      this.#send(packet);
    }
  }

  #pushLater(): void {
    if (this.#isPaced) return;
    this.#isPaced = true;
    this.#options.forward.events.at(this.#paceMs, () => {
      this.#isPaced = false;
      this.#push();
    });
  }

  #nextPacket(): Packet {
    const data = this.#takeUnsent();
    const packet = {
      from: this.#next,
      end: this.#next += data.length,
      data,
      sentMs: 0,
      deliveredBefore: 0,
      deliveredBeforeMs: 0,
      isLimited: false,
      isDropped: false,
    };
    if (this.#inFlight.length === 0) {
      this.#deliveredMs = this.#now;
      this.#startTimer();
    }
    this.#inFlight.push(packet);
    return packet;
  }

  #takeUnsent(): Uint8Array {
    const data = new Uint8Array(Math.min(PACKET_BYTES, this.#unsentBytes));
    for (let at = 0; at < data.length;) {
      const [first] = this.#unsent;
      const count = Math.min(first.length, data.length - at);
      data.set(first.subarray(0, count), at);
      at += count;
      if (count === first.length) this.#unsent.shift();
      else this.#unsent[0] = first.subarray(count);
    }
    this.#unsentBytes -= data.length;
    return data;
  }

  #send(packet: Packet): void {
    const { forward } = this.#options;
    const sentMs = packet.sentMs = this.#now;
    packet.deliveredBefore = this.#delivered;
    packet.deliveredBeforeMs = this.#deliveredMs;
    packet.isLimited = this.#unsent.length === 0;
    const arrivesMs = forward.send(packet.data.length + HEADER_BYTES);
    packet.isDropped = arrivesMs === undefined;
    if (arrivesMs !== undefined) forward.events.at(arrivesMs, () => this.#arrive({ packet, sentMs }));
  }

  #arrive(told: Told): void {
    this.#untold.push(told);
    const { back } = this.#options;
    const toldMs = back.send(HEADER_BYTES);
    if (toldMs !== undefined) {
      const all = this.#untold;
      this.#untold = [];
      back.events.at(toldMs, () => this.#onAck(all));
    }
    const { packet } = told;
    if (packet.from >= this.#arrived) this.#early.set(packet.from, packet);
    for (let next; (next = this.#early.get(this.#arrived)) !== undefined;) {
      this.#early.delete(this.#arrived);
      this.#arrived = next.end;
      if (this.#isEnding && next.end === this.#next && this.#unsent.length === 0) this.#deliverLast(next.data);
      else this.#options.on.arrived(next.data);
    }
  }

  #deliverLast(data: Uint8Array): void {
    if (data.length > 1) this.#options.on.arrived(data.subarray(0, -1));
    this.#options.on.ended();
  }

  #onAck(all: Told[]): void {
    const before = this.#inFlight.length;
    for (const told of all) this.#onTold(told);
    if (this.#inFlight.length === before) return;
    this.#timeouts = 0;
    this.#startTimer();
    this.#push();
    if (!this.#isOver) this.#options.on.room();
  }

  #onTold({ packet, sentMs }: Told): void {
    const at = this.#inFlight.indexOf(packet);
    if (at < 0) return;
    const nowMs = this.#now, inFlight = this.#flightBytes;
    this.#inFlight.splice(at, 1);
    this.#lost = this.#lost.filter((other) => other !== packet);
    const roundTripMs = nowMs - sentMs;
    this.#smoothedMs += (roundTripMs - this.#smoothedMs) / 8;
    this.#delivered += PACKET_BYTES;
    this.#deliveredMs = nowMs;
    const endsRound = packet.deliveredBefore >= this.#roundEnd;
    if (endsRound) this.#roundEnd = this.#delivered;
    const { congestion } = this.#options;
    congestion.acknowledged({
      nowMs,
      bytes: PACKET_BYTES,
      roundTripMs,
      inFlight,
      bytesPerMs: (this.#delivered - packet.deliveredBefore) / Math.max(0.1, nowMs - packet.deliveredBeforeMs),
      isLimited: packet.isLimited,
      endsRound,
    });
    // What was sent before this one and has not come is lost (RACK, RFC 8985).
    for (const other of this.#inFlight) {
      if (!other.isDropped || other.sentMs >= sentMs) continue;
      other.isDropped = false;
      this.#lost.push(other);
      congestion.lost(nowMs, other.sentMs);
    }
  }

  #startTimer(): void {
    const timer = ++this.#timer;
    const timeoutMs = Math.max(LEAST_TIMEOUT_MS, 2 * this.#smoothedMs) * 2 ** this.#timeouts;
    this.#options.forward.events.after(Math.min(timeoutMs, 120_000), () => {
      if (timer === this.#timer) this.#onTimeout();
    });
  }

  /** The oldest one is sent again, though it may only be late. */
  #onTimeout(): void {
    const [oldest] = this.#inFlight;
    if (oldest === undefined || this.#isOver) return;
    this.#timeouts++;
    this.#lost = this.#lost.filter((packet) => packet !== oldest);
    this.#send(oldest);
    this.#startTimer();
  }
}
