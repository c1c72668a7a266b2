/**
 * A carrier of the model with more to send than the path takes.
 *
 * @module
 */
import type { Flight } from "../../../lib/session/path/flight.ts";
import { Bbr, Cubic } from "./congestion.ts";
import type { Router } from "./router.ts";
import { ModelTcp } from "./tcp.ts";

/** Acknowledgements, as PROTOCOL.md has them. */
const ACKNOWLEDGE_BYTES = 64 * 1024;

const SEND_BUFFER_BYTES = 4 * 1024 * 1024;

/** One write at the most. */
const WRITE_BYTES = 64 * 1024;

/** What a carrier of the model needs of a {@linkcode Flight}. */
export type Bounds = Pick<Flight, "room" | "onSend" | "onAck" | "markApplicationLimited">;

/** Writes all that the bound and the system's buffer take, and acknowledges what arrives. */
export class BulkCarrier {
  /** How long each write of a span took to arrive, in milliseconds. */
  readonly delaysMs: number[] = [];
  /** Acknowledgements wait for so long, in milliseconds: longer, where they ride along with data of the other end. */
  acknowledgeDelayMs = 4;
  readonly #tcp: ModelTcp;
  readonly #onRoom: () => void;
  readonly #router: Router;
  readonly #writes: { end: number; ms: number }[] = [];
  #toldBytes = 0;
  #isTelling = false;
  /** A write that waits is woken when a third of the buffer is free. */
  #waits = false;

  /** @param onRoom There may be room; by itself a carrier then writes all it may. */
  constructor(router: Router, control: "cubic" | "bbr", readonly bounds: Bounds, onRoom?: () => void) {
    this.#onRoom = onRoom ?? (() => this.fill());
    this.#router = router;
    this.#tcp = new ModelTcp(router, control === "bbr" ? new Bbr() : new Cubic(), SEND_BUFFER_BYTES, {
      arrived: () => this.#onArrived(),
      room: () => this.#onRoom(),
    });
  }

  /** Bytes that arrived in order. */
  get arrived(): number {
    return this.#tcp.arrived;
  }

  /** Writes what may be written. */
  fill(): void {
    while (this.write());
  }

  /** Whether the system takes no more for now. */
  get waits(): boolean {
    if (this.#waits && this.#tcp.free >= SEND_BUFFER_BYTES / 3) this.#waits = false;
    return this.#waits;
  }

  /** Writes a piece. Returns whether it could. */
  write(): boolean {
    const tcp = this.#tcp;
    const bytes = Math.floor(Math.min(WRITE_BYTES, this.bounds.room()));
    if (bytes < 1_024 || this.waits) return false;
    if (tcp.free < bytes) {
      this.#waits = true;
      return false;
    }
    const ms = this.#router.events.now;
    this.bounds.onSend(ms, tcp.written + bytes);
    this.#writes.push({ end: tcp.written + bytes, ms });
    tcp.write(bytes);
    return true;
  }

  #onArrived(): void {
    const { arrived } = this.#tcp, { events } = this.#router;
    while (this.#writes.length > 0 && this.#writes[0].end <= arrived) {
      this.delaysMs.push(events.now - this.#writes.shift()!.ms);
    }
    if (arrived - this.#toldBytes >= ACKNOWLEDGE_BYTES) return this.#acknowledge();
    if (this.#isTelling) return;
    this.#isTelling = true;
    events.after(this.acknowledgeDelayMs, () => {
      this.#isTelling = false;
      if (this.#tcp.arrived > this.#toldBytes) this.#acknowledge();
    });
  }

  #acknowledge(): void {
    const upTo = this.#toldBytes = this.#tcp.arrived, { events } = this.#router;
    events.at(this.#router.back(events.now), () => {
      this.bounds.onAck(events.now, upTo);
      this.#onRoom();
    });
  }
}
