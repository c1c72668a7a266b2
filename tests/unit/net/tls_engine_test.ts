/** The TLS engine as a thing without streams: two of them talk in memory. */
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { Duplex as NodeStream } from "node:stream";
import { setImmediate } from "node:timers";
import tls, { TLSSocket } from "node:tls";
import { PIECE_BYTES, TlsEngine } from "../../../lib/net/tls_engine.ts";
import { certificates, tlsTest } from "../../support/tls_world.ts";

/** Both ends of one connection, whose handshake is done, and what carries bytes between them. */
async function pair() {
  const { ca, server } = await certificates();
  const wires: Uint8Array[][] = [[], []];
  const stream = (wire: Uint8Array[]) =>
    new NodeStream({
      read: () => {},
      write: (bytes, _encoding, done) => {
        wire.push(new Uint8Array(bytes));
        done();
      },
    });
  const [toServer, toClient] = wires as [Uint8Array[], Uint8Array[]];
  const ends = [
    tls.connect({ socket: stream(toServer), ca: ca.cert, servername: "localhost" }),
    new TLSSocket(stream(toClient), { isServer: true, secureContext: tls.createSecureContext(server) }),
  ] as const;
  const [near, far] = ends.map((socket) => new TlsEngine(socket)) as [TlsEngine, TlsEngine];
  /** Carries what both have to say until neither says more. */
  const carry = () => {
    for (let moved = true; moved;) {
      moved = false;
      for (const [from, wire, to] of [[near, toServer, far], [far, toClient, near]] as const) {
        for (let piece = from.nextEncrypted(); piece; piece = from.nextEncrypted()) wire.push(piece);
        for (const bytes of wire.splice(0)) {
          moved = true;
          to.decrypt(bytes);
        }
      }
    }
  };
  let isSecure = false;
  ends[0].once("secureConnect", () => isSecure = true);
  for (let turn = 0; turn < 100 && !isSecure; turn++) {
    carry();
    await new Promise((resolve) => void setImmediate(() => resolve(undefined)));
  }
  assert(isSecure, "the handshake ended");
  carry();
  const close = () => ends.forEach((socket) => socket.destroy());
  return { near, far, carry, close };
}

tlsTest("engine: plain bytes come out as they went in, in the pieces that are asked for", async () => {
  const { near, far, carry, close } = await pair();
  assertFalse(far.heardAnything || far.hasPlain);
  const sent = new Uint8Array(PIECE_BYTES).map((_, at) => at % 251);
  for (let turn = 0; turn < 3; turn++) assertEquals(near.encrypt(sent), 0);
  carry();
  assert(far.heardAnything && far.hasPlain);
  const got = new Uint8Array(3 * PIECE_BYTES);
  let filled = 0;
  for (const size of [1, 2, 16_384, 7, got.length]) filled += far.take(got.subarray(filled, filled + size));
  assertEquals([filled, far.hasPlain, far.take(new Uint8Array(1))], [got.length, false, 0]);
  for (let turn = 0; turn < 3; turn++) {
    assertEquals(got.subarray(turn * PIECE_BYTES, (turn + 1) * PIECE_BYTES), sent);
  }
  close();
});

tlsTest("engine: an end comes behind what was sent, and the other way goes on", async () => {
  const { near, far, carry, close } = await pair();
  near.encrypt(new Uint8Array([1, 2, 3]));
  assertEquals([near.end(), far.ended], [0, false]);
  carry();
  assertEquals([far.ended, far.hasPlain], [true, true]);
  assertEquals(far.take(new Uint8Array(10)), 3);
  far.encrypt(new Uint8Array([4]));
  carry();
  assertEquals([near.take(new Uint8Array(10)), near.ended], [1, false]);
  close();
});

tlsTest("engine: a runtime that is built in another way is told, in place of bytes that get lost", () => {
  class Handle {
    onread() {}
    writeBuffer() {}
  }
  const socket = { _handle: new Handle() } as unknown as TLSSocket;
  assertThrows(() => new TlsEngine(socket), Error, "its node:tls has changed");
});
