/**
 * Users who come by SOCKS: each says where it wants to go.
 *
 * @module
 */
import { formatAddress } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";
import { closeBehindLastWord } from "../../net/last_word.ts";
import { PrefixedDuplex } from "../../net/prefixed_duplex.ts";
import { Socks5Request, SocksReply, socksReply } from "../../net/proxy/socks5_server.ts";
import { WaitingRoom } from "../../net/waiting_room.ts";
import { parseDestination } from "../../session/handshake/destination.ts";
import type { StreamLog } from "../log/stream_log.ts";
import { SocksUser } from "./socks_user.ts";

/** A user may take so long to say where it wants to go, and to read that it will not, in milliseconds. */
const REQUEST_MS = 10_000;
const LAST_WORD_MS = 1_000;

/** Most users who have not said it yet: they are no streams, which `--max` counts, but have a descriptor each. */
const MOST_ASKING = 512;

/** Bytes that are read at once of a request. */
const REQUEST_BYTES = 512;

/** Options of {@linkcode SocksDoor}. */
export interface SocksDoorOptions {
  /** Time. */
  clock: Clock;
  /** Told of users who are refused. */
  streamLog: Pick<StreamLog, "refuse">;
  /** Takes a user, for its destination (`host:port`). */
  take: (user: Duplex, destination: string) => void;
}

/** What was said in an answer's place, and why. */
class Refused extends TeleError {
  constructor(readonly bytes: Uint8Array, reason: string) {
    super("refused", reason);
  }
}

/**
 * Reads the requests of users, and hands them on.
 *
 * Invariant 10: whoever connects and asks for nothing takes no descriptor for long that a carrier will need.
 */
export class SocksDoor {
  readonly #options: SocksDoorOptions;
  readonly #asking: WaitingRoom<Duplex>;
  readonly #drained = Promise.withResolvers<void>();
  #isDraining = false;

  /** Nobody has come. */
  constructor(options: SocksDoorOptions) {
    this.#options = options;
    this.#asking = new WaitingRoom(options.clock, { guests: MOST_ASKING, timeoutMs: REQUEST_MS });
  }

  /** A user has connected. Never rejects. */
  async welcome(user: Duplex): Promise<void> {
    const { clock, streamLog, take } = this.#options;
    this.#asking.enter(user);
    try {
      const { destination, rest } = await ask(user);
      const behind = rest.length === 0 ? user : new PrefixedDuplex(user, rest);
      take(new SocksUser(behind, clock), destination);
    } catch (error) {
      const reason = error instanceof Refused ? error.message : this.#asking.reasonFor(user);
      // Who leaves without a word has only looked whether somebody is there.
      if (reason !== undefined) streamLog.refuse(user.peer, `SOCKS: ${reason}`);
      if (!(error instanceof Refused)) return user.close();
      await user.write(error.bytes).then(() => closeBehindLastWord(user, clock, LAST_WORD_MS), () => user.close());
    } finally {
      this.#asking.leave(user);
      if (this.#isDraining && this.#asking.count === 0) this.#drained.resolve();
    }
  }

  /** Nobody comes any more. Settles when those who are here have asked, or were refused. */
  drain(): Promise<void> {
    this.#isDraining = true;
    if (this.#asking.count === 0) this.#drained.resolve();
    return this.#drained.promise;
  }

  /** Ends those who have not asked yet. */
  close(): void {
    this.#asking.close("the tele client ended");
  }
}

/** Talks with a user until it has said where it wants to go. */
async function ask(user: Duplex): Promise<{ destination: string; rest: Uint8Array }> {
  const request = new Socks5Request();
  const into = new Uint8Array(REQUEST_BYTES);
  for (let came: Uint8Array = new Uint8Array(0);;) {
    const step = request.take(came);
    came = new Uint8Array(0);
    if (step.kind === "refuse") throw new Refused(step.bytes, step.reason);
    if (step.kind === "connect") {
      const destination = formatAddress({ ...step.target, kind: "tcp" });
      if (parseDestination(destination) !== undefined) return { destination, rest: step.rest };
      const reason = `${JSON.stringify(destination)} is no host and port that there could be`;
      throw new Refused(socksReply(SocksReply.hostUnreachable), reason);
    }
    if (step.kind === "send") await user.write(step.bytes);
    else {
      const count = await user.read(into);
      if (count === null) throw new TeleError("closed", "it left");
      came = into.slice(0, count);
    }
  }
}
