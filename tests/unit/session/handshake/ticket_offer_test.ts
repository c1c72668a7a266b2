/** A session that has not begun, as one worker offers it to another. */
import { assertEquals } from "@std/assert";
import { countOffered, offerOf } from "../../../../lib/session/handshake/ticket_offer.ts";

Deno.test("any count comes back, and an identifier of a session is none", () => {
  for (const count of [0, 1, 300, 0xffff_ffff]) assertEquals(countOffered(offerOf(count)), count);
  for (let at = 0; at < 12; at++) {
    const id = offerOf(7);
    id[at] = 1;
    assertEquals(countOffered(id), undefined);
  }
});
