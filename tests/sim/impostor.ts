/**
 * Others that answer in the server's place.
 *
 * @module
 */
import { readU32 } from "../../lib/net/bytes.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { HandshakeChannel } from "../../lib/session/handshake/channel.ts";
import { decodeHello, encodeAccept, encodeChallenge } from "../../lib/session/handshake/messages.ts";
import { encodeEnding } from "../../lib/session/ending.ts";
import { FieldType, guardedField, receiptsField } from "../../lib/session/handshake/fields.ts";
import type { Random } from "../support/random.ts";

/** Who answers in the server's place. */
export type Impostor = "garbage" | "web" | "silent" | "closes" | "refuses" | "unknown" | "ready";

/** Plays an impostor on the server's end of a carrier. */
export async function playImpostor(impostor: Impostor, end: Duplex, random: Random): Promise<void> {
  const noise = (bytes: number) => Uint8Array.from({ length: bytes }, () => random.next32() >>> 24);
  const channel = new HandshakeChannel(end);
  switch (impostor) {
    case "closes":
      return end.close();
    case "silent":
      return;
    case "garbage":
      await end.write(noise(random.between(1, 3000)));
      if (random.chance(0.5)) end.close();
      return;
    case "web":
      await end.read(new Uint8Array(1024));
      await end.write(new TextEncoder().encode("HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n"));
      return end.close();
    case "refuses":
      await channel.receive();
      await channel.send(encodeEnding("refuse", { code: random.between(1, 9), message: "an impostor refuses" }));
      return end.close();
    case "unknown":
    case "ready": {
      const hello = decodeHello(await channel.receive());
      const status = impostor;
      // Where clients have a token, an impostor may say that it has it too.
      const guarded = guardedField(hello.fields.has(FieldType.guarded) && random.chance(0.7));
      await channel.send(encodeChallenge({ status, nonce: noise(32), publicKey: noise(32), fields: guarded }));
      const number = readU32(await channel.receive(), 2);
      // All of it may be as expected: then only the proof is wrong.
      const sessionId = status === "ready" && hello.sessionId !== undefined ? hello.sessionId : noise(16);
      const told = random.chance(0.5) ? number : random.between(0, 5);
      const fields = status === "ready" && random.chance(0.3) ? receiptsField([{ number: 0, taken: 70 }]) : new Map();
      const accept = encodeAccept({ sessionId, number: told, fields });
      const whole = new Uint8Array(accept.length + 32);
      whole.set(accept);
      whole.set(noise(32), accept.length);
      await channel.send(whole);
      return;
    }
  }
}
