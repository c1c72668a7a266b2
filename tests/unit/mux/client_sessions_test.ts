/** Which sessions a client has at once, where users come, and who it is in each. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { ClientSessions, type OneSession } from "../../../lib/mux/client_sessions.ts";
import type { Mux } from "../../../lib/mux/mux.ts";
import type { Identity } from "../../../lib/session/handshake/keys.ts";
import type { OwnerAbsence } from "../../../lib/session/fleet/owner_absence.ts";
import type { Leaving, LeavingHow } from "../../../lib/session/leaving.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

/** A session of which nothing is there but what these ask and tell. */
class FakeSession implements OneSession {
  draining = { isPeers: false, hasUnopened: false };
  isHalfUsedUp = false;
  isOwnerAway = false;
  left: LeavingHow[] = [];
  replayedBytes = 10;
  identity: Identity | undefined;
  readonly #over = Promise.withResolvers<void>();
  heirs: unknown[] = [];

  constructor(identity: Identity | undefined, readonly log: (message: string) => void) {
    this.identity = identity;
  }

  get upper(): Mux {
    const bequeathUnopened = (heirOf: (service?: string) => Mux | undefined) => {
      this.heirs.push(heirOf());
      this.draining.hasUnopened = false;
    };
    const { draining, isHalfUsedUp } = this, streams = { isHalfUsedUp };
    return { draining, streams, bequeathUnopened, owner: this } as unknown as Mux;
  }

  get ownerAbsence(): OwnerAbsence {
    return { isLong: this.isOwnerAway } as OwnerAbsence;
  }

  get leaving(): Leaving {
    const begin = (how: LeavingHow) => void this.left.push(how);
    return { hasBegun: this.left.length > 0, over: this.#over.promise, begin } as unknown as Leaving;
  }

  async end(): Promise<void> {
    this.#over.resolve();
    await settle();
  }

  stop(): Promise<void> {
    this.#over.resolve();
    return this.#over.promise;
  }
}

function setUp(identity?: Partial<Identity>) {
  const lines: string[] = [];
  const begun: FakeSession[] = [];
  const sessions = new ClientSessions<FakeSession>({
    clock: new FakeClock(),
    log: (level, message) => void lines.push(`${level} ${message}`),
    identity: identity && { keys: {} as CryptoKeyPair, slot: 0, ...identity },
    begin: ({ identity, log }) => {
      const session = new FakeSession(identity, (message) => log("info", message));
      begun.push(session);
      return session;
    },
  });
  /** The server of the present session drains. */
  const drained = () => {
    sessions.present.draining.isPeers = true;
    sessions.look();
    return begun.at(-1)!;
  };
  return { sessions, begun, lines, drained };
}

const slotsOf = (sessions: FakeSession[]) => sessions.map(({ identity }) => [identity?.slot, identity?.lastSlot]);

Deno.test("users come to another session when the server drains, or half of the numbers are used up", () => {
  const { sessions, begun, drained } = setUp();
  sessions.look();
  assertEquals(begun.length, 1);
  const second = drained();
  assertStrictEquals(sessions.present, second);
  second.isHalfUsedUp = true;
  sessions.look();
  assertEquals([begun.length, begun.map(({ left }) => left)], [3, [["patient"], ["patient"], []]]);
  assertEquals(begun.map(({ heirs }) => heirs.length), [1, 1, 0], "who waits moves along");
});

Deno.test("users come to another session when the owner of theirs is away, and only they: none is begun for nobody", () => {
  const { sessions, begun, lines } = setUp();
  for (const count of [2, 3, 4, 4]) {
    begun.at(-1)!.isOwnerAway = true;
    sessions.look();
    assertEquals(begun.length, count, "four at the most");
  }
  const words = "new users go to another session, and those that are there wait for it";
  assertEquals(lines, Array(3).fill(`warn the tele server that holds the session cannot be reached: ${words}`));
  assertEquals(begun.map(({ left, heirs }) => [left, heirs.length]), [
    [["patient"], 1],
    [["patient"], 1],
    [["patient"], 1],
    [[], 0],
  ]);
  const alone = setUp();
  alone.sessions.expectNobody();
  alone.begun[0]!.isOwnerAway = true;
  alone.sessions.look();
  assertEquals(alone.begun.map(({ left }) => left), [[]], "it waits as it would");
  alone.begun[0]!.draining.hasUnopened = true;
  alone.sessions.look();
  assertEquals(alone.begun.map(({ left }) => left), [["patient"], []]);
});

Deno.test("there are four sessions at the most: the last one is left when another is over", async () => {
  const { sessions, begun, drained } = setUp();
  for (let time = 0; time < 5; time++) drained();
  assertEquals([begun.length, sessions.all.length, sessions.present.left], [4, 4, []]);
  await begun[1]!.end();
  assertEquals([begun.length, sessions.all.length, begun[3]!.left], [5, 4, ["patient"]]);
  assertStrictEquals(sessions.present, begun[4]);
});

Deno.test("each session has the lowest slot that is free, and the highest in use as the last", async () => {
  const { begun, drained } = setUp({ slot: 5, lastSlot: 5 });
  assertEquals(slotsOf(begun), [[5, 5]]);
  drained();
  drained();
  assertEquals(slotsOf(begun), [[5, 7], [6, 7], [7, 7]]);
  await begun[1]!.end();
  drained();
  assertEquals(slotsOf(begun).slice(2), [[7, 7], [6, 7]]);
  const whole = setUp({ slot: 0, lastSlot: 9 });
  whole.drained();
  assertEquals(slotsOf(whole.begun), [[0, 9], [1, 9]]);
  const open = setUp({ slot: 0 });
  open.drained();
  assertEquals(slotsOf(open.begun), [[0, undefined], [1, undefined]], "it ends nobody's above");
});

Deno.test("a client whose identity another one has begins its next session without", () => {
  const { begun, drained } = setUp({ slot: 0, lastSlot: 0 });
  begun[0]!.identity = undefined;
  assertEquals(drained().identity, undefined);
});

Deno.test("when nobody comes any more, none follows a session that ends, but for users that wait", () => {
  const { sessions, begun, drained } = setUp();
  sessions.expectNobody();
  drained();
  assertEquals([begun.length, begun[0]!.left], [1, ["patient"]]);
  const waiting = setUp();
  waiting.sessions.expectNobody();
  waiting.begun[0]!.draining.hasUnopened = true;
  waiting.drained();
  assertEquals(waiting.begun.map(({ left }) => left), [["patient"], []]);
});

Deno.test("drained, all are left in a hurry, one that follows for users that wait as well, and it ends with the last", async () => {
  const { sessions, begun, drained } = setUp();
  drained();
  let isOver = false;
  sessions.drain().then(() => isOver = true);
  begun[1]!.draining.hasUnopened = true;
  drained();
  assertEquals(begun.map(({ left }) => left), [["patient", "hurried"], ["hurried", "hurried"], ["hurried"]]);
  assertEquals(sessions.isDraining, true);
  await begun[0]!.end();
  await begun[2]!.end();
  assertEquals(isOver, false);
  await begun[1]!.end();
  assertEquals([isOver, sessions.replayedBytes], [true, 30]);
});

Deno.test("stopped, none follows a session that is over, though the present one is to end", async () => {
  const { sessions, begun, drained } = setUp();
  drained();
  sessions.present.isHalfUsedUp = true;
  const stopped = sessions.stop("the end");
  await settle();
  await stopped;
  assertEquals(begun.length, 2);
  assertEquals(sessions.all, []);
});

Deno.test("the log tells a former session from the present one, and what all have sent again is summed up", async () => {
  const { sessions, begun, lines, drained } = setUp();
  begun[0]!.log("link up");
  drained();
  begun[0]!.log("link lost");
  begun[1]!.log("link up");
  assertEquals(lines, ["info link up", "info former session: link lost", "info link up"]);
  assertEquals(sessions.replayedBytes, 20);
  await begun[0]!.end();
  assertEquals([sessions.replayedBytes, sessions.all.length], [20, 1]);
  await sessions.stop("the test ends");
});
