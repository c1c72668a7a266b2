/**
 * Both sides of the handshake, over any duplex. Source: `PROTOCOL.md`, "Handshake".
 *
 *     client                                   server
 *       hello (new | resume, key, nonce)  ──▶
 *                                         ◀──  challenge (ready | unknown, key, nonce)
 *       commit (attempt, count, proof)    ──▶
 *                                         ◀──  accept (id | full, count, proof)  |  refuse (code, why)
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { encodeHex } from "@std/encoding/hex";
import type { Duplex } from "../../net/duplex.ts";
import { readU32 } from "../../net/bytes.ts";
import { TeleError } from "../../net/error.ts";
import { foreignClient, foreignServer } from "../../net/foreign_protocol.ts";
import { tlsRecordKind } from "../../net/tls_record.ts";
import { FRAME_HEADER_BYTES } from "../../ping/codec.ts";
import { EndCode, MAX_HANDSHAKE_FRAME_BYTES } from "../session_constants.ts";
import { type Fields, FieldType, fullField, guardedField } from "./fields.ts";
import { checkIdentity, checkProof, deriveKeys, makeEphemeral, makeProof, signIdentity } from "./keys.ts";
import type { Ephemeral, HandshakeKeys, Identity, ProvenIdentity } from "./keys.ts";
import {
  type Accept,
  type Challenge,
  type Commit,
  decodeAccept,
  decodeChallenge,
  decodeCommit,
  decodeHello,
  encodeAccept,
  encodeChallenge,
  encodeCommit,
  encodeEnding,
  encodeHello,
  type Ending,
  framed,
  FullError,
  type Hello,
  RefusalError,
  SESSION_ID_BYTES,
} from "./messages.ts";
import { tokenOnClientOnly, tokenOnServerOnly, tokensDiffer } from "./token.ts";
import { Transcript } from "./transcript.ts";

/** Reads and writes whole handshake frames on a duplex, and keeps what came behind them. */
export class HandshakeChannel {
  /** The connection. */
  readonly duplex: Duplex;
  #buffer = new Uint8Array(MAX_HANDSHAKE_FRAME_BYTES + FRAME_HEADER_BYTES);
  readonly #other: "server" | "client";
  #filled = 0;
  #received = 0;
  #isFirst = true;

  /**
   * A channel over `duplex`, which nobody else may read until {@linkcode HandshakeChannel.leftover} was taken.
   *
   * @param other Which end of tele should be there.
   */
  constructor(duplex: Duplex, other: "server" | "client" = "server") {
    this.duplex = duplex;
    this.#other = other;
  }

  /** Whether the peer has sent anything at all. */
  get heardAnything(): boolean {
    return this.#received > 0;
  }

  /** Sends one frame. */
  send(payload: Uint8Array): Promise<void> {
    return this.duplex.write(framed(payload));
  }

  /**
   * The payload of the next frame; pings are skipped.
   *
   * Invariant 10: holds at most one frame of {@linkcode MAX_HANDSHAKE_FRAME_BYTES}.
   *
   * @throws {TeleError} `protocol` if a larger frame is announced or TLS was met, `carrier-lost` if the peer ends,
   *   `refused` if a server of another kind answers.
   */
  async receive(): Promise<Uint8Array> {
    for (;;) {
      const frame = this.#takeFrame();
      if (frame !== undefined) return frame;
      const count = await this.duplex.read(this.#buffer.subarray(this.#filled));
      if (count === null) {
        throw new TeleError("carrier-lost", "the other side closed the connection during the handshake");
      }
      this.#filled += count;
      this.#received += count;
    }
  }

  /** What was read behind the last frame taken. */
  leftover(): Uint8Array {
    return this.#buffer.slice(0, this.#filled);
  }

  #takeFrame(): Uint8Array | undefined {
    while (this.#filled >= FRAME_HEADER_BYTES) {
      if (this.#isFirst) this.#refuseForeigners();
      const length = readU32(this.#buffer, 0);
      if (length > MAX_HANDSHAKE_FRAME_BYTES) throw new TeleError("protocol", this.#tooLarge(length));
      const end = FRAME_HEADER_BYTES + length;
      if (this.#filled < end) return undefined;
      const payload = this.#buffer.slice(FRAME_HEADER_BYTES, end);
      this.#buffer.copyWithin(0, end, this.#filled);
      this.#filled -= end;
      this.#isFirst = false;
      if (length > 0) return payload;
    }
    return undefined;
  }

  /** Somebody else lives at the address, or came to the wrong one. */
  #refuseForeigners(): void {
    const first = this.#buffer.subarray(0, this.#filled);
    const error = this.#other === "client" ? foreignClient(first) : foreignServer(this.duplex.peer, first);
    if (error !== undefined) throw error;
  }

  /** What has come is no frame. Which end speaks TLS follows from the record: only clients begin, servers complain. */
  #tooLarge(length: number): string {
    switch (tlsRecordKind(this.#buffer.subarray(0, this.#filled))) {
      case "handshake":
        return "the client speaks TLS, this tele server does not: start it with --tls-cert and --tls-key, " +
          "or the client without --tls";
      case "alert":
        return "the server speaks TLS: start the client with --tls";
      default:
        return `a frame of ${length} bytes was announced before the handshake was done`;
    }
  }
}

/** What a completed handshake leaves behind on the client's side. */
export interface Accepted {
  /** What the server said. */
  accept: Accept;
  /** Of the new session; of a resumed one it stays as it was. */
  resumeSecret: Uint8Array;
  /** Bytes of the session that came behind the accept. */
  leftover: Uint8Array;
}

/** The client's side of one handshake: {@linkcode ClientHandshake.begin}, then one {@linkcode ClientHandshake.commit}. */
export class ClientHandshake {
  readonly #channel: HandshakeChannel;
  readonly #ephemeral: Ephemeral;
  readonly #hello: Hello;
  readonly #challenge: Challenge;
  /** Hello and challenge. */
  readonly #opening: Transcript;

  private constructor(
    channel: HandshakeChannel,
    ephemeral: Ephemeral,
    opened: { hello: Hello; challenge: Challenge; transcript: Transcript },
  ) {
    this.#channel = channel;
    this.#ephemeral = ephemeral;
    this.#hello = opened.hello;
    this.#challenge = opened.challenge;
    this.#opening = opened.transcript;
  }

  /**
   * Sends the hello and waits for the challenge. Nothing is attached yet, so several attempts may do this at once.
   *
   * @param sessionId The session to resume; without it a new one is asked for.
   * @param isGuarded Whether this client has a token.
   * @throws {TeleError} `refused` with the server's reason, or because only one side has a token; `protocol` if this is
   *   no tele server.
   */
  static async begin(duplex: Duplex, sessionId?: Uint8Array, isGuarded = false): Promise<ClientHandshake> {
    const channel = new HandshakeChannel(duplex);
    const ephemeral = await makeEphemeral();
    const { nonce, publicKey } = ephemeral;
    const fields = guardedField(isGuarded);
    const hello: Hello = sessionId === undefined
      ? { kind: "new", nonce, publicKey, fields }
      : { kind: "resume", nonce, publicKey, sessionId, fields };
    const helloBytes = encodeHello(hello);
    await channel.send(helloBytes);
    const challengeBytes = await channel.receive();
    const challenge = decodeChallenge(challengeBytes);
    if (hello.kind === "new" && challenge.status !== "ready") {
      throw new TeleError("protocol", "the server does not know a session that nobody asked for");
    }
    // Never a commit to a server without a token: whoever strips the field from a challenge gets no proof to work on.
    const isServerGuarded = challenge.fields.has(FieldType.guarded);
    if (isGuarded && !isServerGuarded) throw new RefusalError(tokenOnClientOnly().ending);
    if (!isGuarded && isServerGuarded) throw new RefusalError(tokenOnServerOnly().ending);
    const transcript = Transcript.of(helloBytes, challengeBytes);
    return new ClientHandshake(channel, ephemeral, { hello, challenge, transcript });
  }

  /** The connection. */
  get duplex(): Duplex {
    return this.#channel.duplex;
  }

  /** `unknown` if a session was to be resumed and the server does not have it: only a new one can be committed. */
  get status(): Challenge["status"] {
    return this.#challenge.status;
  }

  /**
   * Sends the commit, which attaches, and waits for the proof that the server is the right one.
   *
   * Invariant 1: the caller has detached its old carrier in the step in which it read `commit.received`.
   *
   * @param secret The session's resume secret; for a new session what the token adds, or empty.
   * @throws {FullError} The server has proven itself and has no room for a new session.
   * @throws {TeleError} `refused` with the server's reason, `protocol` if the server's proof does not hold.
   */
  async commit(commit: Commit, secret: Uint8Array, identity?: Identity): Promise<Accepted> {
    const fields: Fields = new Map(commit.fields);
    if (identity !== undefined) fields.set(FieldType.identity, await signIdentity(identity, this.#opening));
    const body = encodeCommit({ ...commit, fields });
    const transcript = this.#opening.with(body);
    const keys = await deriveKeys(this.#ephemeral, this.#challenge.publicKey, secret, transcript);
    await this.#channel.send(concat([body, await makeProof(keys, "client commit", commit.kind, transcript)]));
    const answer = decodeAccept(await this.#channel.receive());
    const whole = transcript.with(answer.body);
    if (!await checkProof(keys, "server accept", commit.kind, whole, answer.proof)) {
      const who = commit.kind === "resume" ? "the server of the session" : "a server that has what this side has";
      throw new TeleError("protocol", `the server's proof does not hold: this is not ${who}`);
    }
    this.#checkAccept(answer.accept, commit.kind);
    if (answer.accept.fields.has(FieldType.full)) throw new FullError();
    const leftover = this.#channel.leftover();
    return { accept: answer.accept, resumeSecret: keys.resumeSecret, leftover };
  }

  /** The accept must be of the session that the commit was for. */
  #checkAccept({ sessionId, received }: Accept, kind: Commit["kind"]): void {
    if (kind === "new") {
      if (received !== 0) throw new TeleError("protocol", "the server has received bytes of a session that is new");
    } else if (encodeHex(sessionId) !== encodeHex(this.#hello.sessionId!)) {
      throw new TeleError("protocol", "the server accepts another session than the one that was asked for");
    }
  }
}

/** What the server knows once a commit's proof holds. */
export interface Committed {
  /** What the client said. */
  commit: Commit;
  /** Who the client is, if it has proven that. */
  identity: ProvenIdentity | undefined;
  /** Of a new session. */
  resumeSecret: Uint8Array;
}

/** The server's side of one handshake, message by message. */
export class ServerHandshake {
  /** Reads and writes the frames. */
  readonly channel: HandshakeChannel;
  #ephemeral: Ephemeral | undefined;
  #transcript = Transcript.of();
  #keys: HandshakeKeys | undefined;
  #hello: Hello | undefined;
  #kind: "new" | "resume" = "new";
  readonly #isGuarded: boolean;

  /** A handshake on `duplex`, which nobody has read from; `isGuarded` says whether this server has a token. */
  constructor(duplex: Duplex, isGuarded = false) {
    this.channel = new HandshakeChannel(duplex, "client");
    this.#isGuarded = isGuarded;
  }

  /**
   * Waits for the hello.
   *
   * @throws {TeleError} `protocol` if it is none, `refused` if it is one of another version, or only one side has a
   *   token.
   */
  async hello(): Promise<Hello> {
    const bytes = await this.channel.receive();
    this.#transcript = Transcript.of(bytes);
    const hello = decodeHello(bytes);
    const isClientGuarded = hello.fields.has(FieldType.guarded);
    if (isClientGuarded && !this.#isGuarded) throw tokenOnClientOnly();
    if (!isClientGuarded && this.#isGuarded) throw tokenOnServerOnly();
    this.#hello = hello;
    return hello;
  }

  /**
   * Sends the challenge: `unknown` if the hello asks for a session that is not here. Nothing in it comes from the
   * token: a stranger learns that there is one, and has nothing to try guesses on.
   */
  async challenge(status: Challenge["status"]): Promise<void> {
    const ephemeral = this.#ephemeral = await makeEphemeral();
    const { nonce, publicKey } = ephemeral;
    const bytes = encodeChallenge({ status, nonce, publicKey, fields: guardedField(this.#isGuarded) });
    this.#transcript = this.#transcript.with(bytes);
    await this.channel.send(bytes);
  }

  /**
   * Waits for the commit and checks its proof and identity.
   *
   * @param secretOf The secret for a commit of this kind, or `undefined` if such a commit is not possible here.
   * @throws {TeleError} `refused` if a proof does not hold, `protocol` if the bytes make no sense.
   */
  async commit(secretOf: (kind: Commit["kind"]) => Uint8Array | undefined): Promise<Committed> {
    const opening = this.#transcript;
    const { commit, body, proof } = decodeCommit(await this.channel.receive());
    const secret = secretOf(commit.kind);
    if (secret === undefined) {
      throw new TeleError("protocol", `a commit of kind ${commit.kind} does not follow from what was said before`);
    }
    this.#kind = commit.kind;
    this.#transcript = opening.with(body);
    const keys = this.#keys = await deriveKeys(this.#ephemeral!, this.#hello!.publicKey, secret, this.#transcript);
    if (!await checkProof(keys, "client commit", commit.kind, this.#transcript, proof)) {
      if (this.#isGuarded && commit.kind === "new") throw tokensDiffer();
      throw new RefusalError({ code: EndCode.proof, message: "the client's proof does not hold" });
    }
    const field = commit.fields.get(FieldType.identity);
    const identity = field === undefined ? undefined : await checkIdentity(field, opening);
    if (field !== undefined && identity === undefined) {
      throw new RefusalError({ code: EndCode.proof, message: "the signature of the client's identity does not hold" });
    }
    return { commit, identity, resumeSecret: keys.resumeSecret };
  }

  /** The accept frame's payload with its proof, to be sent as the first bytes of the attached carrier. */
  async accept(accept: Accept): Promise<Uint8Array> {
    const body = encodeAccept(accept);
    const proof = await makeProof(this.#keys!, "server accept", this.#kind, this.#transcript.with(body));
    return concat([body, proof]);
  }

  /** Tells a client whose proof held that there is no room, with a proof: it may take a session for lost by that. */
  async sayFull(): Promise<void> {
    const accept = { sessionId: new Uint8Array(SESSION_ID_BYTES), received: 0, fields: fullField() };
    await this.channel.send(await this.accept(accept)).catch(() => {});
  }

  /** Tells the client why not; errors of the connection are of no interest any more. */
  async refuse(ending: Ending): Promise<void> {
    await this.channel.send(encodeEnding("refuse", ending)).catch(() => {});
  }
}
