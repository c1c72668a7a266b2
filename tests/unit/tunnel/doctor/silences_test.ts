import { assertEquals } from "@std/assert";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import { judge, LONGEST_SILENCE_MS, silencesFor } from "../../../../lib/tunnel/doctor/silences.ts";
import { HANDSHAKE_TIMEOUT_MS } from "../../../../lib/session/session_constants.ts";

const lived = (ms: number) => ({ ms, reason: undefined });
const died = (ms: number) => ({ ms, reason: "it was closed" });

Deno.test("no silence lasts until a server lets go of who has not proven to be let in", () => {
  assertEquals(LONGEST_SILENCE_MS < HANDSHAKE_TIMEOUT_MS, true);
  assertEquals(silencesFor(60_000).at(-1), LONGEST_SILENCE_MS);
});

Deno.test("connections that lived through all silences are well", () => {
  const verdict = judge([lived(2_000), lived(8_000), lived(4_000)], 30_000);
  assertEquals(verdict, { isGood: true, text: "a connection lives through 8 s of silence" });
});

Deno.test("the shortest silence that one died of counts, and the interval that helps is half of it", () => {
  const verdict = judge([lived(2_000), died(3_010), died(3_000)], 30_000);
  assertEquals(verdict.isGood, false);
  assertEquals(
    verdict.text,
    "a connection that was silent died after 3 s (it was closed): something in between drops idle connections; " +
      "give --ping-interval=1500ms to both sides, or raise its time-out",
  );
});

Deno.test("what dies later than signs of life come is no loss", () => {
  const verdict = judge([lived(1_000), died(2_000)], 1_000);
  assertEquals(verdict.isGood, true);
  assertEquals(verdict.text.endsWith("--ping-interval is below that, so nothing is lost by it"), true);
});

Deno.test("the interval that is told is one that --ping-interval takes, however soon a connection died", () => {
  for (const ms of [1, 250, 999, 2_000, 4_000, 7_999]) {
    const option = /--ping-interval=\w+/.exec(judge([died(ms)], 30_000).text)?.[0] ?? "";
    parseCommandLine(["--client", "--out=:1", option]);
  }
});
