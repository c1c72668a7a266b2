/**
 * Watches over a carrier: whether it is alive, how long a round trip takes, and what is promised about silence.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import type { OutgoingControl, Probe } from "./control.ts";
import type { Flight } from "../path/flight.ts";
import type { FrameLog } from "./frame_log.ts";
import { type Doubt, Liveness } from "./liveness.ts";

/** What a {@linkcode Watch} tells. */
export interface WatchListener {
  /** A control frame is due. */
  wake(): void;
  /** Something speaks against the carrier, and only a guess excuses it. */
  doubted(): void;
  /** The carrier has shown that it is alive. */
  trusted(): void;
  /** It is dead. */
  lost(reason: string): void;
}

/** Options of {@linkcode Watch}. */
export interface WatchOptions {
  /** Time. */
  clock: Clock;
  /** The control frames of the carrier. */
  control: OutgoingControl;
  /** What it has sent. */
  log: Pick<FrameLog, "handed" | "acknowledged">;
  /** What was measured of its path. */
  flight: Pick<Flight, "rateBytesPerMs" | "roundTripMs" | "onAnswer" | "wait">;
  /** Is told what is found. */
  listener: WatchListener;
  /** How much longer than usual it may be silent, in milliseconds; see {@linkcode Patience}. */
  patienceMs: number;
  /**
   * The round trip that the handshake took, in milliseconds; 0 if unknown.
   *
   * @default {0}
   */
  roundTripMs?: number;
  /**
   * The server's accept, which is written in front of all else: what comes first is an answer to that.
   *
   * @default {undefined}: this is the client
   */
  opening?: Uint8Array;
}

/**
 * Looks at the clock several times for each silence that is promised.
 *
 * Invariant 7: its verdict needs no write and no read.
 *
 * Source: `PROTOCOL.md`, "Liveness".
 */
export class Watch {
  readonly #clock: Clock;
  readonly #control: OutgoingControl;
  readonly #log: Pick<FrameLog, "handed" | "acknowledged">;
  readonly #flight: Pick<Flight, "rateBytesPerMs" | "roundTripMs" | "onAnswer" | "wait">;
  readonly #listener: WatchListener;
  readonly #liveness: Liveness;
  /** The round trip that the handshake took, in milliseconds; 0 if unknown. */
  readonly #handshakeMs: number;
  /** When it began to watch. */
  readonly #sinceMs: number;
  /** At a server what came first took so long behind its accept, in milliseconds; `Infinity` until it came. */
  #acceptMs = Infinity;
  #isAcceptDue: boolean;
  /** The round trip by the last reply, in milliseconds; 0 before the first. */
  #repliedMs = 0;
  #isDoubted = false;
  #lastWriteMs: number;
  #tick: Timer | undefined;

  /** Begins at once. */
  constructor(options: WatchOptions) {
    this.#clock = options.clock;
    this.#control = options.control;
    this.#log = options.log;
    this.#flight = options.flight;
    this.#listener = options.listener;
    this.#handshakeMs = options.roundTripMs ?? 0;
    this.#isAcceptDue = options.opening !== undefined;
    this.#sinceMs = this.#lastWriteMs = options.clock.now();
    const { wait } = this.#flight;
    wait.took(this.#sinceMs, this.#handshakeMs);
    this.#liveness = new Liveness(this.#sinceMs, options.patienceMs, wait.acknowledged, this.#handshakeMs);
    this.#scheduleTick();
  }

  /** Round trip in milliseconds, measured by data or else by a probe, at first by the handshake; 0 if unknown. */
  get roundTripMs(): number {
    const measuredMs = this.#flight.roundTripMs || this.#repliedMs || this.#firstRoundTripMs;
    return Math.min(measuredMs, this.#liveness.mostRoundTripMs);
  }

  /** A handshake may have gone across an outage. What came behind it has not, here or on others of the path. */
  get #firstRoundTripMs(): number {
    return Math.min(this.#handshakeMs, this.#acceptMs, this.#flight.wait.roundTripSince(this.#sinceMs));
  }

  /** What speaks against the carrier while only a guess excuses that. */
  get doubt(): Doubt | undefined {
    return this.#liveness.doubt;
  }

  /** For how long nothing has come, in milliseconds. */
  get silentMs(): number {
    return this.#liveness.silentMs;
  }

  /** Bytes of any kind came, and are about to be taken. */
  came(bytes: number): void {
    this.#liveness.received(bytes);
    this.#flight.wait.came(bytes);
    if (!this.#isAcceptDue) return;
    this.#isAcceptDue = false;
    this.#acceptMs = this.#clock.now() - this.#sinceMs;
  }

  /** They were taken: the carrier may be in doubt no more. */
  reconsider(): void {
    if (!this.#isDoubted || this.#liveness.doubt !== undefined) return;
    this.#isDoubted = false;
    this.#listener.trusted();
  }

  /** The peer has acknowledged something new. */
  progressed(): void {
    this.#liveness.progressed();
  }

  /** A probe of the peer came. */
  probed(probe: Probe): void {
    this.#liveness.promised(probe.silenceMs);
    if (probe.isReply) {
      this.#liveness.replied();
      this.#flight.wait.took(this.#clock.now(), this.#liveness.answerMs);
      this.#onReply(probe);
    }
    if (probe.replyWanted) {
      this.#control.replyDue = this.#control.acknowledgeDue = true;
      this.#control.replyMark = probe.mark;
      this.#control.replyCameMs = this.#clock.now();
      this.#listener.wake();
    }
  }

  #onReply({ mark, cameMs }: Probe): void {
    const nowMs = this.#clock.now();
    const roundTripMs = this.#control.replied(mark, nowMs);
    if (roundTripMs === undefined) return;
    this.#repliedMs = roundTripMs;
    this.#flight.onAnswer({ nowMs, roundTripMs, cameMs });
  }

  /** A write is about to be made up, with counted frames or without. */
  preparing(nowMs: number, withData: boolean): void {
    if (withData) this.markBusy(nowMs);
    if (this.#control.askDue) this.#liveness.asked();
  }

  /** The write begins. */
  wrote(nowMs: number): void {
    this.#lastWriteMs = nowMs;
  }

  /** Counted bytes moved: for a while the promise is a short one. */
  markBusy(nowMs: number): void {
    if (!this.#control.markBusy(nowMs)) return;
    this.#tick?.cancel();
    this.#scheduleTick();
    this.#listener.wake();
  }

  /** Asks for a reply. */
  ask(): void {
    this.#control.askDue = true;
    this.#listener.wake();
  }

  /** The machine slept: the carrier is in doubt, asks for a sign of life, and is given up soon without one. */
  suspect(): void {
    this.#liveness.suspect(this.#clock.now());
    this.ask();
    this.#doubt();
  }

  /** Looks no more. */
  stop(): void {
    this.#tick?.cancel();
  }

  /** How often to look, in milliseconds: often enough to keep the promise. */
  get #stepMs(): number {
    return Math.min(1000, this.#control.silenceMs / 4);
  }

  #scheduleTick(): void {
    this.#tick = this.#clock.setTimer(() => this.#onTick(), this.#stepMs);
  }

  #onTick(): void {
    const nowMs = this.#clock.now();
    const { handed, acknowledged } = this.#log, { wait } = this.#flight;
    const bytes = handed - acknowledged;
    if (this.#liveness.isAnswerDue) wait.took(nowMs, this.#liveness.answerMs);
    // A tick may come a little late; what is more than that was not the network's silence.
    const verdict = this.#liveness.tick(nowMs, this.#stepMs * 1.5, {
      bytes,
      roundTripMs: this.roundTripMs,
      queuedBytes: wait.bytes,
      acknowledged: wait.acknowledged,
      tookMs: wait.tookMs(nowMs),
      rate: this.#flight.rateBytesPerMs,
      peerFirstMs: wait.peerFirstMs(this.#handshakeMs),
      answerMs: wait.answerMs(nowMs),
    });
    if (verdict.kind === "dead") return this.#listener.lost(verdict.reason);
    if (verdict.kind === "ask") this.#control.askDue = true;
    if (verdict.kind === "doubt") this.#doubt();
    if (this.#control.look(nowMs, nowMs - this.#lastWriteMs + this.#stepMs)) this.#listener.wake();
    this.#scheduleTick();
  }

  #doubt(): void {
    if (this.#isDoubted) return;
    this.#isDoubted = true;
    this.#listener.doubted();
  }
}
