/** Both logs say which services of a client nobody reaches, and what to change. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { offerLines, warnOfOffers } from "../../../lib/session/offer_lines.ts";
import type { OfferAnswer } from "../../../lib/session/handshake/offers.ts";

Deno.test("a server tells each kind of answer in one line", () => {
  const lines = offerLines(["a", "b", "c", "d"], ["has", "waits", "refused", "waits"]);
  assertEquals(lines.map(({ level }) => level), ["info", "warn", "warn"]);
  assertEquals(lines[0].words, "has the name a");
  assertStringIncludes(lines[1].words, "offers b, d, which another client has");
  assertStringIncludes(lines[2].words, "--reverse-listen=ADDR=c, and a list in its client's line of the token file");
  assertEquals(offerLines([], []), []);
});

function warned(names: readonly string[], answers?: [string, OfferAnswer][]): string[] {
  const lines: string[] = [];
  warnOfOffers(names, answers && new Map(answers), (level, message) => void lines.push(`${level} ${message}`));
  return lines;
}

Deno.test("a client warns of names that it does not have, and of no other", () => {
  const lines = warned(["a", "b", "c"], [["a", "has"], ["b", "waits"], ["c", "refused"]]);
  assertEquals(lines.length, 2);
  assertStringIncludes(lines[0], "warn another tele client offers b already");
  assertStringIncludes(lines[1], "takes no service c of this client: --reverse-listen=ADDR=c there");
});

Deno.test("a server that says nothing knows no services of clients, if there were any", () => {
  assertStringIncludes(warned(["a", "b"])[0], "nobody reaches a, b: it is of an older release");
  assertEquals(warned([]), []);
});
