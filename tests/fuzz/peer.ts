/**
 * Attached sessions with a mux whose peer was accepted, and then sends what it should not.
 *
 * @module
 */
import { offerAnswersField } from "../../lib/session/handshake/offers.ts";
import { Mux } from "../../lib/mux/mux.ts";
import { MOST_PULL_BYTES, MOST_START_CREDIT } from "../../lib/mux/mux_constants.ts";
import { readU64 } from "../../lib/net/bytes.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { FrameDecoder } from "../../lib/ping/codec.ts";
import { FrameType, MAX_SESSION_FRAME_BYTES } from "../../lib/session/session_constants.ts";
import { SegmentPool } from "../../lib/session/segment_pool.ts";
import { SessionClient } from "../../lib/session/session_client.ts";
import { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { ServerHandshake } from "../../lib/session/handshake/server_handshake.ts";
import { SessionServer } from "../../lib/session/session_server.ts";
import type { Session } from "../../lib/session/session.ts";
import { memoryPipe } from "../support/memory_pipe.ts";
import type { Choices } from "./choices.ts";
import { type Effect, PeerSteps } from "./peer_steps.ts";
import { LIMITS, Stage } from "./roles.ts";
import { check, expectTele, hex, type Target, type Trace } from "./target.ts";
import { Watched, Wire } from "./wire.ts";

const MOST_STREAMS = 20;
const REPLAY_BYTES = 64 * 1024;
/** Open, end and reset of each stream always fit into the log; so many were opened and ended here at the most. */
const MOST_FRAME_BYTES = 30 * 200 * (21 + 200);

/** PROTOCOL.md, "Goodbye". */
const LONGEST_FAREWELL_MS = 30_000;

const NOTHING: Uint8Array = new Uint8Array(0);

type Behaviour = "stuck" | "refuse" | "never" | "sink" | "talk";

/** The users of streams that the peer opens. */
class Users {
  readonly ends: Watched[] = [];
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  readonly dial = (): Promise<Duplex> => {
    if (this.#behaviour === "refuse") return Promise.reject(new Error("connection refused"));
    if (this.#behaviour === "never") return new Promise(() => {});
    // A stuck user's connection takes one byte at the most, so that no window ever moves.
    const pipe = memoryPipe({ bufferBytes: this.#behaviour === "stuck" ? 1 : undefined });
    const end = new Watched(pipe.b, "user");
    this.ends.push(end);
    if (this.#behaviour === "talk") pipe.a.write(new Uint8Array(2000)).catch(() => {});
    if (this.#behaviour !== "stuck") swallow(pipe.a);
    return Promise.resolve(end);
  };
}

async function swallow(duplex: Duplex): Promise<void> {
  const into = new Uint8Array(4096);
  try {
    while (await duplex.read(into) !== null);
  } catch {
    // The end, too.
  }
}

/** The subject, attached, with the far end of its carrier. */
interface Attached {
  session: Session;
  mux: Mux;
  wire: Wire;
  /** What was read of it with the handshake. */
  leftover: Uint8Array;
  stop(): Promise<void>;
}

function attachServer(stage: Stage, choices: Choices, users: Users): Attached {
  const bound: { mux: Mux; session: Session }[] = [];
  const open = { count: 0 };
  const { clock, pool } = stage.common();
  const makeUpper = () =>
    new Mux({ end: "server", clock, pool, maxStreams: MOST_STREAMS, open, dial: users.dial, hasServices: true });
  const bindUpper = (mux: Mux, session: Session) => {
    mux.bind(session);
    bound.push({ mux, session });
  };
  const options = {
    ...stage.common(),
    limits: { ...LIMITS, replayBufferBytes: REPLAY_BYTES, maxSessions: 3 },
    makeUpper,
    bindUpper,
  };
  const server = new SessionServer<Mux>(options);
  const wire = new Wire(choices);
  server.accept(wire.near);
  let leftover = NOTHING;
  const shake = async () => {
    const handshake = await ClientHandshake.begin(wire.far);
    ({ leftover } = await handshake.commit({ kind: "new", number: 0, lane: "quiet", fields: new Map() }, NOTHING));
  };
  check(stage.settles(shake(), 1000) && bound.length === 1, () => "an honest client is not accepted");
  return { ...bound[0]!, wire, leftover, stop: () => server.stop("the end") };
}

function attachClient(stage: Stage, choices: Choices, users: Users, offers: readonly string[]): Attached {
  const bound: { mux: Mux; session: Session }[] = [];
  const open = { count: 0 };
  const pool = new SegmentPool({ plenty: 64 });
  const wire = new Wire(choices);
  let dials = 0;
  let leftover = NOTHING;
  const shake = async () => {
    const handshake = new ServerHandshake(wire.far);
    await handshake.hello();
    await handshake.challenge("ready");
    await handshake.commit(() => NOTHING);
    const fields = offerAnswersField(offers.map(() => "has"));
    const accept = await handshake.accept({ sessionId: choices.bytes(16), number: 0, fields });
    await handshake.channel.send(accept);
    leftover = handshake.channel.leftover();
  };
  const client = new SessionClient<Mux>({
    ...stage.common(),
    limits: { ...LIMITS, replayBufferBytes: REPLAY_BYTES },
    // There is one carrier; later on nobody answers.
    dial: () => dials++ === 0 ? Promise.resolve(wire.near) : Promise.reject(new Error("connection refused")),
    offers,
    makeUpper: () =>
      new Mux({
        end: "client",
        clock: stage.process.clock,
        pool,
        maxStreams: MOST_STREAMS,
        open,
        ...offers.length > 0 && { dial: users.dial, hasServices: true },
      }),
    bindUpper: (mux, session) => {
      mux.bind(session);
      bound.push({ mux, session });
    },
    inherit: () => {},
  });
  check(stage.settles(shake(), 1000), () => "an honest server is not taken");
  stage.pass(0);
  check(client.isAttached, () => `an honest server is not taken: ${stage.lines.join("; ")}`);
  for (let left = choices.between(0, 3); left > 0; left--) {
    users.dial().then((user) => client.upper.open(user), () => {});
  }
  stage.pass(0);
  return { ...bound[0]!, wire, leftover, stop: () => client.stop("the end") };
}

/** The first streams of a client, and what it grants them: the pool has an eighth left for each. */
function openedBy(streams: number): [id: number, granted: number][] {
  return Array.from({ length: streams }, (_, index) => [2 * index + 1, MOST_START_CREDIT]);
}

/** Checks that what happened is what the protocol says of `effect`. */
function judge({ session, wire }: Attached, effect: Effect): void {
  const error = session.error;
  if (error !== undefined) expectTele(["protocol", "refused"], error);
  if (effect === "unknown") return;
  const isAttached = session.carrier !== undefined;
  const got = error !== undefined ? "session" : isAttached ? "nothing" : "carrier";
  check(got === effect, () => `${effect} was to end, but ${got} did: ${error}`);
  check(effect !== "carrier" || wire.near.isClosed, () => "a carrier was given up and left open");
}

function assertBounded({ session, mux }: Attached): void {
  const held = session.budget.heldBytes;
  const most = REPLAY_BYTES + MOST_PULL_BYTES + MOST_FRAME_BYTES;
  check(held <= most, () => `the logs hold ${held} bytes`);
  check(mux.streamCount <= MOST_STREAMS, () => `${mux.streamCount} streams are open`);
}

/** What the subject says that it took. */
class Acknowledgements {
  /** The last one. */
  taken = 0;
  readonly #payload: number[] = [];
  readonly #decoder = new FrameDecoder(MAX_SESSION_FRAME_BYTES, {
    frameStart: () => void (this.#payload.length = 0),
    frameData: (bytes) => void (this.#payload.length < 9 && this.#payload.push(...bytes.subarray(0, 9))),
    frameEnd: () => this.#onFrame(),
    ping: () => {},
  });

  readonly hear = (bytes: Uint8Array): void => this.#decoder.push(bytes);

  #onFrame(): void {
    if (this.#payload[0] !== FrameType.acknowledge) return;
    const taken = readU64(Uint8Array.from(this.#payload), 1);
    check(taken >= this.taken, () => `an acknowledgement of ${taken} behind one of ${this.taken}`);
    this.taken = taken;
  }
}

/** As long as the peer keeps the rules, each of its counted bytes is counted, and acknowledged within some milliseconds. */
function assertCounted({ session }: Attached, sentBytes: number, acknowledged: number | undefined): void {
  check(session.takenBytes === sentBytes, () => `${session.takenBytes} bytes were taken, of ${sentBytes}`);
  if (acknowledged === undefined) return;
  check(acknowledged === sentBytes, () => `${acknowledged} bytes were acknowledged, of ${sentBytes}`);
}

/** Sends steps until one of them ends something, and sometimes beyond. */
function misbehave(
  stage: Stage,
  choices: Choices,
  { attached, steps, heard, trace }: {
    attached: Attached;
    steps: PeerSteps;
    heard: Acknowledgements | undefined;
    trace: Trace;
  },
): void {
  let effect: Effect = "nothing";
  let countedBytes = 0;
  for (let left = choices.between(1, 30); left > 0; left--) {
    const step = steps.next();
    trace(() => `${step.effect}: ${hex(step.wire)}`);
    countedBytes += step.countedBytes;
    attached.wire.send(step.wire);
    // Frames of one read are taken in turns, and what comes behind them after that.
    const ms = choices.pick([5, 5, 10, 300]);
    stage.pass(ms);
    if (effect === "nothing") effect = step.effect;
    judge(attached, effect);
    if (effect === "nothing") assertCounted(attached, countedBytes, ms > 10 ? heard?.taken : undefined);
    assertBounded(attached);
    if (effect !== "nothing" && choices.chance(0.7)) return;
  }
}

/** Sessions whose peer was accepted. */
export const peer: Target = {
  name: "peer",
  about: "attached sessions and their mux, both roles: right, wrong and broken frames of an accepted peer",
  quickStreams: 400,
  run(choices, trace) {
    using stage = new Stage(choices);
    const isServer = choices.chance(0.6);
    const behaviour = choices.pick(["stuck", "refuse", "never", "sink", "talk"] as const);
    trace(() => `the subject is a ${isServer ? "server" : "client"}, users: ${behaviour}`);
    const users = new Users(behaviour);
    const offers = choices.chance(0.5) ? ["db"] : [];
    const attached = isServer ? attachServer(stage, choices, users) : attachClient(stage, choices, users, offers);
    const { wire, session, mux } = attached;
    const isRead = choices.chance(0.8);
    const heard = isRead ? new Acknowledgements() : undefined;
    heard?.hear(attached.leftover);
    if (isRead) wire.swallow(heard!.hear);
    const steps = new PeerSteps(choices, {
      isClient: isServer,
      isOffered: offers.length > 0,
      isStuck: behaviour === "stuck",
      mostStreams: MOST_STREAMS,
      opened: new Map(openedBy(isServer ? 0 : mux.streamCount)),
    });
    misbehave(stage, choices, { attached, steps, heard, trace });
    wire.leave(choices, trace);
    // An honest silence ends a carrier within three times the last promise: 100 s here, or whatever noise has promised.
    stage.pass(1000);
    judge(attached, "unknown");
    assertBounded(attached);
    const wasEnded = session.error !== undefined;
    // Who said goodbye reads on until the peer closes, for so long at the most.
    if (wasEnded) stage.pass(LONGEST_FAREWELL_MS);
    check(!wasEnded || wire.near.isClosed, () => "the session has ended and its carrier stays open");
    check(!wasEnded || mux.streamCount === 0, () => "the session has ended and its streams stay open");
    check(stage.settles(attached.stop(), LONGEST_FAREWELL_MS + 1000), () => "it does not stop");
    stage.pass(1000);
    check(wire.near.isClosed, () => "a stopped process leaves its carrier open");
    const left = users.ends.filter((user) => !user.isClosed).length;
    check(left === 0, () => `${left} users are left connected when everything has ended`);
    stage.assertQuiet();
  },
};
