/**
 * Somebody between an honest client and an honest server who moves the ends of messages: what both prove must be what
 * both mean.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { encodeHex } from "@std/encoding/hex";
import { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { HandshakeChannel } from "../../lib/session/handshake/channel.ts";
import { readReceipts, receiptsField } from "../../lib/session/handshake/fields.ts";
import {
  type Commit,
  encodeAccept,
  encodeChallenge,
  encodeCommit,
  PROOF_BYTES,
} from "../../lib/session/handshake/messages.ts";
import type { Session } from "../../lib/session/session.ts";
import { memoryPipe } from "../support/memory_pipe.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { silentServer, Stage } from "./roles.ts";
import { keep, type Kept } from "./server_handshake.ts";
import { check, hex, type Target, type Trace } from "./target.ts";

/** In the order in which they are sent. */
const MESSAGES = ["hello", "challenge", "commit", "accept"] as const;

/** Moves ends: what it puts behind one message, or takes from there, stands in front of the next. */
class Splicer {
  readonly #choices: Choices;
  readonly #trace: Trace;
  readonly #kind: Commit["kind"];
  #carried: Uint8Array = new Uint8Array(0);
  #next = 0;

  /** @param kind Of the commit that the client will send. */
  constructor(choices: Choices, kind: Commit["kind"], trace: Trace) {
    this.#choices = choices;
    this.#kind = kind;
    this.#trace = trace;
  }

  /** What the other end gets in place of the next message. All messages behind one another stay the same bytes. */
  pass(message: Uint8Array): Uint8Array {
    const choices = this.#choices;
    const name = MESSAGES[this.#next++]!;
    const whole = concat([this.#carried, message]);
    // A proof is no part of what is proven.
    const end = whole.length - (name === "commit" || name === "accept" ? PROOF_BYTES : 0);
    this.#carried = new Uint8Array(0);
    let passed = whole;
    if (name !== "accept" && choices.chance(0.5)) {
      const cut = end - choices.between(0, Math.min(40, message.length));
      this.#carried = choices.chance(0.5) ? whole.slice(cut, end) : this.#invented();
      const kept = choices.chance(0.7) ? end : cut;
      passed = concat([whole.subarray(0, kept), kept === end ? this.#carried : new Uint8Array(0), whole.subarray(end)]);
    }
    this.#trace(() => `${name} ${hex(message)} is passed on as ${hex(passed)}`);
    return passed;
  }

  /** The beginning of a next message of one's own. */
  #invented(): Uint8Array {
    const choices = this.#choices;
    if (choices.chance(0.2)) return choices.bytes(choices.upTo(40));
    switch (this.#next) {
      case 1:
        return encodeChallenge(frames.challenge(choices));
      case 2:
        return encodeCommit(frames.commit(choices, this.#kind));
      default:
        return encodeAccept(frames.accept(choices));
    }
  }
}

/** Passes the four messages on. */
async function splice(splicer: Splicer, client: HandshakeChannel, server: HandshakeChannel): Promise<void> {
  for (const [from, to] of [[client, server], [server, client], [client, server], [server, client]] as const) {
    await to.send(splicer.pass(await from.receive()));
  }
}

/** An honest client of the kept session, or of a new one. */
async function shake(kept: Kept, commit: Commit, handshaking: Promise<ClientHandshake>): Promise<void> {
  const handshake = await handshaking;
  const { accept } = await handshake.commit(commit, commit.kind === "join" ? kept.secret : new Uint8Array(0));
  const isKept = encodeHex(accept.sessionId) === encodeHex(kept.session.id);
  check(isKept === (commit.kind === "join"), () => "the client takes the accept of another session");
  const receipts = readReceipts(accept.fields);
  check(accept.number === commit.number, () => `the client takes the accept of carrier ${accept.number}`);
  check(receipts.every(({ taken }) => taken === 0), () => `the client takes receipts that the server did not send`);
}

/** Both sides of the handshake. */
export const splicedHandshake: Target = {
  name: "spliced-handshake",
  about: "an honest client and server, and somebody between them who moves the ends of their messages",
  quickStreams: 600,
  run(choices, trace) {
    using stage = new Stage(choices);
    const sessions: Session[] = [];
    const server = silentServer(stage, sessions);
    const kept = keep(stage, server, sessions);
    const kind = choices.pick(["join", "new"] as const);
    const number = kind === "join" ? kept.session.lastNumber + choices.between(1, 3) : 0;
    const receipts = kind === "join" && choices.chance(0.5) ? [{ number: 0, taken: 0 }] : [];
    const [left, right] = [memoryPipe(), memoryPipe()];
    server.accept(right.b);
    let wrong: unknown;
    splice(new Splicer(choices, kind, trace), new HandshakeChannel(left.b), new HandshakeChannel(right.a))
      .catch(() => {});
    const handshaking = ClientHandshake.begin(left.a, kind === "join" ? kept.session.id : undefined);
    shake(kept, { kind, number, lane: "quiet", fields: receiptsField(receipts) }, handshaking)
      .catch((error) => wrong = error);
    stage.pass(0);
    if (wrong instanceof Error && wrong.message.startsWith("the client takes")) throw wrong;
    const { lastNumber, error } = kept.session;
    check(lastNumber === number || lastNumber === 0, () => `the server takes carrier ${lastNumber}, not ${number}`);
    check(error === undefined, () => `the session was ended: ${error}`);
    check(kind === "new" || sessions.length === 1, () => "the server began a session that the client did not ask for");
    [left.a, right.a].forEach((end) => end.close());
    check(stage.settles(server.stop("the end"), 1000), () => "the server does not stop");
    stage.pass(1000);
    stage.assertQuiet();
  },
};
