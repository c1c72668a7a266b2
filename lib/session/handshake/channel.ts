/**
 * Whole frames of a handshake over any duplex. Source: `PROTOCOL.md`, "Handshake".
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";
import { foreignClient, foreignServer } from "../../net/foreign_protocol.ts";
import { PrefixedDuplex } from "../../net/prefixed_duplex.ts";
import { tlsRecordKind } from "../../net/tls_record.ts";
import { readU32 } from "../../net/bytes.ts";
import { FRAME_HEADER_BYTES, framed } from "../../ping/codec.ts";
import { MAX_HANDSHAKE_FRAME_BYTES } from "../session_constants.ts";

/** Reads and writes whole handshake frames on a duplex, and keeps what came behind them. */
export class HandshakeChannel {
  /** The connection. */
  readonly duplex: Duplex;
  #buffer = new Uint8Array(MAX_HANDSHAKE_FRAME_BYTES + FRAME_HEADER_BYTES);
  readonly #other: "server" | "client";
  readonly #onTls: (() => TeleError) | undefined;
  #filled = 0;
  #received = 0;
  #isFirst = true;

  /**
   * A channel over `duplex`, which nobody else may read until {@linkcode HandshakeChannel.leftover} was taken.
   *
   * @param other Which end of tele should be there.
   * @param onTls What is thrown if a client of TLS is there.
   */
  constructor(duplex: Duplex, other: "server" | "client" = "server", onTls?: () => TeleError) {
    this.duplex = duplex;
    this.#other = other;
    this.#onTls = onTls;
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

  /** The connection as it was before this frame, the last one taken: whoever reads it gets the frame first. */
  unread(payload: Uint8Array): Duplex {
    return new PrefixedDuplex(this.duplex, concat([framed(payload), this.leftover()]));
  }

  #takeFrame(): Uint8Array | undefined {
    while (this.#filled >= FRAME_HEADER_BYTES) {
      if (this.#isFirst) this.#refuseForeigners();
      const length = readU32(this.#buffer, 0);
      if (length > MAX_HANDSHAKE_FRAME_BYTES) throw this.#tooLarge(length);
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
  #tooLarge(length: number): TeleError {
    const kind = tlsRecordKind(this.#buffer.subarray(0, this.#filled));
    if (this.#isFirst && kind === "handshake" && this.#onTls !== undefined) return this.#onTls();
    if (kind === "alert") return new TeleError("protocol", "the server speaks TLS: start the client with --tls");
    // Without the number: what answers with other bytes each time is one reason in the log, not many.
    const sentence = this.#isFirst
      ? `this is not how a tele ${this.#other} begins: it speaks another protocol`
      : `a frame of ${length} bytes was announced before the handshake was done`;
    return new TeleError("protocol", sentence);
  }
}
