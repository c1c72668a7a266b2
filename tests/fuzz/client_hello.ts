/**
 * The hello of TLS, read without ending it.
 *
 * @module
 */
import { MOST_CLIENT_HELLO_BYTES, type OfferedProtocols, offeredProtocols } from "../../lib/net/client_hello.ts";
import { clientHello, inRecords } from "../support/client_hellos.ts";
import type { Choices } from "./choices.ts";
import { mangled } from "./mangle.ts";
import { check, hex, type Target } from "./target.ts";

/** Names that hellos may offer. */
const NAMES = ["tele/2", "h2", "http/1.1", "tele-ticket=AAAA", `tele-ticket=${"x".repeat(180)}`, "y"];

function anyHello(choices: Choices): Uint8Array {
  const protocols = Array.from({ length: choices.upTo(4) }, () => choices.pick(NAMES));
  const message = clientHello(choices.chance(0.1) ? undefined : protocols);
  return inRecords(message, choices.pick([1, 5, 100, 16_384]));
}

/** Hellos of TLS, mangled ones, and noise. */
export const clientHellos: Target = {
  name: "client-hellos",
  about: "hellos of TLS, mangled hellos and noise, as they come piece by piece",
  quickStreams: 800,
  run(choices, trace) {
    const right = choices.chance(0.1) ? choices.bytes(choices.upTo(300)) : anyHello(choices);
    const bytes = choices.chance(0.4) ? right : mangled(choices, right);
    trace(() => hex(bytes));
    let last: OfferedProtocols = "more";
    for (let count = 0; count <= bytes.length; count += choices.between(1, 40)) {
      const offered = offeredProtocols(bytes.subarray(0, count));
      // What was said of a part holds of more.
      const isSame = last === "more" || JSON.stringify(offered) === JSON.stringify(last);
      check(isSame, () => `${JSON.stringify(last)} became ${JSON.stringify(offered)} at ${count} bytes`);
      last = offered;
    }
    check(last !== "more" || bytes.length < MOST_CLIENT_HELLO_BYTES, () => "a hello without an end");
  },
};
