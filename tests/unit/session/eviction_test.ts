/** Who goes when there are too many sessions. */
import { assertEquals } from "@std/assert";
import { type Candidate, choiceOf, EVICT_AFTER_MS, MOST_LEFT_BY_A_HOST } from "../../../lib/session/eviction.ts";

const NOW_MS = 1_000_000;

function candidate(over: Partial<Candidate> & { forMs?: number }): Candidate {
  const { forMs = EVICT_AFTER_MS, ...rest } = over;
  return { isEmpty: true, detachedAt: NOW_MS - forMs, hasIdentity: true, host: "192.0.2.1", ...rest };
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
