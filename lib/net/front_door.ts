/**
 * Where connections of all kinds come in by one port.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Duplex } from "./duplex.ts";
import { reasonOf, TeleError } from "./error.ts";
import { recognize, type Recognized } from "./first_bytes.ts";
import type { SealServer } from "./seal_server.ts";
import { WaitingRoom } from "./waiting_room.ts";
import { acceptWeb } from "./websocket/websocket_server.ts";

/** Most newcomers who have not shown yet what they speak (beyond that the oldest goes), and the longest time of each. */
const LIMITS = { guests: 512, timeoutMs: 10_000 };

/** Who is told of newcomers. */
export interface FrontDoorOptions {
  /** Time. */
  clock: Clock;
  /** Ends the TLS of those who seal their carriers; without it they are handed on as they came. */
  seal?: SealServer;
  /**
   * Asked about each that begins as TLS does, before its TLS ends here. What it resolves with is gone on with, and reads
   * all of it; `undefined` if it took it over. `isGone` tells whether the newcomer was sent away meanwhile.
   *
   * @default {undefined}: all TLS ends here
   */
  passOn?: (carrier: Duplex, isGone: () => boolean) => Promise<Duplex | undefined>;
  /**
   * Whether somebody new may come: who balances is told by HTTP, at `/readyz`, and who comes is taken either way.
   *
   * @default {undefined}: always
   */
  isReady?: () => boolean;
  /** Takes each WebSocket. */
  onWebSocket: (carrier: Duplex) => void;
  /** Takes each that does not speak HTTP, as it came. */
  onOther: (carrier: Duplex) => void;
  /** Told of each connection that was not let in, and why. */
  onRefused: (peer: string, reason: string) => void;
  /** Told of each that went away by itself, or that a page was all for, such as a balancer's check: no news. */
  onLeft: (peer: string, reason: string) => void;
}

/**
 * Tells newcomers apart by their first bytes: WebSockets, whoever wants to see a page, who seals, and all others.
 *
 * Invariant 10: who is slow with its first bytes, its request or its seal has 10 s and some KiB.
 *
 * @example
 * ```ts
 * import { systemClock } from "./clock.ts";
 * import { FrontDoor } from "./front_door.ts";
 * import { duplexPair } from "./pipe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const others: string[] = [];
 * const door = new FrontDoor({
 *   clock: systemClock,
 *   onWebSocket: (carrier) => carrier.close(),
 *   onOther: (carrier) => others.push(carrier.peer),
 *   onRefused: console.warn,
 *   onLeft: console.debug,
 * });
 * const [near, far] = duplexPair();
 * const welcoming = door.welcome(near);
 * await far.write(new Uint8Array([0, 0, 0, 72]));
 * await welcoming;
 * assertEquals(others, ["in memory"]);
 * ```
 */
export class FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #room: WaitingRoom<Duplex>;

  /** Nobody has come yet. */
  constructor(options: FrontDoorOptions) {
    this.#options = options;
    this.#room = new WaitingRoom(options.clock, LIMITS);
  }

  /** Newcomers who have not shown yet what they speak. */
  get count(): number {
    return this.#room.count;
  }

  /** Takes a newcomer. Never rejects; settles when it was handed on, or is gone. */
  async welcome(transport: Duplex): Promise<void> {
    const { onLeft, onRefused } = this.#options;
    this.#room.enter(transport);
    try {
      await this.#recognize(transport);
    } catch (error) {
      transport.close();
      const expelled = this.#room.reasonFor(transport);
      const isRefused = expelled !== undefined || (error instanceof TeleError && error.code === "protocol");
      (isRefused ? onRefused : onLeft)(transport.peer, expelled ?? reasonOf(error));
    } finally {
      this.#room.leave(transport);
    }
  }

  async #recognize(transport: Duplex): Promise<void> {
    const { clock, seal, isReady, onWebSocket, onOther, onLeft } = this.#options;
    const seen = await recognize(transport);
    if (seen === undefined) {
      transport.close();
      return onLeft(transport.peer, "it closed the connection without a word");
    }
    if (!seen.isWeb) {
      const carrier = await this.#unsealed(seen, transport);
      this.#room.leave(transport);
      return carrier && onOther(carrier);
    }
    const carrier = await acceptWeb(seen.duplex, clock, isReady);
    if (carrier === undefined) return onLeft(transport.peer, "it was a web client, and has its page");
    const inner = seal === undefined ? carrier : await this.#unsealedIn(carrier, transport);
    this.#room.leave(transport);
    if (inner !== undefined) onWebSocket(inner);
  }

  /** A seal may be in the messages of a WebSocket as well. */
  async #unsealedIn(webSocket: Duplex, transport: Duplex): Promise<Duplex | undefined> {
    const seen = await recognize(webSocket);
    if (seen === undefined) throw new TeleError("closed", "it closed the WebSocket without a word");
    return await this.#unsealed(seen, transport);
  }

  /** Returns nothing if somebody else has taken it over. */
  async #unsealed({ duplex, isTls }: Recognized, transport: Duplex): Promise<Duplex | undefined> {
    const { seal, passOn } = this.#options;
    if (!isTls || seal === undefined) return duplex;
    const isGone = () => this.#room.reasonFor(transport) !== undefined;
    const carrier = passOn === undefined ? duplex : await passOn(duplex, isGone);
    return carrier && await seal.unseal(carrier);
  }

  /** Sends all newcomers away. */
  close(): void {
    this.#room.close("the tele server ends");
  }
}
