/**
 * Makes a failing scenario smaller while it still fails in the same way.
 *
 * @module
 */
import { playAlone } from "./run.ts";
import type { Scenario } from "./scenario.ts";

/** Runs that shrinking may take. */
const MOST_RUNS = 400;

/** The kind of a problem: what it says without the numbers and names in it. */
export function kindOf(problem: string): string {
  return problem.replace(/[0-9a-f]{8}|\d+(\.\d+)?/g, "#").slice(0, 60);
}

/**
 * Tries simpler scenarios, one change at a time, until none of them fails any more.
 *
 * @returns The simplest that fails with a problem of the same kind.
 */
export async function shrink(scenario: Scenario, problem: string): Promise<Scenario> {
  const kind = kindOf(problem);
  let best = scenario;
  let runs = 0;
  for (let isBetter = true; isBetter && runs < MOST_RUNS;) {
    isBetter = false;
    for (const simpler of simplerThan(best)) {
      if (++runs > MOST_RUNS) break;
      const outcome = await playAlone(simpler);
      if (outcome.problem === undefined || kindOf(outcome.problem) !== kind) continue;
      best = simpler;
      isBetter = true;
      break;
    }
  }
  return best;
}

/** Scenarios with a little less in them, those that leave out most first. */
function* simplerThan(scenario: Scenario): Generator<Scenario> {
  const { streams, events, fates, prompt, lines } = scenario;
  if (prompt.length === 0) {
    if (streams.length > 2) {
      yield { ...scenario, streams: streams.slice(0, streams.length >> 1) };
      yield { ...scenario, streams: streams.slice(streams.length >> 1) };
    }
    for (let at = 0; at < streams.length; at++) yield { ...scenario, streams: without(streams, at) };
  }
  for (let at = 0; at < events.length; at++) yield { ...scenario, events: without(events, at) };
  if (fates.length > 0) yield { ...scenario, fates: [] };
  if (fates.length > 1) yield { ...scenario, fates: fates.slice(0, -1) };
  for (let at = 0; at < fates.length; at++) {
    if (fates[at] !== null) yield { ...scenario, fates: fates.map((fate, index) => index === at ? null : fate) };
  }
  const plain = { delayMs: 1, bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  if (JSON.stringify(lines) !== JSON.stringify(plain)) yield { ...scenario, lines: plain };
  // An event at a path is another one where there are fewer: the only path is dead, and all wait for it.
  const namesPath = events.some(({ kind }) => kind === "path");
  if (scenario.otherLines.length > 0 && !namesPath) yield { ...scenario, otherLines: [] };
  if (scenario.cryptoMs > 0) yield { ...scenario, cryptoMs: 0 };
  if (scenario.togetherMs > 0) yield { ...scenario, togetherMs: 0 };
  for (let at = 0; at < streams.length; at++) {
    const { client } = streams[at];
    const change = (plan: Partial<typeof client>) => ({
      ...scenario,
      streams: streams.map((stream, index) => index === at ? { ...stream, client: { ...client, ...plan } } : stream),
    });
    if (client.resetMs >= 0) yield change({ resetMs: -1 });
    if (client.stallAtBytes >= 0) yield change({ stallAtBytes: -1 });
    if (client.readMs > 0) yield change({ readMs: 0 });
    if (client.pauseMs > 0) yield change({ pauseMs: 0 });
    if (client.bytes > 64) yield change({ bytes: client.bytes >> 1 });
  }
  const used = Math.min(scenario.serverUsers.length, streams.length);
  for (let at = 0; at < used; at++) {
    const user = scenario.serverUsers[at];
    const simple = { ...user.plan, resetMs: -1, stallAtBytes: -1, readMs: 0, pauseMs: 0 };
    if (JSON.stringify(simple) === JSON.stringify(user.plan) && user.dialMs === 0) continue;
    yield {
      ...scenario,
      serverUsers: scenario.serverUsers.map((other, index) =>
        index === at ? { ...user, dialMs: 0, plan: simple } : other
      ),
    };
  }
}

function without<Item>(items: Item[], at: number): Item[] {
  return [...items.slice(0, at), ...items.slice(at + 1)];
}

/** A failing run for a person: what it was about, what happened, and how to see it again. */
export async function explain(scenario: Scenario, problem: string): Promise<string> {
  const small = await shrink(scenario, problem);
  const { trace, problem: same } = await playAlone(small, true);
  const { events, streams, fates } = small;
  return [
    `seed ${scenario.seed} (${scenario.kind}) fails: ${problem}`,
    `shrunk to ${streams.length} streams, ${events.length} events, ${fates.filter(Boolean).length} fates: ${same}`,
    `  ${JSON.stringify({ ...small, serverUsers: small.serverUsers.slice(0, Math.max(1, streams.length)) })}`,
    ...trace.slice(-200),
    `again: deno task sim --seed=${scenario.seed} --trace`,
  ].join("\n");
}
