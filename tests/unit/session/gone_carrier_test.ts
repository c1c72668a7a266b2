/** A carrier that is gone, in the books. */
import { assertEquals } from "@std/assert";
import { covered, type Gone, impossible } from "../../../lib/session/gone_carrier.ts";

function gone(): Gone {
  const remains = { pieces: [], heldBytes: 7, acknowledged: 20, handed: 90 };
  return { taken: 1, wasHeard: true, told: undefined, peerHas: false, isFramed: false, remains, least: 20, most: 90 };
}

Deno.test("what is covered gives away what is left of the log, once", () => {
  const one = gone();
  const { remains } = one;
  assertEquals(covered(4, 50, one), { number: 4, taken: 50, news: 30, remains });
  assertEquals(covered(4, 50, one).remains, undefined);
});

Deno.test("an impossible receipt is told with what would be possible", () => {
  const { code, message } = impossible(99, gone());
  assertEquals(code, "protocol");
  assertEquals(message.match(/\d+/g), ["99", "20", "90"]);
});
