/**
 * The server's side of the handshake, over any duplex. Source: `PROTOCOL.md`, "Handshake".
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";
import { NO_LEAF } from "../../net/leaf.ts";
import { encodeEnding, type Ending, RefusalError } from "../ending.ts";
import { EndCode } from "../session_constants.ts";
import { HandshakeChannel } from "./channel.ts";
import { FieldType, fullField, guardedField, readName, servicesField } from "./fields.ts";
import {
  checkIdentity,
  checkProof,
  deriveKeys,
  type Ephemeral,
  type HandshakeKeys,
  makeEphemeral,
  makeProof,
  type ProvenIdentity,
} from "./keys.ts";
import {
  type Accept,
  type Challenge,
  type Commit,
  decodeCommit,
  decodeHello,
  encodeAccept,
  encodeChallenge,
  type Hello,
  type Kind,
  SESSION_ID_BYTES,
} from "./messages.ts";
import { agreedLeaf, type Encryption, refuseTls } from "./seal.ts";
import { tokenOnClientOnly, tokenOnServerOnly, tokensDiffer } from "./token.ts";
import { Transcript } from "./transcript.ts";

/** What a server can do that its challenge tells. */
export interface ServerFeatures {
  /**
   * Whether the layer above finds services by their names.
   *
   * @default {false}
   */
  hasServices?: boolean;
}

/** What the server knows once a commit's proof holds. */
export interface Committed {
  /** What the client said. */
  commit: Commit;
  /** Name of the client's token, which it has proven to have. */
  name: string | undefined;
  /** Who the client is, if it has proven that. */
  identity: ProvenIdentity | undefined;
  /** Of a new session. */
  joinSecret: Uint8Array;
}

/** The server's side of one handshake, message by message. */
export class ServerHandshake {
  /** Reads and writes the frames. */
  readonly channel: HandshakeChannel;
  #ephemeral: Ephemeral | undefined;
  #transcript = Transcript.of();
  #keys: HandshakeKeys | undefined;
  #hello: Hello | undefined;
  #helloBytes: Uint8Array = new Uint8Array(0);
  #kind: Kind = "new";
  readonly #isGuarded: boolean;
  readonly #encryption: Encryption;
  readonly #hasServices: boolean;
  /** What is proven of the TLS around the carrier. */
  #leaf = NO_LEAF;

  /**
   * A handshake on `duplex`, which nobody has read from.
   *
   * @param isGuarded Whether this server has a token.
   * @param encryption Whether clients must seal their carriers; only with a token.
   * @param hasServices Whether this server finds services by their names.
   */
  constructor(duplex: Duplex, isGuarded = false, encryption: Encryption = "never", hasServices = false) {
    this.channel = new HandshakeChannel(duplex, "client", () => refuseTls(isGuarded));
    this.#isGuarded = isGuarded;
    this.#encryption = encryption;
    this.#hasServices = hasServices;
  }

  /**
   * Waits for the hello.
   *
   * @throws {TeleError} `protocol` if it is none, `refused` if it is one of another version, if only one side has a
   *   token, or if the carrier is not sealed as it should be.
   */
  async hello(): Promise<Hello> {
    const bytes = this.#helloBytes = await this.channel.receive();
    this.#transcript = Transcript.of(bytes);
    const hello = decodeHello(bytes);
    const isClientGuarded = hello.fields.has(FieldType.guarded);
    if (isClientGuarded && !this.#isGuarded) throw tokenOnClientOnly();
    if (!isClientGuarded && this.#isGuarded) throw tokenOnServerOnly();
    if (this.#isGuarded) {
      this.#leaf = agreedLeaf(this.#encryption, hello.fields.get(FieldType.leaf), this.channel.duplex.leaf);
    }
    this.#hello = hello;
    return hello;
  }

  /** Behind the hello: the connection as it came, for somebody else who reads that anew. */
  unread(): Duplex {
    return this.channel.unread(this.#helloBytes);
  }

  /**
   * Sends the challenge: `unknown` if the hello asks for a session that is not here. Nothing in it comes from the
   * token: a stranger learns that there is one, and has nothing to try guesses on.
   */
  async challenge(status: Challenge["status"]): Promise<void> {
    const ephemeral = this.#ephemeral = await makeEphemeral();
    const { nonce, publicKey } = ephemeral;
    const fields = new Map([...guardedField(this.#isGuarded), ...servicesField(this.#hasServices)]);
    const bytes = encodeChallenge({ status, nonce, publicKey, fields });
    this.#transcript = this.#transcript.with(bytes);
    await this.channel.send(bytes);
  }

  /**
   * Waits for the commit and checks its proof and identity.
   *
   * @param secretOf The secret for a commit of this kind under this token's name, or `undefined` if a commit of this kind
   *   is not possible here. It has one for every name: an unknown one is refused like a proof that does not hold.
   * @throws {TeleError} `refused` if a proof does not hold, `protocol` if the bytes make no sense.
   */
  async commit(secretOf: (kind: Kind, name: string | undefined) => Uint8Array | undefined): Promise<Committed> {
    const opening = this.#transcript;
    const { commit, body, proof } = decodeCommit(await this.channel.receive());
    const name = readName(commit.fields);
    const secret = secretOf(commit.kind, name);
    if (secret === undefined) {
      throw new TeleError("protocol", `a commit of kind ${commit.kind} does not follow from what was said before`);
    }
    this.#kind = commit.kind;
    this.#transcript = opening.with(body).with(this.#leaf);
    const keys = this.#keys = await deriveKeys(this.#ephemeral!, this.#hello!.publicKey, secret, this.#transcript);
    if (!await checkProof(keys, "client commit", commit.kind, this.#transcript, proof)) {
      if (this.#isGuarded && commit.kind === "new") throw tokensDiffer(this.#encryption !== "never", name);
      throw new RefusalError({ code: EndCode.proof, message: "the client's proof does not hold" });
    }
    const field = commit.fields.get(FieldType.identity);
    const identity = field === undefined ? undefined : await checkIdentity(field, opening);
    if (field !== undefined && identity === undefined) {
      throw new RefusalError({ code: EndCode.proof, message: "the signature of the client's identity does not hold" });
    }
    return { commit, name, identity, joinSecret: keys.joinSecret };
  }

  /** The accept frame's payload with its proof, to be sent as the first bytes of the attached carrier. */
  async accept(accept: Accept): Promise<Uint8Array> {
    const body = encodeAccept(accept);
    const proof = await makeProof(this.#keys!, "server accept", this.#kind, this.#transcript.with(body));
    return concat([body, proof]);
  }

  /**
   * Tells a client whose proof held that there is no room, with a proof: it may take a session for lost by that.
   *
   * @param hasOthers Whether other servers may have room.
   */
  async sayFull(hasOthers: boolean): Promise<void> {
    const accept = { sessionId: new Uint8Array(SESSION_ID_BYTES), number: 0, fields: fullField(hasOthers) };
    await this.channel.send(await this.accept(accept)).catch(() => {});
  }

  /** Tells the client why not; errors of the connection are of no interest any more. */
  async refuse(ending: Ending): Promise<void> {
    await this.channel.send(encodeEnding("refuse", ending)).catch(() => {});
  }
}
