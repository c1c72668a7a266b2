/** A client's commits: what they take from their session, and when. */
import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { begin, canJoin, join, roundTripFrom } from "../../../lib/session/commit.ts";
import type { ClientHandshake } from "../../../lib/session/handshake/client_handshake.ts";
import {
  type Fields,
  liveField,
  readPath,
  readStartPool,
  type Receipt,
  receiptsField,
  resumeTimeoutField,
} from "../../../lib/session/handshake/fields.ts";
import { readOffers } from "../../../lib/session/handshake/offers.ts";
import type { Identity } from "../../../lib/session/handshake/keys.ts";
import { Session } from "../../../lib/session/session.ts";
import { limitsOf } from "../../../lib/session/session_limits.ts";
import { dataFrame } from "../../support/frames.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";
import { ByteLayer, BYTES_ID } from "../../support/byte_layer.ts";

const SALT = new Uint8Array([1, 2, 3]);
const SECRET = new Uint8Array([4, 5, 6]);
const IDENTITY = {} as Identity;

/** A session with a carrier from which 18 bytes were taken, and handshakes that keep what they are told to commit. */
async function setUp(status: "ready" | "unknown" = "ready", id = new Uint8Array(16)) {
  const clock = new FakeClock();
  const session = new Session({
    end: "client",
    clock,
    pool: new SegmentPool({ plenty: 4 }),
    upper: new ByteLayer(1),
    limits: limitsOf({ replayBufferBytes: 1000 }),
    onDetached: () => {},
  });
  session.id = id;
  session.joinSecret = SECRET;
  const { a } = memoryPipe({ clock });
  session.attach({ duplex: a, number: 0, leftover: dataFrame(BYTES_ID, 0, new Uint8Array(1)) });
  await settle();
  const committed: unknown[][] = [];
  const answers: { accept(fields?: Fields): Promise<void>; fail(): Promise<void> }[] = [];
  const commit = (...all: unknown[]) => {
    committed.push(all);
    const { promise, resolve, reject } = Promise.withResolvers();
    answers.push({
      accept: async (fields: Fields = new Map()) => {
        resolve({ accept: { fields }, leftover: new Uint8Array(0) });
        await settle();
      },
      fail: async () => {
        reject(new Error("cut"));
        await settle();
      },
    });
    return promise;
  };
  const handshake = { canJoin: status === "ready", commit } as unknown as ClientHandshake;
  const attached: number[] = [];
  const controller = new AbortController();
  const terms = {
    lane: "bulk" as const,
    path: 0,
    resumeTimeoutMs: 5_000,
    signal: controller.signal,
    attach: (_: unknown, take: () => number) => void attached.push(take()),
  };
  return { session, committed, answers, handshake, attached, controller, terms };
}

/** The message that joins with these lists. */
function message(number: number, live: number[], receipts: Receipt[]) {
  const fields = new Map([...resumeTimeoutField(5_000), ...liveField(live), ...receiptsField(receipts)]);
  return { kind: "join", number, lane: "bulk", fields };
}

Deno.test("a join beside a carrier calls it alive, and is attached when its accept comes", async () => {
  const { session, committed, answers, handshake, attached, terms } = await setUp();
  assertEquals(canJoin(session, handshake), true);
  const joining = join(session, handshake, terms);
  assertEquals([committed, session.lastNumber], [[[message(1, [0], []), SECRET]], 1]);
  await answers[0]!.accept();
  assertEquals([await joining, attached], [true, [0]]);
});

Deno.test("a join without carriers names what is gone, and what one commit tells the next tells too", async () => {
  const { session, committed, answers, handshake, attached, terms } = await setUp();
  session.detach("another gets through");
  const gone = [{ number: 0, taken: 18 }];
  const failing = join(session, handshake, terms);
  answers[0]!.fail();
  await assertRejects(() => failing, Error, "cut");
  const joining = join(session, handshake, terms);
  await answers[1]!.accept(receiptsField([{ number: 0, taken: 0 }]));
  assertEquals(await joining, true);
  join(session, handshake, terms);
  const messages = committed.map(([message]) => message);
  assertEquals(messages, [message(1, [], gone), message(2, [], gone), message(3, [2], [])]);
  assertEquals(attached, [0]);
});

Deno.test("several may be under way: each has a number of its own, and calls the others alive", async () => {
  const { session, committed, answers, handshake, attached, terms } = await setUp();
  const joins = [1, 2, 3].map(() => join(session, handshake, terms));
  for (const at of [2, 0, 1]) await answers[at]!.accept();
  assertEquals(committed.map(([message]) => message), [
    message(1, [0], []),
    message(2, [0, 1], []),
    message(3, [0, 1, 2], []),
  ]);
  assertEquals([await Promise.all(joins), attached.length], [[true, true, true], 3]);
});

Deno.test("one that is given up is alive no more in that step, and an accept that comes all the same attaches nothing", async () => {
  const { session, committed, answers, handshake, attached, controller, terms } = await setUp();
  const joining = join(session, handshake, terms);
  controller.abort();
  join(session, handshake, { ...terms, signal: new AbortController().signal });
  await answers[0]!.accept();
  assertEquals([await joining, attached, committed[1]![0]], [false, [], message(2, [0], [])]);
});

Deno.test("an impossible receipt in an accept is thrown where its carrier is attached", async () => {
  const { session, answers, handshake, attached, terms } = await setUp();
  session.detach("another gets through");
  const joining = join(session, handshake, terms);
  answers[0]!.accept(receiptsField([{ number: 0, taken: 1 }]));
  await assertRejects(() => joining, Error, "which cannot be");
  assertEquals(attached, []);
});

Deno.test("the server is told which path a carrier takes, if that is not the first", async () => {
  const { session, committed, answers, handshake, terms } = await setUp();
  const joining = join(session, handshake, { ...terms, path: 3 });
  const { fields } = committed[0]![0] as unknown as { fields: Fields };
  assertEquals([readPath(fields), readPath(message(1, [0], []).fields)], [3, 0]);
  await answers[0]!.accept();
  await joining;
});

/** What a new session begins with where the test asks for nothing else. */
const NEW_TERMS = {
  resumeTimeoutMs: 5_000,
  path: 0,
  token: { name: undefined, salt: Promise.resolve(SALT) },
  identity: undefined,
  asksByName: false,
};

Deno.test("a new session begins with the token's salt and the identity, and takes nothing from the old one", async () => {
  for (
    const { session, committed, answers, handshake } of [
      await setUp("unknown"),
      await setUp("ready", new Uint8Array(0)),
    ]
  ) {
    assertEquals(canJoin(session, handshake), false);
    const { carrier } = session;
    const beginning = begin(handshake, {
      resumeTimeoutMs: 5_000,
      path: 0,
      token: { name: undefined, salt: Promise.resolve(SALT) },
      identity: IDENTITY,
      asksByName: undefined,
    });
    await settle();
    const message = { kind: "new", number: 0, lane: "quiet", fields: resumeTimeoutField(5_000) };
    assertEquals(committed, [[message, SALT, IDENTITY]]);
    await answers[0]!.accept();
    await beginning;
    assertEquals([session.carrier === carrier, session.lastNumber], [true, 0]);
  }
});

Deno.test("no session begins with a server that knows no names of services, where they are asked for", async () => {
  const { committed, handshake, answers } = await setUp("unknown");
  const token = { name: undefined, salt: Promise.resolve(SALT) };
  const terms = { ...NEW_TERMS, token, asksByName: true };
  const error = await assertRejects(() => begin(handshake, terms), TeleError, "finds no services by their names");
  assertEquals([error.code, committed.length], ["refused", 0]);
  const beginning = begin({ ...handshake, hasServices: true } as ClientHandshake, terms);
  await settle();
  assertEquals(committed.length, 1);
  await answers[0]!.accept();
  await beginning;
});

Deno.test("what a client offers goes with the credit that the server may take for it, and else neither does", async () => {
  const { committed, handshake, answers } = await setUp("unknown");
  for (const names of [["web", "db"], undefined]) {
    const beginning = begin(handshake, { ...NEW_TERMS, offers: names && { names, startPoolBytes: 1_000_000 } });
    await settle();
    const { fields } = committed.at(-1)![0] as unknown as { fields: Fields };
    assertEquals(readOffers(fields), names?.toSorted() ?? []);
    assertEquals(readStartPool(fields), names && 1_000_000);
    await answers.at(-1)!.accept();
    await beginning;
  }
});

Deno.test("an accept that comes sooner than the challenge did tells the round trip, and one that comes later does not", () => {
  let nowMs = 10_000;
  const roundTripMs = roundTripFrom({ now: () => nowMs }, 5_000);
  nowMs += 80;
  assertEquals(roundTripMs(), 80);
  nowMs += 9_000;
  assertEquals(roundTripMs(), 5_000);
});
