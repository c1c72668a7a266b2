/**
 * Users' programs at both ends of a stream, which know every byte they should see.
 *
 * @module
 */
import type { Clock } from "../../lib/net/clock.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { LentRead, LentWrite, SharedRead } from "../support/lent_memory.ts";
import { Random } from "../support/random.ts";
import { fillContent, HEADER_BYTES, isContent } from "./content.ts";
import type { Process } from "./process.ts";

/** What one user's program does. */
export interface UserPlan {
  /** Bytes it sends; -1 sends back as many as it received. */
  bytes: number;
  /** It sends pieces of about this size, in bytes. */
  pieceBytes: number;
  /** Pause between two pieces, in milliseconds. */
  pauseMs: number;
  /**
   * When it half-closes: behind its last byte, when the other side has ended too, or when the network is whole again.
   */
  fin: "sent" | "end" | "heal";
  /** Bytes after which it stops reading; -1 never. */
  stallAtBytes: number;
  /** How long it does not read, in milliseconds; -1 until the network is whole again. */
  stallMs: number;
  /** Milliseconds after which it resets its connection; -1 never. */
  resetMs: number;
  /** How long each of its reads takes, in milliseconds. */
  readMs: number;
}

/** What a {@linkcode SimUser} tells the model. */
export interface UserWatcher {
  /** It has read whose content it reads. */
  met(user: SimUser, partnerKey: number): void;
  /** The other direction ended cleanly. */
  sawEnd(user: SimUser): void;
  /** Its connection was closed or aborted by tele. */
  closed(user: SimUser): void;
  aborted(user: SimUser, reason: string | undefined): void;
  /** Something that must never happen. */
  fail(problem: string): void;
  trace(line: string): void;
  /** Counts calls; false when the code must be going in circles. */
  mayGoOn(): boolean;
}

interface Reading {
  into: LentRead | SharedRead;
  resolve(value: number | null): void;
  reject(reason: unknown): void;
}

interface Writing {
  bytes: LentWrite;
  resolve(): void;
  reject(reason: unknown): void;
}

/** How much later what was under way when its connection ended may settle, in milliseconds. */
const MOST_SETTLE_MS = 5;

/** The user's end of a connection to a tele process, and the program behind it. */
export class SimUser implements Duplex {
  readonly peer: string;
  readonly key: number;
  readonly isClient: boolean;
  readonly openedMs: number;
  readonly process: Process;
  readonly plan: UserPlan;
  /** The program at the other end, once content has told. */
  partner: SimUser | undefined;
  /** Bytes that tele has taken. */
  sentBytes = 0;
  /** Bytes that tele has delivered. */
  receivedBytes = 0;
  /** Tele was told the end of this direction. */
  hasEnded = false;
  /** The end of the other direction was told. */
  sawEnd = false;
  /** It reset its connection. */
  hasReset = false;
  /** Tele closed or aborted the connection. */
  over: "closed" | "aborted" | undefined;
  /** Tele has begun to use the connection. */
  isUsed = false;
  readonly readsAfterFailedWrite = true;
  /** Half of them call back and take what they can at once, as users' TCP connections do. */
  readonly readWith: Duplex["readWith"];
  readonly writeNow: Duplex["writeNow"];
  /** Half of those may wait with the same memory. */
  readonly fillsAtOnce: boolean;
  readonly #clock: Clock;
  readonly #watcher: UserWatcher;
  readonly #random: Random;
  #ready = 0;
  #healed = false;
  #isStalled = false;
  #hasStalled = false;
  #reading: Reading | undefined;
  #writing: Writing | undefined;
  #isTaking = false;
  #partnerKey = 0;

  constructor(options: {
    key: number;
    isClient: boolean;
    process: Process;
    plan: UserPlan;
    clock: Clock;
    watcher: UserWatcher;
    seed: number;
  }) {
    this.key = options.key;
    this.isClient = options.isClient;
    this.process = options.process;
    this.plan = options.plan;
    this.#clock = options.clock;
    this.#watcher = options.watcher;
    this.#random = new Random(options.seed);
    this.openedMs = options.clock.now();
    this.fillsAtOnce = options.seed % 4 === 1;
    if (options.seed % 2 === 1) {
      this.readWith = (into, onRead, onFailed) => this.#read(into, onRead, onFailed);
      this.writeNow = (bytes) => this.#writeNow(bytes);
    }
    this.peer = `${this.isClient ? "client" : "server"} user ${this.key}`;
    if (this.plan.resetMs >= 0) this.#clock.setTimer(() => this.reset(), this.plan.resetMs);
    if (this.plan.stallAtBytes === 0) this.#stall();
    this.#produce();
  }

  /** Whether it takes what comes within the time that a reset waits for it. */
  get isTaking(): boolean {
    return !this.#hasStalled;
  }

  /** Whether tele is done with it, or its tele process died. */
  get isOver(): boolean {
    return this.over !== undefined || !this.process.isAlive;
  }

  /** Whether this is what a complete stream looks like from here. */
  get isComplete(): boolean {
    return this.hasEnded && this.sawEnd;
  }

  /** Bytes it would have sent by its end. */
  get #total(): number {
    return this.plan.bytes >= 0 ? this.plan.bytes : this.receivedBytes < HEADER_BYTES ? 0 : this.receivedBytes;
  }

  get #isWholeReady(): boolean {
    return this.#ready >= this.#total && (this.plan.bytes >= 0 || this.sawEnd);
  }

  get #mayEnd(): boolean {
    if (!this.#isWholeReady || this.sentBytes < this.#total) return false;
    if (this.#healed || this.plan.fin === "sent") return true;
    return this.plan.fin === "end" && this.sawEnd;
  }

  #produce(): void {
    if (this.isOver || this.hasReset || this.#ready >= this.#total) return;
    const piece = this.#healed ? Infinity : this.#random.between(1, 2 * this.plan.pieceBytes);
    this.#ready = Math.min(this.#total, Math.max(this.#ready, HEADER_BYTES) + piece);
    this.#serve();
    if (this.#ready < this.#total) this.#clock.setTimer(() => this.#produce(), this.plan.pauseMs);
  }

  /** The network is whole again: nothing is held back any more. */
  heal(): void {
    this.#healed = true;
    this.#isStalled = false;
    if (this.isOver) return;
    this.#ready = Math.max(this.#ready, this.#total);
    this.#serve();
    this.#take();
  }

  /** The program resets its connection, or dies. */
  reset(): void {
    if (this.isOver || this.hasReset) return;
    this.hasReset = true;
    this.#watcher.trace(`${this.peer} resets`);
    this.process.io(() => {
      this.#settle(this.#resetError());
    });
  }

  #resetError(): Error {
    return new Error(`user ${this.key} reset`);
  }

  #stall(): void {
    this.#isStalled = this.#hasStalled = true;
    if (this.plan.stallMs < 0) return;
    this.#clock.setTimer(() => {
      this.#isStalled = false;
      this.#take();
    }, this.plan.stallMs);
  }

  // What tele does with the connection.

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => this.#read(into, resolve, reject));
  }

  #read(into: Uint8Array, onRead: (count: number | null) => void, onFailed: (error: unknown) => void): void {
    this.isUsed = true;
    if (this.#reading !== undefined) this.#watcher.fail(`${this.peer}: a second read while one is pending`);
    if (this.hasReset) return onFailed(this.#resetError());
    if (this.over !== undefined) return onFailed(new Error("closed"));
    if (!this.#watcher.mayGoOn()) return;
    this.#reading = {
      into: this.fillsAtOnce ? new SharedRead(into) : new LentRead(into),
      resolve: onRead,
      reject: onFailed,
    };
    this.#serve();
  }

  /** Not within a call of tele's: its connections do not call back there. */
  #serveSoon(action: () => void): void {
    if (this.readWith === undefined) action();
    else queueMicrotask(action);
  }

  #serve(): void {
    if (this.#reading === undefined) return;
    if (this.#ready === this.sentBytes && !this.#mayEnd) return;
    this.process.io(() => {
      const reading = this.#reading;
      if (reading === undefined || this.over !== undefined) return;
      const bytes = Math.min(this.#ready - this.sentBytes, reading.into.length);
      if (bytes === 0 && !this.#mayEnd) return;
      this.#reading = undefined;
      if (bytes === 0) {
        this.hasEnded = true;
        this.#watcher.trace(`${this.peer} half-closes after ${this.sentBytes} bytes`);
        reading.into.giveBack();
        return reading.resolve(null);
      }
      const content = new Uint8Array(bytes);
      fillContent(content, this.key, this.sentBytes);
      reading.into.fill(content, 0);
      reading.into.giveBack();
      this.sentBytes += bytes;
      reading.resolve(bytes);
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#writeNow(bytes) ?? Promise.resolve();
  }

  #writeNow(bytes: Uint8Array): Promise<void> | undefined {
    this.isUsed = true;
    if (this.#writing !== undefined) this.#watcher.fail(`${this.peer}: a second write while one is pending`);
    if (this.sawEnd) this.#watcher.fail(`${this.peer}: data behind the end`);
    if (this.hasReset) return Promise.reject(this.#resetError());
    if (this.over !== undefined) return Promise.reject(new Error("closed"));
    if (!this.#watcher.mayGoOn()) return new Promise(() => {});
    const writing = new Promise<void>((resolve, reject) => {
      this.#writing = { bytes: new LentWrite(bytes), resolve, reject };
      this.#take();
    });
    return this.#writing === undefined ? undefined : writing;
  }

  #take(): void {
    if (this.#writing === undefined || this.#isStalled || this.#isTaking) return;
    if (this.plan.readMs === 0 || this.#healed) return this.#took();
    this.#isTaking = true;
    this.#clock.setTimer(() => {
      this.#isTaking = false;
      this.#took();
    }, this.plan.readMs);
  }

  #took(): void {
    this.process.io(() => {
      const writing = this.#writing;
      if (writing === undefined || this.over !== undefined || this.hasReset) return;
      this.#writing = undefined;
      this.#check(writing.bytes.take(0, writing.bytes.length));
      const { stallAtBytes } = this.plan;
      if (!this.#hasStalled && !this.#healed && stallAtBytes > 0 && this.receivedBytes >= stallAtBytes) this.#stall();
      writing.resolve();
      if (this.plan.bytes < 0) this.#serveSoon(() => this.#produce());
    });
  }

  #check(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && this.receivedBytes < HEADER_BYTES) {
      this.#partnerKey = (this.#partnerKey << 8 | bytes[at++]) >>> 0;
      if (++this.receivedBytes === HEADER_BYTES) this.#watcher.met(this, this.#partnerKey);
    }
    if (at === bytes.length) return;
    if (!isContent(bytes, at, this.#partnerKey, this.receivedBytes)) {
      this.#watcher.fail(
        `${this.peer}: wrong bytes between ${this.receivedBytes} and ${this.receivedBytes + bytes.length - at}`,
      );
    }
    this.receivedBytes += bytes.length - at;
    // Only a rogue is nobody's partner: the watcher has failed for any other whom it does not know.
    const sent = this.partner?.sentBytes ?? Infinity;
    if (this.receivedBytes > sent) this.#watcher.fail(`${this.peer}: ${this.receivedBytes} bytes of the ${sent} sent`);
  }

  closeWrite(isLast: boolean = false): Promise<void> {
    if (isLast && !this.hasEnded) this.#watcher.fail(`${this.peer}: told that both ended, and only tele has`);
    if (this.hasReset) return Promise.reject(this.#resetError());
    if (this.#writing !== undefined) this.#watcher.fail(`${this.peer}: half-closed while a write is pending`);
    if (this.sawEnd) this.#watcher.fail(`${this.peer}: its end was told twice`);
    this.sawEnd = true;
    this.#watcher.sawEnd(this);
    this.#serveSoon(() => this.#serve());
    return Promise.resolve();
  }

  abort(reason?: unknown): void {
    if (this.over !== undefined) return;
    this.#over("aborted");
    this.#watcher.aborted(this, reason === undefined ? undefined : String(reason));
  }

  close(): void {
    if (this.over !== undefined) return;
    this.#over("closed");
    this.#watcher.closed(this);
  }

  #over(how: "closed" | "aborted"): void {
    this.over = how;
    this.#settle(new Error("closed"));
  }

  /**
   * Fails what is under way: users' TCP connections do that at once, a `Deno.Conn` a turn of the event loop later, and
   * standard input when it likes. Until then the memory is theirs.
   */
  #settle(error: Error): void {
    const [reading, writing] = [this.#reading, this.#writing];
    this.#reading = this.#writing = undefined;
    if (reading === undefined && writing === undefined) return;
    const settle = () => {
      reading?.into.giveBack();
      reading?.reject(error);
      writing?.bytes.giveBack(0);
      writing?.reject(error);
    };
    if (this.readWith !== undefined) return settle();
    this.#clock.setTimer(() => this.process.io(settle), this.#random.between(0, MOST_SETTLE_MS));
  }
}
