/**
 * The client's side of the handshake, over any duplex. Source: `PROTOCOL.md`, "Handshake".
 *
 *     client                                      server
 *       hello (new | join, key, nonce)       ──▶
 *                                            ◀──  challenge (ready | unknown, key, nonce)
 *       commit (number, lane, fields, proof) ──▶
 *                                            ◀──  accept (id | full, number, fields, proof)  |  refuse (code, why)
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { encodeHex } from "@std/encoding/hex";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";
import { NO_LEAF } from "../../net/leaf.ts";
import { RefusalError } from "../ending.ts";
import { OwnerAwayError } from "../fleet/owner_away.ts";
import { HandshakeChannel } from "./channel.ts";
import { type Fields, FieldType, guardedField, leafField, readFull, ticketField } from "./fields.ts";
import { heard, unproven } from "./hearsay.ts";
import {
  checkProof,
  deriveKeys,
  type Ephemeral,
  type Identity,
  makeEphemeral,
  makeProof,
  signIdentity,
} from "./keys.ts";
import {
  type Accept,
  type Challenge,
  type Commit,
  decodeAccept,
  decodeChallenge,
  encodeCommit,
  encodeHello,
  type Hello,
} from "./messages.ts";
import { tokenOnClientOnly, tokenOnServerOnly } from "./token.ts";
import { Transcript } from "./transcript.ts";

/**
 * A server has proven itself and has no room for a new session. Unlike a refusal, which anyone can send, that is
 * believed during an outage too: a session that the server did not know is gone.
 */
export class FullError extends TeleError {
  /** Whether other servers, which the next attempt may meet, may have room. */
  readonly hasOthers: boolean;

  /** An error that says what helps. */
  constructor({ hasOthers }: Pick<FullError, "hasOthers">) {
    super("refused", "the tele server takes no more sessions: --max-sessions on its side allows more");
    this.name = "FullError";
    this.hasOthers = hasOthers;
  }
}

/** What a completed handshake leaves behind on the client's side. */
export interface Accepted {
  /** What the server said. */
  accept: Accept;
  /** Of the new session; of one that was joined it stays as it was. */
  joinSecret: Uint8Array;
  /** Bytes of the session that came behind the accept. */
  leftover: Uint8Array;
}

/**
 * The client's side of one handshake: {@linkcode ClientHandshake.begin}, then one {@linkcode ClientHandshake.commit}.
 */
export class ClientHandshake {
  readonly #channel: HandshakeChannel;
  readonly #ephemeral: Ephemeral;
  readonly #hello: Hello;
  readonly #challenge: Challenge;
  /** Hello and challenge. */
  readonly #opening: Transcript;
  /** What is proven of the TLS around the carrier. */
  readonly #leaf: Uint8Array;

  private constructor(
    channel: HandshakeChannel,
    ephemeral: Ephemeral,
    opened: { hello: Hello; challenge: Challenge; transcript: Transcript; leaf: Uint8Array },
  ) {
    this.#channel = channel;
    this.#ephemeral = ephemeral;
    this.#hello = opened.hello;
    this.#challenge = opened.challenge;
    this.#opening = opened.transcript;
    this.#leaf = opened.leaf;
  }

  /**
   * Sends the hello and waits for the challenge. Nothing is attached yet, so several attempts may do this at once.
   *
   * @param sessionId The session to join; without it a new one is asked for.
   * @param isGuarded Whether this client has a token. Then the carrier's {@linkcode Duplex.leaf} is proven with it.
   * @param ticket What leads to the owner of the session, or of the one before it, if this client has such a ticket.
   * @throws {TeleError} `refused` with the server's reason, or because only one side has a token; `protocol` if this is
   *   no tele server; `carrier-lost` if this one cannot reach the owner.
   */
  static async begin(
    duplex: Duplex,
    sessionId?: Uint8Array,
    isGuarded = false,
    ticket?: Uint8Array,
  ): Promise<ClientHandshake> {
    const channel = new HandshakeChannel(duplex);
    const ephemeral = await makeEphemeral();
    const { nonce, publicKey } = ephemeral;
    const leaf = isGuarded ? duplex.leaf : undefined;
    const fields = new Map([...guardedField(isGuarded), ...leafField(leaf), ...ticketField(ticket)]);
    const hello: Hello = sessionId === undefined
      ? { kind: "new", nonce, publicKey, fields }
      : { kind: "join", nonce, publicKey, sessionId, fields };
    const helloBytes = encodeHello(hello);
    await channel.send(helloBytes);
    const challengeBytes = await channel.receive();
    const challenge = heard(() => decodeChallenge(challengeBytes), duplex, isGuarded);
    if (hello.kind === "new" && challenge.status !== "ready") {
      throw new TeleError("protocol", "the server does not know a session that nobody asked for");
    }
    // Anyone can say so: it is one more failed attempt.
    if (challenge.status === "unreachable") throw new OwnerAwayError();
    // Never a commit to a server without a token: whoever strips the field from a challenge gets no proof to work on.
    const isServerGuarded = challenge.fields.has(FieldType.guarded);
    if (isGuarded && !isServerGuarded) throw unproven(tokenOnClientOnly().ending);
    if (!isGuarded && isServerGuarded) throw new RefusalError(tokenOnServerOnly().ending);
    const transcript = Transcript.of(helloBytes, challengeBytes);
    return new ClientHandshake(channel, ephemeral, { hello, challenge, transcript, leaf: leaf ?? NO_LEAF });
  }

  /** Whether a session is to be joined, which its server knows. */
  get canJoin(): boolean {
    return this.#hello.kind === "join" && this.#challenge.status === "ready";
  }

  /** The connection. */
  get duplex(): Duplex {
    return this.#channel.duplex;
  }

  /** `unknown` if a session was to be joined and the server does not have it: only a new one can be committed. */
  get status(): Challenge["status"] {
    return this.#challenge.status;
  }

  /** Whether the server finds services by their names. */
  get hasServices(): boolean {
    return this.#challenge.fields.has(FieldType.services);
  }

  /**
   * Sends the commit, which attaches, and waits for the proof that the server is the right one.
   *
   * The caller has made the commit's lists in the step in which it took all carriers for gone that `live` leaves out.
   *
   * @param secret The session's join secret; for a new session what the token adds, or empty.
   * @throws {FullError} The server has proven itself and has no room for a new session.
   * @throws {TeleError} `refused` with the server's reason, `protocol` if the server's proof does not hold.
   */
  async commit(commit: Commit, secret: Uint8Array, identity?: Identity): Promise<Accepted> {
    const fields: Fields = new Map(commit.fields);
    if (identity !== undefined) fields.set(FieldType.identity, await signIdentity(identity, this.#opening));
    const body = encodeCommit({ ...commit, fields });
    const transcript = this.#opening.with(body).with(this.#leaf);
    const keys = await deriveKeys(this.#ephemeral, this.#challenge.publicKey, secret, transcript);
    await this.#channel.send(concat([body, await makeProof(keys, "client commit", commit.kind, transcript)]));
    const bytes = await this.#channel.receive();
    const isGuarded = this.#hello.fields.has(FieldType.guarded);
    const answer = heard(() => decodeAccept(bytes), this.duplex, isGuarded);
    const whole = transcript.with(answer.body);
    if (!await checkProof(keys, "server accept", commit.kind, whole, answer.proof)) {
      const who = commit.kind === "join" ? "the server of the session" : "a server that has what this side has";
      throw new TeleError("protocol", `the server's proof does not hold: this is not ${who}`);
    }
    this.#checkAccept(answer.accept, commit);
    const full = readFull(answer.accept.fields);
    if (full !== undefined) throw new FullError(full);
    const leftover = this.#channel.leftover();
    return { accept: answer.accept, joinSecret: keys.joinSecret, leftover };
  }

  /** The accept must be of the carrier that was committed, and of the session that the commit was for. */
  #checkAccept({ sessionId, number }: Accept, commit: Commit): void {
    if (number !== commit.number) {
      throw new TeleError("protocol", `the server accepts carrier ${number}, not ${commit.number}`);
    }
    if (commit.kind === "join" && encodeHex(sessionId) !== encodeHex(this.#hello.sessionId!)) {
      throw new TeleError("protocol", "the server accepts another session than the one that was asked for");
    }
  }
}
