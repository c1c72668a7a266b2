/** The optional fields of handshake messages. */
import { concat } from "@std/bytes/concat";
import { ByteWriter } from "../../../../lib/net/bytes.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { MOST_RESUME_TIMEOUT_MS } from "../../../../lib/session/session_constants.ts";
import {
  type Accept,
  decodeAccept,
  decodeChallenge,
  decodeCommit,
  decodeHello,
  encodeAccept,
  encodeChallenge,
  encodeCommit,
  encodeHello,
  PROOF_BYTES,
} from "../../../../lib/session/handshake/messages.ts";
import { type FieldedMessage, FieldType, resumeTimeoutField } from "../../../../lib/session/handshake/fields.ts";

Deno.test("optional fields of unknown types are kept apart and hide nothing", () => {
  const known = resumeTimeoutField(300).get(FieldType.resumeTimeout)!;
  const fields = new Map([[0xfffe, new Uint8Array(300)], [FieldType.resumeTimeout, known], [999, new Uint8Array(0)]]);
  const message: Accept = { sessionId: new Uint8Array(16), received: 5, fields };
  const { accept } = decodeAccept(concat([encodeAccept(message), new Uint8Array(PROOF_BYTES)]));
  assertEquals(accept.fields.get(FieldType.resumeTimeout), known);
  assertEquals(accept.received, 5);
});

/** A message whose list is `list`, written as it stands. */
function withFields(message: FieldedMessage, list: [type: number, value: Uint8Array][]): Uint8Array {
  const values = { sessionId: new Uint8Array(16), nonce: new Uint8Array(32), publicKey: new Uint8Array(32) };
  const whole = {
    hello: encodeHello({ ...values, kind: "new", fields: new Map() }),
    challenge: encodeChallenge({ ...values, status: "ready", fields: new Map() }),
    commit: encodeCommit({ kind: "new", attempt: 0, received: 0, fields: new Map() }),
    accept: encodeAccept({ ...values, received: 0, fields: new Map() }),
  }[message];
  const writer = new ByteWriter().bytes(whole.subarray(0, -1)).u8(list.length);
  for (const [type, value] of list) writer.u16(type).u16(value.length).bytes(value);
  if (message === "commit" || message === "accept") writer.bytes(new Uint8Array(PROOF_BYTES));
  return writer.done();
}

const DECODERS = { hello: decodeHello, challenge: decodeChallenge, commit: decodeCommit, accept: decodeAccept };

Deno.test("fields that come twice, out of order, in a wrong message, too long or beyond their range are an error", () => {
  const u64 = (value: bigint) => new Uint8Array(new BigUint64Array([value]).buffer).reverse();
  const [none, eight] = [new Uint8Array(0), u64(1000n)];
  const wrong: [FieldedMessage, [number, Uint8Array][], string][] = [
    ["hello", [[900, none], [900, none]], "order"],
    ["hello", [[FieldType.guarded, none], [FieldType.guarded, none]], "order"],
    ["challenge", [[900, none], [FieldType.guarded, none]], "order"],
    ["commit", [[FieldType.resumeTimeout, eight], [FieldType.resumeTimeout, eight]], "order"],
    ["hello", [[FieldType.guarded, new Uint8Array(1)]], "guarded has 0 bytes"],
    ["hello", [[FieldType.resumeTimeout, eight]], "does not belong into the hello"],
    ["challenge", [[FieldType.identity, new Uint8Array(100)]], "does not belong into the challenge"],
    ["commit", [[FieldType.guarded, none]], "does not belong into the commit"],
    ["accept", [[FieldType.identity, new Uint8Array(100)]], "does not belong into the accept"],
    ["commit", [[FieldType.identity, new Uint8Array(99)]], "identity has 100 bytes"],
    ["accept", [[FieldType.resumeTimeout, new Uint8Array(7)]], "resumeTimeout has 8 bytes"],
    ["accept", [[FieldType.resumeTimeout, u64(0n)]], "kept for 0 ms"],
    ["commit", [[FieldType.resumeTimeout, u64(BigInt(MOST_RESUME_TIMEOUT_MS) + 1n)]], "kept for 31622400001 ms"],
    ["commit", [[FieldType.resumeTimeout, u64(2n ** 60n)]], "larger than 2^53"],
  ];
  for (const [message, list, words] of wrong) {
    const payload = withFields(message, list);
    assertEquals(assertThrows(() => DECODERS[message](payload), TeleError, words).code, "protocol");
  }
  DECODERS.commit(withFields("commit", [[FieldType.resumeTimeout, eight], [FieldType.identity, new Uint8Array(100)]]));
  DECODERS.hello(withFields("hello", [[FieldType.guarded, none], [900, none]]));
});
