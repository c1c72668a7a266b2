/**
 * Every outage, from a seed: as many runs of the simulator as fit in a few seconds, or in `TELE_SIM_SECONDS`.
 */

import { assert, assertEquals } from "@std/assert";
import { canSimulate } from "./clock.ts";
import { MUTATIONS } from "./mutations.ts";
import { playAlone, runSeeds } from "./run.ts";
import { scenarioOf } from "./kinds.ts";
import type { Scenario } from "./scenario.ts";
import { explain } from "./shrink.ts";

/** How long to look for trouble, in seconds. */
const SECONDS = Number(Deno.env.get("TELE_SIM_SECONDS") ?? 20);

Deno.test({
  name: "sim: the same seed is the same run",
  ignore: !canSimulate,
  async fn() {
    for (const seed of [3, 17, 80]) {
      const one = await playAlone(scenarioOf(seed), true);
      const other = await playAlone(scenarioOf(seed), true);
      assertEquals(one.trace, other.trace);
    }
  },
});

Deno.test("sim: each deliberate fault can be put: its text stands once in its file", async () => {
  for (const { name, edits } of MUTATIONS) {
    for (const { file, from, to } of edits) {
      const text = await Deno.readTextFile(new URL(`../../${file}`, import.meta.url));
      assertEquals(text.split(from).length - 1, 1, `${name}, in ${file}`);
      assert(from !== to, name);
    }
  }
});

/** What a run must be able to be, whatever else: one of the first seeds has each of these. */
const HARD_CASES: Record<string, (scenario: Scenario) => boolean> = {
  "carriers cut every 4 KiB, and 1 MiB to carry": ({ kind, lastFate, streams }) =>
    kind === "short lives" && lastFate?.atBytes === 4096 && streams[0].client.bytes === 2 ** 20,
  "a round trip longer than the pause between attempts": ({ lines, events }) =>
    2 * lines.delayMs > 1_000 && events.some(({ kind }) => kind === "cut"),
  "valid resumes whose proofs finish in any order": ({ kind, cryptoMs, fates, events }) =>
    kind === "late commits" && cryptoMs >= 150 && fates.filter((fate) => fate !== null).length > 1 && events.length > 1,
  "a carrier that dies between the proof and the acceptance of a new session": ({ fates }) =>
    fates[0]?.direction === "down" && fates[0].atBytes > 100 && fates[0].atBytes < 180,
  "an impostor that answers for a minute": ({ events }) =>
    events.some((event) => event.kind === "impostor" && event.forMs === 60_000),
  "a slow path": ({ kind, lines }) => kind === "slow" && lines.bytesPerSecond === 32_000,
  "a process suspended for 5 s": ({ events }) =>
    events.some((event) => event.kind.startsWith("suspend") && "forMs" in event && event.forMs > 5_000),
  "a client that is killed and comes back": ({ events }) => events.some(({ kind }) => kind === "kill client"),
  "200 streams that never read": ({ kind, streams }) => kind === "crowd" && streams.length === 201,
  "a user that resets while there is no network": ({ streams, events }) =>
    streams.some(({ openMs, client }) =>
      client.resetMs >= 0 && events.some((event) => {
        const resetAtMs = openMs + client.resetMs;
        return event.kind === "unreachable" && resetAtMs > event.atMs && resetAtMs < event.atMs + event.forMs;
      })
    ),
  "users who come in an outage that outlasts their session": ({ kind }) => kind === "expiry",
  "an answer that waits for more than an hour": ({ kind, events }) =>
    kind === "long outage" && events.some((event) => "forMs" in event && event.forMs > 3_600_000),
  "newcomers at a server that is full while its one client has an outage": ({ maxSessions, events }) =>
    maxSessions === 1 && events.some(({ kind }) => kind === "rogue"),
  "a reset that waits for more than an hour to be told": ({ kind, maxSessions }) =>
    kind === "broken off" && maxSessions > 1,
  "newcomers at a full server where a reset waits to be told": ({ kind, maxSessions }) =>
    kind === "broken off" && maxSessions === 1,
  "more start credit than a session's part of the memory": ({ events }) =>
    events.some((event) => event.kind === "rogue" && event.act === "takes all start credit"),
  "500 streams that open at once, each with a few bytes": ({ kind, streams }) =>
    kind === "crowd" && streams.length === 500 && streams[0].openMs > 0,
  "200 streams that are lost at once": ({ kind, streams, events }) =>
    kind === "crowd" && streams.length === 201 && events.some(({ kind }) => kind === "kill server"),
  "a goodbye that nobody hears, on a slow path": ({ kind, events }) =>
    kind === "farewells" && events.some(({ kind }) => kind === "black hole"),
  "a box that accepts and forwards nothing": ({ kind }) => kind === "swallowed",
  "a round trip of five seconds": ({ kind, lines }) => kind === "far" && lines.delayMs >= 2_500,
  "a carrier that dies one way, with bytes to carry both ways": ({ kind, fates, streams, serverUsers }) =>
    kind === "one way" && fates.at(-1)?.direction === "up" && streams[0].client.bytes > 0 &&
    serverUsers[0].plan.bytes > 0,
  "a download of whose acknowledgements none arrives": ({ kind }) => kind === "unheard",
  "a sleep in which the carrier dies, in an upload, with nobody to dial at waking up": ({ kind, streams, events }) =>
    kind === "asleep" && streams[0].client.bytes > 1_000 && events.length > 1,
  "a server that starts anew beside carriers that tell nobody": ({ kind }) => kind === "forgotten",
  "carriers that die as soon as they are attached": ({ kind }) => kind === "barren",
  "one of two paths that dies one way, with bulk and keys on both": ({ kind, events, streams }) =>
    kind === "two paths" && streams.length > 1 &&
    events.some((event) => event.kind === "path" && event.direction !== "both"),
  "an upload and outages by two paths of which one is slow": ({ otherLines, events, streams }) =>
    otherLines.some(({ bytesPerSecond }) => bytesPerSecond > 0) && streams.some(({ client }) => client.bytes > 5_000) &&
    events.some(({ kind }) => kind === "cut"),
  "a path that begins to swallow large packets under several carriers that are up to speed": (
    { kind, leastCarriers, streams },
  ) => kind === "begins to swallow" && leastCarriers === 6 && streams.length > 1,
  "an outage of ten minutes": ({ events }) =>
    events.some((event) => event.kind === "unreachable" && event.forMs >= 600_000),
};

/** Fewer than the simulator runs in a few minutes. */
const FIRST_SEEDS = 10_000;

Deno.test("sim: each hard case is among the first seeds", () => {
  const missing = new Set(Object.keys(HARD_CASES));
  for (let seed = 1; seed <= FIRST_SEEDS && missing.size > 0; seed++) {
    const scenario = scenarioOf(seed);
    for (const name of missing) if (HARD_CASES[name](scenario)) missing.delete(name);
  }
  assertEquals([...missing], []);
});

Deno.test({
  name: `sim: nothing is lost but time, in as many runs as fit in ${SECONDS} s`,
  ignore: !canSimulate,
  async fn() {
    const report = await runSeeds({ from: 1, seeds: Infinity, seconds: SECONDS, stopsAtFailure: true });
    console.log(`${report.runs} runs, ${report.carriers} carriers, ${Math.round(report.bytes / 2 ** 20)} MiB checked`);
    const [failed] = report.failed;
    if (failed !== undefined) throw new Error(await explain(scenarioOf(failed.seed), failed.problem));
  },
});
