/** What stays of sessions whose token was withdrawn: little, and no longer than a client waits. */
import { assertEquals } from "@std/assert";
import { EndCode } from "../../../lib/session/session_constants.ts";
import type { Session } from "../../../lib/session/session.ts";
import { WithdrawnSessions } from "../../../lib/session/withdrawn_sessions.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const ENDING = { code: EndCode.token, message: "withdrawn" };

function session(number: number, resumeTimeoutMs = 1_000): Session {
  const bytes = (length: number) => new Uint8Array(length).fill(number);
  return { id: bytes(16), joinSecret: bytes(32), resumeTimeoutMs } as Session;
}

Deno.test("a session is found by its identifier until its client waits no longer", async () => {
  const clock = new FakeClock();
  const sessions = new WithdrawnSessions(clock, 10);
  sessions.add(session(1), "alice", ENDING);
  const { id } = session(1);
  const found = sessions.find(id)!;
  assertEquals([found.joinSecret, found.tokenName, found.ending], [session(1).joinSecret, "alice", ENDING]);
  assertEquals(sessions.find(session(2).id), undefined);
  await clock.advance(999);
  assertEquals(sessions.find(id)?.tokenName, "alice");
  await clock.advance(1);
  assertEquals(sessions.find(id), undefined);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("there are never more than there may be sessions: the oldest goes, and who waits no longer before it", async () => {
  const clock = new FakeClock();
  const sessions = new WithdrawnSessions(clock, 3);
  const isFound = () => [1, 2, 3, 4, 5].map((number) => sessions.find(session(number).id) !== undefined);
  for (const number of [1, 2, 3]) sessions.add(session(number, number === 2 ? 100 : 1_000), undefined, ENDING);
  await clock.advance(100);
  sessions.add(session(4), undefined, ENDING);
  assertEquals(isFound(), [true, false, true, true, false]);
  sessions.add(session(5), undefined, ENDING);
  assertEquals(isFound(), [false, false, true, true, true]);
  assertEquals(sessions.count, 3);
});
