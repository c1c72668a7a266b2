/**
 * The cryptography of the handshake, all by WebCrypto: X25519 for the key exchange, HKDF-SHA-256 for the keys,
 * HMAC-SHA-256 for the proofs, Ed25519 for a client's identity. Source: `PROTOCOL.md`, "Keys and proofs"; RFC 7748,
 * RFC 5869, RFC 2104, RFC 8032.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { encodeHex } from "@std/encoding/hex";
import { readU16 } from "../../net/bytes.ts";
import { TeleError } from "../../net/error.ts";
import { PROTOCOL_VERSION } from "../session_constants.ts";
import { IDENTITY_FIELD_BYTES } from "./fields.ts";
import { KEY_BYTES, type Kind, NONCE_BYTES } from "./messages.ts";
import type { Transcript } from "./transcript.ts";

/** Bytes that WebCrypto takes. */
type Bytes = Uint8Array<ArrayBuffer>;

/** A fresh key pair and nonce for one handshake. */
export interface Ephemeral {
  /** Our half of the exchange. */
  privateKey: CryptoKey;
  /** What the peer is told: 32 bytes. */
  publicKey: Uint8Array;
  /** 32 random bytes. */
  nonce: Uint8Array;
}

/** Makes an {@linkcode Ephemeral}. */
export async function makeEphemeral(): Promise<Ephemeral> {
  const pair = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { privateKey: pair.privateKey, publicKey, nonce: crypto.getRandomValues(new Uint8Array(NONCE_BYTES)) };
}

/** The keys of one handshake. */
export interface HandshakeKeys {
  /** For the proofs of both sides; each proof has its own label. */
  proofKey: CryptoKey;
  /** For the joins of the session, if the handshake makes a new one. */
  joinSecret: Uint8Array;
}

/**
 * Derives the keys of one handshake.
 *
 * @param own Our half of the key exchange.
 * @param peerPublicKey The other half: {@linkcode KEY_BYTES} bytes.
 * @param secret What both sides share beforehand: the session's join secret for a join; for a new session what the
 *   token adds, or nothing.
 * @param transcript The messages so far.
 * @throws {TeleError} `protocol` if the peer's key is not one.
 */
export async function deriveKeys(
  own: Ephemeral,
  peerPublicKey: Uint8Array,
  secret: Uint8Array,
  transcript: Transcript,
): Promise<HandshakeKeys> {
  const { subtle } = crypto;
  const shared = await exchange(own, peerPublicKey);
  const material = await subtle.importKey("raw", shared, "HKDF", false, ["deriveBits"]);
  const hash = new Uint8Array(await subtle.digest("SHA-256", transcript.bytes as Bytes));
  const derive = (label: string) =>
    subtle.deriveBits(
      { name: "HKDF", hash: "SHA-256", salt: secret as Bytes, info: labelled(label, hash) },
      material,
      256,
    );
  const [proof, resume] = await Promise.all([derive("proofs"), derive("resume secret")]);
  const proofKey = await subtle.importKey("raw", proof, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  const join = await subtle.digest("SHA-256", concat([new Uint8Array(resume), secret]));
  return { proofKey, joinSecret: new Uint8Array(join) };
}

async function exchange(own: Ephemeral, peerPublicKey: Uint8Array): Promise<ArrayBuffer> {
  try {
    // Deno 2.6 does not refuse a key of another length: it panics.
    if (peerPublicKey.length !== KEY_BYTES) throw new RangeError("a key has 32 bytes");
    const key = await crypto.subtle.importKey("raw", peerPublicKey as Bytes, { name: "X25519" }, false, []);
    const shared = await crypto.subtle.deriveBits({ name: "X25519", public: key }, own.privateKey, 256);
    // RFC 7748, section 6.1: a public key of small order makes a shared secret of zeros that anyone knows.
    if (new Uint8Array(shared).some((byte) => byte !== 0)) return shared;
  } catch {
    // Falls through to the same answer: the runtime refuses some bad keys by itself.
  }
  throw new TeleError("protocol", "the peer's half of the key exchange is not a valid X25519 key");
}

/** Whose proof it is; part of every proof, so that none can be sent back to its maker. */
export type ProofRole = "client commit" | "server accept";

/**
 * The proof of `role` over `transcript`: all messages of the handshake up to its own.
 *
 * @returns 32 bytes.
 */
export async function makeProof(
  keys: HandshakeKeys,
  role: ProofRole,
  kind: Kind,
  transcript: Transcript,
): Promise<Uint8Array> {
  return new Uint8Array(
    await crypto.subtle.sign("HMAC", keys.proofKey, labelled(`${role} ${kind}`, transcript.bytes)),
  );
}

/** Whether `proof` is what {@linkcode makeProof} would make; takes the same time whatever the answer. */
export function checkProof(
  keys: HandshakeKeys,
  role: ProofRole,
  kind: Kind,
  transcript: Transcript,
  proof: Uint8Array,
): Promise<boolean> {
  return crypto.subtle.verify("HMAC", keys.proofKey, proof as Bytes, labelled(`${role} ${kind}`, transcript.bytes));
}

/** `bytes` behind a label that names protocol, version and purpose: what was made for one purpose fits no other. */
export function labelled(label: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat([new TextEncoder().encode(`tele/${PROTOCOL_VERSION} ${label}\0`), bytes]);
}

const MOST_SLOT = 0xffff;

/**
 * Who a client is across restarts: a key pair, and a slot that tells its sessions apart.
 *
 * A server ends an older session of the same identity when a new one begins, so that a client which was killed does
 * not leave its upstream connections open for days.
 */
export interface Identity {
  /** An Ed25519 key pair. */
  keys: CryptoKeyPair;
  /** 0 to 65535. */
  slot: number;
  /**
   * The highest slot that this client uses: its sessions in higher ones are from a former start, and end.
   *
   * @default {65535}
   */
  lastSlot?: number;
}

/** What a server knows of an identity whose signature holds. */
export interface ProvenIdentity {
  /** The client's public key, in hexadecimal digits. */
  readonly client: string;
  /** Tells its sessions apart. */
  readonly slot: number;
  /** The highest slot that it uses. */
  readonly lastSlot: number;
}

/** Makes the key pair of an {@linkcode Identity}; the private key can be exported, to be stored. */
export async function makeIdentityKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]) as CryptoKeyPair;
}

/** The identity field of a commit: public key, slots, signature over both and the `transcript`. */
export async function signIdentity(identity: Identity, transcript: Transcript): Promise<Uint8Array> {
  const { keys, slot, lastSlot = MOST_SLOT } = identity;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  const named = concat([publicKey, new Uint8Array([slot >>> 8, slot, lastSlot >>> 8, lastSlot])]);
  const signed = labelled("identity", concat([named, transcript.bytes]));
  const signature = await crypto.subtle.sign("Ed25519", keys.privateKey, signed);
  return concat([named, new Uint8Array(signature)]);
}

/**
 * Checks an identity field.
 *
 * @returns Who it is, or `undefined` if the signature does not hold or the slot is none of the client's.
 */
export async function checkIdentity(field: Uint8Array, transcript: Transcript): Promise<ProvenIdentity | undefined> {
  if (field.length !== IDENTITY_FIELD_BYTES) return undefined;
  const named = field.slice(0, KEY_BYTES + 4);
  const publicKey = field.slice(0, KEY_BYTES);
  const identity = {
    client: encodeHex(publicKey),
    slot: readU16(field, KEY_BYTES),
    lastSlot: readU16(field, KEY_BYTES + 2),
  };
  if (identity.slot > identity.lastSlot) return undefined;
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    const signed = labelled("identity", concat([named, transcript.bytes]));
    const signature = field.slice(named.length) as Bytes;
    return await crypto.subtle.verify("Ed25519", key, signature, signed) ? identity : undefined;
  } catch {
    return undefined;
  }
}
