/** What both ends of a link put together: muxes of one end share what has a limit. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { cutQueue, muxMaker, sessionOptions } from "../../../lib/mux/link_parts.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { MemoryBudget } from "../../../lib/session/memory_budget.ts";
import { DEFAULT_LIMITS } from "../../../lib/session/session_limits.ts";

Deno.test("the muxes of one end share the limit of streams, and memory to read into", () => {
  const options = { maxStreams: 2 };
  const make = muxMaker(options, cutQueue(options), { end: "client" });
  const [one, other] = [make(), make()];
  assertStrictEquals(one.pool, other.pool);
  one.open(duplexPair()[0]);
  other.open(duplexPair()[0]);
  assertThrows(() => one.open(duplexPair()[0]), TeleError, "2 streams already");
  for (const mux of [one, other]) mux.ended(new TeleError("closed", "the test ends"));
});

Deno.test("what a program's callbacks throw when a stream is over is told to its log", () => {
  const lines: string[] = [];
  const options = {
    log: (level: string, message: string) => void lines.push(`${level} ${message}`),
    onStreamEnd: () => {
      throw new Error("not mine");
    },
  };
  const mux = muxMaker(options, cutQueue(options), { end: "client" })();
  mux.open(duplexPair()[0]);
  mux.ended(new TeleError("closed", "the test ends"));
  assertEquals([lines.length, lines[0]!.startsWith("error onStreamEnd threw")], [1, true]);
});

Deno.test("sessions have the limits that were told and the defaults of all others, and the memory of the process", () => {
  const memory = new MemoryBudget(1 << 30);
  const { limits, token, memory: given } = sessionOptions({ pingIntervalMs: 7, memory });
  assertEquals([limits, token], [{ ...DEFAULT_LIMITS, pingIntervalMs: 7 }, undefined]);
  assertStrictEquals(given, memory);
});
