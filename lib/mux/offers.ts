/**
 * Services of a client's own side.
 *
 * @module
 */
import { ResetCode } from "./mux_constants.ts";
import type { DialUser } from "./stream_dials.ts";
import { UnreachedError } from "./unreached_error.ts";

/** What a client offers to the users of its server. Source: `PROTOCOL.md`, "Services of a client". */
export interface Offers {
  /** The names: at most 16, each once. */
  readonly names: readonly string[];
  /** Connects a stream that the server opened to one of them; see {@linkcode DialUser}. */
  readonly dial: DialUser;
}

/**
 * No service but those offered is dialled, whatever the server asks for.
 *
 * @example
 * ```ts
 * import { dialOnly } from "./offers.ts";
 * import { duplexPair } from "../net/pipe.ts";
 * import { assertThrows } from "@std/assert";
 *
 * const dial = dialOnly({ names: ["db"], dial: () => Promise.resolve(duplexPair()[0]) });
 * const { signal } = new AbortController();
 * await dial(signal, { service: "db", tokenName: undefined });
 * assertThrows(() => dial(signal, { service: "web", tokenName: undefined }), Error, "offers no service web");
 * ```
 */
export function dialOnly({ names, dial }: Offers): DialUser {
  return (signal, wanted) => {
    if (wanted.service !== undefined && names.includes(wanted.service)) return dial(signal, wanted);
    throw new UnreachedError(
      ResetCode.refused,
      `the tele client offers no service ${wanted.service ?? "without a name"}`,
    );
  };
}
