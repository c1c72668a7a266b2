/**
 * A client by hand that joins again and again, with receipts and numbers around every edge.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { readU32, readU64 } from "../../lib/net/bytes.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { Mux } from "../../lib/mux/mux.ts";
import { framed } from "../../lib/ping/codec.ts";
import { RefusalError } from "../../lib/session/ending.ts";
import { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { readReceipts, type Receipt, receiptsField } from "../../lib/session/handshake/fields.ts";
import { EndCode } from "../../lib/session/session_constants.ts";
import { SessionServer } from "../../lib/session/session_server.ts";
import type { Session } from "../../lib/session/session.ts";
import { memoryPipe } from "../support/memory_pipe.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { Stage } from "./roles.ts";
import { byteAt, bytesAt, prefixOf, StreamsModel } from "./streams_model.ts";
import { check, expectTele, type Target, type Trace } from "./target.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
const CREDIT = 100_000;
const CALM_MS = 400;

/** A user of the server's: says the bytes of its stream, and takes what comes. */
class User implements Duplex {
  readonly peer = "user";
  got = 0;
  #said = 0;

  constructor(readonly id: number, readonly says: number, readonly chunk: number) {}

  read(into: Uint8Array): Promise<number | null> {
    const count = Math.min(into.length, this.chunk, this.says - this.#said);
    if (count === 0) return this.says % 2 === 0 ? Promise.resolve(null) : new Promise(() => {});
    into.set(bytesAt(this.id, this.#said, count));
    this.#said += count;
    return Promise.resolve(count);
  }

  write(bytes: Uint8Array): Promise<void> {
    bytes.forEach((byte, at) => {
      check(byte === byteAt(this.id, this.got + at), () => `stream ${this.id} got another byte at ${this.got + at}`);
    });
    this.got += bytes.length;
    return Promise.resolve();
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  abort(): void {}
  close(): void {}
}

/** A carrier by hand. */
class HandCarrier {
  /** All that came behind the accept. */
  wire: Uint8Array;
  /** Counted bytes sent on it, and acknowledged. */
  sent = 0;
  acknowledged = 0;
  /** Whether it said anything behind its commit. */
  hasSpoken = false;
  isClosed = false;

  constructor(readonly number: number, readonly duplex: Duplex, leftover: Uint8Array) {
    this.wire = leftover;
    this.#read().catch(() => {}).then(() => this.isClosed = true);
  }

  async #read(): Promise<void> {
    const into = new Uint8Array(64 * 1024);
    for (let count = await this.duplex.read(into); count !== null; count = await this.duplex.read(into)) {
      this.wire = concat([this.wire, into.subarray(0, count)]);
    }
  }

  /** Each counted frame that came, whole or not: where it begins among the counted bytes, and its payload. */
  *frames(): Generator<{ at: number; length: number; payload: Uint8Array }> {
    let counted = 0;
    for (let at = 0; at + 4 < this.wire.length;) {
      const length = 4 + readU32(this.wire, at);
      const type = this.wire[at + 4]!;
      const came = Math.min(length, this.wire.length - at);
      if (type >= 0x20 && type <= 0x3f) {
        yield { at: counted, length, payload: this.wire.subarray(at + 4, at + came) };
        counted += came;
      }
      at += length;
    }
  }

  /** Counted bytes that came. */
  get counted(): number {
    let counted = 0;
    for (const { at, payload } of this.frames()) counted = at + 4 + payload.length;
    return counted;
  }

  send(bytes: Uint8Array, isCounted = true): void {
    this.hasSpoken = true;
    if (isCounted) this.sent += bytes.length;
    this.duplex.write(bytes).catch(() => {});
  }
}

/** The client: what it has of each stream, by what it has told the server that it took. */
class Client {
  readonly model = new StreamsModel(undefined, (what) => this.#broken = what);
  /** What the server took of carriers that are gone, as long as they are not settled. */
  readonly owed: Map<number, number> = new Map();
  /** Receipts that the server has taken. */
  readonly claimed: Map<number, number> = new Map();
  readonly sentData: Map<number, number> = new Map();
  highest = 0;
  carrier!: HandCarrier;
  #broken = "";

  /** The server was told that so many counted bytes of `carrier` were taken: it may send them no more. */
  take(carrier: HandCarrier, taken: number): void {
    for (const { at, length, payload } of carrier.frames()) {
      const isData = payload[0] === 0x21 || payload[0] === 0x23;
      const part = at + length <= taken ? payload : payload.subarray(0, Math.max(0, taken - at - 4));
      if (part.length < payload.length && (!isData || part.length <= 13)) return;
      const isWhole = part.length === length - 4;
      if (isData) {
        const [id, offset] = [readU32(part, 1), readU64(part, 5)];
        this.#data(id, offset, part.subarray(13), isWhole && part[0] === 0x23);
      } else if (isWhole) {
        this.#judge(part);
      }
      if (!isWhole) return;
    }
  }

  #data(id: number, offset: number, bytes: Uint8Array, isEnd: boolean): void {
    bytes.forEach((byte, at) => {
      check(byte === byteAt(id, offset + at), () => `byte ${offset + at} of stream ${id} is another`);
    });
    const before = this.#came(id);
    this.#judge(frames.dataFrame(id, offset, bytes, isEnd).subarray(4));
    const repeated = bytes.length - (this.#came(id) - before);
    check(repeated === 0, () => `${repeated} bytes of stream ${id} are sent again though they were taken`);
  }

  #came(id: number): number {
    return (this.model.streams.get(id)?.runs ?? []).reduce((sum, [start, end]) => sum + end - start, 0);
  }

  #judge(payload: Uint8Array): void {
    const { ends } = this.model.take(payload);
    check(ends === "nothing", () => `the server sends what it must not: ${this.#broken}`);
  }
}

interface Scene {
  stage: Stage;
  choices: Choices;
  trace: Trace;
  server: SessionServer<Mux>;
  session: Session;
  sessionId: Uint8Array;
  secret: Uint8Array;
  client: Client;
}

function begin(stage: Stage, choices: Choices, trace: Trace, users: User[]): Scene {
  const sessions: Session[] = [];
  const { clock, pool } = stage.common();
  const open = { count: 0 };
  const chunk = choices.pick([1, 100, 3000, 50_000]);
  const most = choices.pick([3, 300, 5000, 90_000]);
  const dial = () => {
    const user = new User(2 * users.length + 1, choices.between(0, most), Math.max(chunk, most >> 7));
    users.push(user);
    return Promise.resolve(user);
  };
  const server = new SessionServer<Mux>({
    ...stage.common(),
    makeUpper: () => new Mux({ end: "server", clock, pool, maxStreams: 10, open, dial }),
    bindUpper: (mux, session) => {
      mux.bind(session);
      sessions.push(session);
    },
  });
  const pipe = memoryPipe();
  server.accept(pipe.b);
  const client = new Client();
  let [secret, sessionId] = [NOTHING, NOTHING];
  const shake = async () => {
    const handshake = await ClientHandshake.begin(pipe.a);
    const commit = { kind: "new", number: 0, lane: "quiet", fields: new Map() } as const;
    const { accept, joinSecret, leftover } = await handshake.commit(commit, NOTHING);
    [secret, sessionId] = [joinSecret, accept.sessionId];
    client.carrier = new HandCarrier(0, pipe.a, leftover);
  };
  check(stage.settles(shake(), 1000) && sessions.length === 1, () => "an honest client is not accepted");
  return { stage, choices, trace, server, session: sessions[0]!, sessionId, secret, client };
}

/** The client says something: an open, data, an acknowledgement, a probe. */
function speak({ choices, client }: Scene): void {
  const { carrier, model, sentData } = client;
  const id = model.highest === 0 ? 1 : model.highest + 2;
  switch (choices.between(0, 4)) {
    case 0:
      if (id > 15) return;
      model.opened(id, CREDIT);
      sentData.set(id, 0);
      return carrier.send(frames.openFrame(id, { send: CREDIT, receive: CREDIT }));
    case 1:
    case 2: {
      if (sentData.size === 0) return;
      const stream = choices.pick([...sentData.keys()]);
      const offset = sentData.get(stream)!;
      const bytes = bytesAt(stream, offset, choices.between(0, 300));
      sentData.set(stream, offset + bytes.length);
      return carrier.send(frames.dataFrame(stream, offset, bytes));
    }
    case 3: {
      const { counted, acknowledged } = carrier;
      carrier.acknowledged = choices.chance(0.3) ? counted : choices.between(acknowledged, counted);
      return carrier.send(framed(frames.acknowledgePayload(carrier.acknowledged)), false);
    }
    default:
      return carrier.send(framed(frames.probePayload(1, 1000)), false);
  }
}

/** What a commit says of the carrier that was used until now. */
type Claim = "right" | "none" | "too low" | "too high";

/** One join; returns whether the session goes on. */
function join(scene: Scene): boolean {
  const { stage, choices, trace, session, client } = scene;
  const former = client.carrier;
  // Of both ends' bytes all that was handed to writes arrives.
  stage.pass(CALM_MS);
  check(session.error === undefined, () => `the session is over: ${session.error}`);
  const { acknowledged, counted } = former;
  let claim = choices.pick(["right", "right", "right", "right", "none", "too low", "too high"] as const) as Claim;
  if (claim === "too low" && acknowledged === 0) claim = "right";
  const taken = claim === "too low"
    ? choices.between(0, acknowledged - 1)
    : claim === "too high"
    ? counted + choices.pick([1, 2, 1000])
    : choices.pick([acknowledged, counted, choices.between(acknowledged, counted)]);
  const isStale = choices.chance(0.15);
  const number = isStale ? choices.between(0, client.highest) : client.highest + choices.pick([1, 1, 2, 7]);
  if (number === 0) return true;
  const receipts: Receipt[] = claim === "none" || former.number >= number ? [] : [{ number: former.number, taken }];
  // Those that are settled, or never were, are ignored.
  const other = choices.between(0, number - 1);
  const isOther = choices.chance(0.3) && other !== former.number && other < number;
  const before = client.claimed.get(other);
  const again = before === undefined ? choices.between(0, 1000) : before + (choices.chance(0.8) ? 0 : 1);
  if (isOther) receipts.push({ number: other, taken: again });
  // Final, as long as the server's own is owed; else it is settled, and means nothing.
  const isOwed = !former.hasSpoken && (client.owed.get(other) ?? 0) > 0;
  const isOtherThanBefore = isOther && isOwed && before !== undefined && again !== before;
  trace(() => `joins as ${number}${isStale ? " (stale)" : ""}, ${claim}: ${Deno.inspect(receipts)}; sent ${counted}`);
  const pipe = memoryPipe();
  scene.server.accept(pipe.b);
  let outcome: Awaited<ReturnType<ClientHandshake["commit"]>> | undefined;
  let refusal: unknown;
  const shake = async () => {
    const handshake = await ClientHandshake.begin(pipe.a, scene.sessionId);
    const commit = {
      kind: "join",
      number,
      lane: choices.pick(["quiet", "bulk"] as const),
      fields: receiptsField(receipts),
    };
    outcome = await handshake.commit(commit as Parameters<ClientHandshake["commit"]>[0], scene.secret);
  };
  stage.settles(shake().catch((error) => refusal = error), 2000);
  if (isStale) {
    const isRefused = refusal instanceof RefusalError && refusal.endCode === EndCode.stale;
    check(isRefused, () => `a stale commit is answered with ${refusal ?? "an accept"}`);
    check(session.error === undefined && !former.isClosed, () => "a stale commit harms the session");
    pipe.a.close();
    return true;
  }
  client.highest = number;
  // Not to name it says that nothing was taken.
  const isDenied = claim === "none" && acknowledged > 0;
  const isBroken = claim === "too low" || claim === "too high" || isOtherThanBefore || isDenied;
  if (isBroken) {
    const how = isOtherThanBefore ? "another than before" : claim;
    check(session.error !== undefined && outcome === undefined, () => `a receipt that is ${how} was taken`);
    expectTele(["protocol"], session.error);
    return false;
  }
  check(outcome !== undefined && session.error === undefined, () => `${refusal}; the session: ${session.error}`);
  assertAccept(scene, former, receipts, readReceipts(outcome!.accept.fields));
  if (claim !== "none") client.claimed.set(former.number, taken);
  client.take(former, claim === "none" ? acknowledged : taken);
  former.duplex.close();
  client.carrier = new HandCarrier(number, pipe.a, outcome!.leftover);
  return true;
}

/**
 * The server tells what it took of carriers that the commit names and that are not settled: they are when the client was
 * heard behind an accept that told of them, or when a commit does not name them.
 */
function assertAccept({ client: { owed } }: Scene, former: HandCarrier, named: Receipt[], told: Receipt[]): void {
  if (former.hasSpoken) owed.clear();
  owed.set(former.number, former.sent);
  const numbers = new Set(named.map(({ number }) => number));
  for (const number of owed.keys()) if (!numbers.has(number)) owed.delete(number);
  const due = [...owed].filter(([, taken]) => taken > 0).sort(([one], [other]) => one - other);
  const got = told.filter(({ taken }) => taken > 0).map(({ number, taken }) => [number, taken]);
  check(`${got}` === `${due}`, () => `receipts for ${Deno.inspect(told)}, due ${Deno.inspect(due)}`);
  check(told.every(({ number }) => numbers.has(number)), () => `receipts that nobody asked for: ${Deno.inspect(told)}`);
}

/** {@linkcode SessionServer} and its sessions' books of carriers. */
export const joins: Target = {
  name: "joins",
  about: "a session that is joined again and again: receipts, numbers and what is sent again, beside what was claimed",
  quickStreams: 300,
  run(choices, trace) {
    using stage = new Stage(choices);
    const users: User[] = [];
    const scene = begin(stage, choices, trace, users);
    const { client, session } = scene;
    let goesOn = true;
    for (let left = choices.between(1, 8); left > 0 && goesOn; left--) {
      for (let words = choices.between(0, 10); words > 0; words--) {
        speak(scene);
        stage.pass(choices.pick([0, 0, 1, 10]));
      }
      goesOn = join(scene);
    }
    for (let left = 200; left > 0 && goesOn; left--) {
      const { carrier } = client;
      carrier.acknowledged = carrier.counted;
      carrier.send(framed(frames.acknowledgePayload(carrier.acknowledged)), false);
      stage.pass(20);
      if (carrier.counted === carrier.acknowledged && session.budget.heldBytes === 0) break;
    }
    if (goesOn) {
      client.take(client.carrier, client.carrier.counted);
      check(session.error === undefined, () => `the session is over: ${session.error}`);
      for (const user of users) {
        const stream = client.model.streams.get(user.id)!;
        check(prefixOf(stream) === user.says, () => `${prefixOf(stream)} of ${user.says} bytes of ${user.id} came`);
        const isEnded = stream.final === user.says;
        check(isEnded === (user.says % 2 === 0), () => `stream ${user.id} has ended: ${isEnded}`);
        check(user.got === client.sentData.get(user.id), () => `user ${user.id} got ${user.got} bytes`);
      }
      check(users.length === client.sentData.size, () => `${users.length} users`);
    }
    client.carrier.duplex.close();
    check(stage.settles(scene.server.stop("the end"), 31_000), () => "the server does not stop");
    stage.pass(1000);
    stage.assertQuiet();
  },
};
