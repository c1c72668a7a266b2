/**
 * Carriers of the library that are sealed by its token. Source: `PROTOCOL.md`, "Seal".
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { badInput, reasonOf, TeleError } from "../net/error.ts";
import { recognize } from "../net/first_bytes.ts";
import type { Log } from "../net/log.ts";
import { SealServer } from "../net/seal_server.ts";
import type { ServerTokens } from "../session/handshake/token_table.ts";
import { makeSealServer, requireSealing } from "../session/sealing.ts";
import { Strangers } from "../session/strangers.ts";

/** What an end of the library is told about sealing. */
export interface SealOptions {
  /**
   * Whether each carrier is sealed: put inside TLS 1.3, which the token proves, so that nobody who passes its bytes on
   * reads or changes what is sent. `always` needs a token, at both ends, and Deno 2.9. `never` is for carriers that
   * nobody else reads, such as those of `Deno.connectTls`: then a token says who may connect, and encrypts nothing.
   *
   * A `tele` process that has a token wants sealed carriers, unless it says `--encryption=never`.
   *
   * @default {"never"}
   */
  encryption?: "always" | "never";
}

/**
 * Whether carriers are to be sealed.
 *
 * @throws {TeleError} `bad-input` if they are and cannot be, or if `encryption` is something else.
 *
 * @example
 * ```ts
 * import { sealsCarriers } from "./web_seal.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(sealsCarriers({ token: new Uint8Array(32) }), false);
 * assertThrows(() => sealsCarriers({ encryption: "always" }), Error, "needs a token");
 * ```
 */
export function sealsCarriers({ encryption = "never", token, tokens }: SealOptions & ServerTokens): boolean {
  if (encryption === "never") return false;
  if (encryption !== "always") {
    throw badInput(`the encryption of a session is "always" or "never", not ${JSON.stringify(encryption)}`);
  }
  if (token === undefined && tokens === undefined) {
    throw badInput('the encryption "always" needs a token: give the same one to both ends');
  }
  requireSealing('give the encryption "never" to both ends, and carriers that nobody else reads');
  return true;
}

/** Where a server's carriers come in that are to be sealed. */
export class SealedEntrance {
  readonly #seal: SealServer = makeSealServer();
  readonly #strangers: Strangers;

  /** Tells `log` of those who do not come through. */
  constructor(clock: Clock, log: Log) {
    this.#strangers = new Strangers(clock, log);
  }

  /**
   * What is inside the seal; of a carrier that is none the carrier itself, whose client is told so by its handshake.
   * Invariant 10: who is slow has as long as for a handshake.
   *
   * @returns `undefined` if it came to nothing; then the carrier is closed.
   */
  async unsealed(carrier: Duplex): Promise<Duplex | undefined> {
    this.#strangers.enter(carrier);
    try {
      const seen = await recognize(carrier);
      if (seen === undefined) carrier.close();
      return seen?.isTls ? await this.#seal.unseal(seen.duplex) : seen?.duplex;
    } catch (error) {
      carrier.close();
      const reason = this.#strangers.reasonFor(carrier);
      const isNews = reason !== undefined || (error instanceof TeleError && error.code === "protocol");
      if (isNews) this.#strangers.tell(carrier.peer, reason ?? reasonOf(error));
      return undefined;
    } finally {
      this.#strangers.leave(carrier);
    }
  }

  /** Sends away who has not come through. */
  stop(): void {
    this.#strangers.stop();
  }
}
