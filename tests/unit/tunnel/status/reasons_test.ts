/** Sentences of logs as words that can be counted. */
import { assertEquals } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { type Doubt, tellDoubt } from "../../../../lib/session/carrier/liveness.ts";
import { tokenOnServerOnly } from "../../../../lib/session/handshake/token.ts";
import { RefusalError } from "../../../../lib/session/ending.ts";
import { EndCode } from "../../../../lib/session/session_constants.ts";
import { attemptReason, lossReason } from "../../../../lib/tunnel/status/reasons.ts";

Deno.test("every doubt that came true is silence", () => {
  const kinds: Doubt["kind"][] = ["silent", "stalled", "unanswered", "slept"];
  for (const kind of kinds) assertEquals(lossReason(tellDoubt({ kind, ms: 3_000 })), "silent", kind);
  assertEquals(lossReason(`${tellDoubt({ kind: "silent", ms: 1 })} while another connection gets through`), "silent");
  assertEquals(lossReason("no sign of life after this machine was suspended"), "silent");
});

Deno.test("sentences that logs have are told apart, and another is called other", () => {
  const words = [
    "connection reset by peer",
    "the other side closed the connection",
    "given up there",
    "another connection gets through",
    "the address 192.0.2.1 is gone",
    "left",
    "the other side has left the connection",
    "the session ended",
    "TLS failed with 1",
  ].map(lossReason);
  assertEquals(words, ["reset", "closed", "replaced", "replaced", "moved", "left", "left", "ended", "other"]);
});

Deno.test("an attempt that was refused is counted by what for, another by its code", () => {
  assertEquals(attemptReason(tokenOnServerOnly()), "token");
  assertEquals(attemptReason(new RefusalError({ code: EndCode.full, message: "" })), "full");
  assertEquals(attemptReason(new RefusalError({ code: 999, message: "" })), "refused");
  assertEquals(attemptReason(new TeleError("carrier-lost", "x")), "carrier-lost");
  assertEquals(attemptReason("a string"), "other");
});
