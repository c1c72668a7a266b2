/** Who goes when there are too many sessions. */
import { assertEquals } from "@std/assert";
import { type Candidate, choiceOf, EVICT_AFTER_MS, MOST_LEFT_BY_A_HOST } from "../../../lib/session/eviction.ts";

const NOW_MS = 1_000_000;

function candidate(over: Partial<Candidate> & { forMs?: number }): Candidate {
  const { forMs = EVICT_AFTER_MS, ...rest } = over;
  return {
    isEmpty: true,
    detachedAt: NOW_MS - forMs,
    hasIdentity: true,
    host: "192.0.2.1",
    tokenName: undefined,
    ...rest,
  };
}

Deno.test("nobody goes who has a carrier, is in a short outage, or has anything to lose", () => {
  const sessions = [
    candidate({ detachedAt: undefined }),
    candidate({ forMs: EVICT_AFTER_MS - 1 }),
    candidate({ isEmpty: false, forMs: 7 * 24 * 3_600_000 }),
  ];
  assertEquals(choiceOf(sessions, NOW_MS), undefined);
});

Deno.test("clients that nobody could know again go first, then who has waited the longest", () => {
  const known = candidate({ forMs: EVICT_AFTER_MS + 9 });
  const longer = candidate({ forMs: EVICT_AFTER_MS + 10 });
  const unknown = candidate({ hasIdentity: false });
  assertEquals(choiceOf([known, longer, unknown], NOW_MS), unknown);
  assertEquals(choiceOf([known, longer], NOW_MS), longer);
});

Deno.test("one host cannot keep everyone out by leaving one session after the other", () => {
  const crowd = Array.from({ length: MOST_LEFT_BY_A_HOST }, (_, at) => candidate({ forMs: at, host: "192.0.2.9" }));
  assertEquals(choiceOf(crowd, NOW_MS), undefined);
  const oldest = candidate({ forMs: 1_000, host: "192.0.2.9" });
  const other = candidate({ forMs: 2_000 });
  assertEquals(choiceOf([other, ...crowd, oldest], NOW_MS), oldest);
  // Not even such a host loses what its users have begun.
  const used = crowd.map((each) => ({ ...each, isEmpty: false }));
  assertEquals(choiceOf([...used, oldest], NOW_MS), undefined);
});

Deno.test("a client that comes often pushes out its own sessions, and none of a name that has fewer", () => {
  const oldest = candidate({ tokenName: "alice", forMs: 3 * EVICT_AFTER_MS });
  const bobs = Array.from({ length: 3 }, () => candidate({ tokenName: "bob" }));
  assertEquals(choiceOf([oldest, ...bobs], NOW_MS, "bob"), bobs[0]);
  const inUse = bobs.map((each) => ({ ...each, detachedAt: undefined }));
  assertEquals(choiceOf([oldest, ...inUse], NOW_MS, "bob"), undefined, "alice has fewer");
  // Who has left more than the newcomer has makes room, else it could keep everybody out.
  const newcomers = [undefined, "carol", "alice"];
  for (const name of newcomers) assertEquals(choiceOf([oldest, ...bobs], NOW_MS, name), bobs[0]);
  for (const name of newcomers) assertEquals(choiceOf([oldest, ...inUse], NOW_MS, name), oldest);
});

Deno.test("clients without a name are counted together", () => {
  const nameless = Array.from({ length: 2 }, () => candidate({}));
  const alice = candidate({ tokenName: "alice" });
  assertEquals(choiceOf([...nameless, alice], NOW_MS, "alice"), nameless[0]);
  assertEquals(choiceOf([alice, { ...nameless[0], isEmpty: false }], NOW_MS), undefined);
});
