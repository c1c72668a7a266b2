import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TeleError } from "../lib/net/error.ts";
import { EndCode, FrameType, PROTOCOL_VERSION } from "../lib/session/constants.ts";
import {
  type Accept,
  type Challenge,
  type Commit,
  decodeAccept,
  decodeChallenge,
  decodeCommit,
  decodeEnding,
  decodeHello,
  encodeAccept,
  encodeChallenge,
  encodeCommit,
  encodeEnding,
  encodeHello,
  endCodeOf,
  FieldType,
  type Hello,
  PROOF_BYTES,
  readU64,
  RefusalError,
  writeU64,
} from "../lib/session/messages.ts";
import { concatBytes } from "../lib/session/keys.ts";

const SEED = 7;
const LARGEST_COUNT = Number.MAX_SAFE_INTEGER;

const bytes = (count: number) => fc.uint8Array({ minLength: count, maxLength: count });
const count = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, LARGEST_COUNT));
const fields = fc.uniqueArray(fc.tuple(fc.nat(0xffff), fc.uint8Array({ maxLength: 40 })), {
  selector: ([type]) => type,
  maxLength: 5,
}).map((entries) => new Map(entries));

const hello: fc.Arbitrary<Hello> = fc.oneof(
  fc.record({ kind: fc.constant("new" as const), nonce: bytes(32), publicKey: bytes(32), fields }),
  fc.record({
    kind: fc.constant("resume" as const),
    nonce: bytes(32),
    publicKey: bytes(32),
    sessionId: bytes(16),
    fields,
  }),
);
const challenge: fc.Arbitrary<Challenge> = fc.record({
  status: fc.constantFrom("ready" as const, "unknown" as const),
  nonce: bytes(32),
  publicKey: bytes(32),
  fields,
});
const commit: fc.Arbitrary<Commit> = fc.record({
  kind: fc.constantFrom("new" as const, "resume" as const),
  attempt: count,
  received: count,
  fields,
});
const accept: fc.Arbitrary<Accept> = fc.record({ sessionId: bytes(16), received: count, fields });

/** Encodes and decodes each message, the proofs of those that carry one left out of the comparison. */
const MESSAGES = {
  hello: { arbitrary: hello, encode: encodeHello, decode: decodeHello },
  challenge: { arbitrary: challenge, encode: encodeChallenge, decode: decodeChallenge },
  commit: {
    arbitrary: commit,
    encode: (message: Commit) => concatBytes(encodeCommit(message), new Uint8Array(PROOF_BYTES).fill(0x5a)),
    decode: (payload: Uint8Array) => decodeCommit(payload).commit,
  },
  accept: {
    arbitrary: accept,
    encode: (message: Accept) => concatBytes(encodeAccept(message), new Uint8Array(PROOF_BYTES).fill(0x5a)),
    decode: (payload: Uint8Array) => decodeAccept(payload).accept,
  },
} as const;

type AnyMessage = {
  arbitrary: fc.Arbitrary<unknown>;
  encode(message: unknown): Uint8Array;
  decode(payload: Uint8Array): unknown;
};

for (const [name, entry] of Object.entries(MESSAGES)) {
  const message = entry as unknown as AnyMessage;

  Deno.test(`a ${name} comes back as it was sent`, () => {
    fc.assert(
      fc.property(message.arbitrary, (value) => {
        assertEquals(message.decode(message.encode(value)), value);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  Deno.test(`every truncation of a ${name} is a protocol error and nothing else`, () => {
    for (const value of fc.sample(message.arbitrary, { seed: SEED, numRuns: 6 })) {
      const whole = message.encode(value);
      for (let length = 0; length < whole.length; length++) {
        const error = assertThrows(() => message.decode(whole.slice(0, length)), TeleError);
        assertEquals(error.code, "protocol", `${length} of ${whole.length} bytes`);
      }
    }
  });

  Deno.test(`garbage in place of a ${name} throws a TeleError and nothing else (fuzz)`, () => {
    const flip = fc.record({ at: fc.nat(400), to: fc.nat(255) });
    fc.assert(
      fc.property(message.arbitrary, fc.array(flip, { minLength: 1, maxLength: 6 }), (value, flips) => {
        const payload = message.encode(value).slice();
        for (const { at, to } of flips) payload[at % payload.length] = to;
        onlyTeleErrors(() => message.decode(payload));
      }),
      { seed: SEED, numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => onlyTeleErrors(() => message.decode(payload))),
      { seed: SEED, numRuns: 300 },
    );
  });
}

function onlyTeleErrors(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    assertInstanceOf(error, TeleError);
  }
}

Deno.test("optional fields of unknown types are kept apart and hide nothing", () => {
  const known = new Uint8Array(8).fill(1);
  const fields = new Map([[0xfffe, new Uint8Array(300)], [FieldType.resumeTimeout, known], [999, new Uint8Array(0)]]);
  const message: Accept = { sessionId: new Uint8Array(16), received: 5, fields };
  const { accept } = decodeAccept(MESSAGES.accept.encode(message));
  assertEquals(accept.fields.get(FieldType.resumeTimeout), known);
  assertEquals(accept.received, 5);
});

Deno.test("a commit and an accept are split from their proofs byte for byte", () => {
  const message: Commit = { kind: "resume", attempt: 3, received: 4, fields: new Map() };
  const proof = new Uint8Array(PROOF_BYTES).map((_, i) => i);
  const split = decodeCommit(concatBytes(encodeCommit(message), proof));
  assertEquals([split.body, split.proof], [encodeCommit(message), proof]);
});

Deno.test("counts up to 2^53 - 1 come back, larger ones are a protocol error", () => {
  const memory = new Uint8Array(10);
  fc.assert(
    fc.property(count, (value) => {
      writeU64(memory, 1, value);
      assertEquals(new DataView(memory.buffer).getBigUint64(1), BigInt(value));
      assertEquals(readU64(memory, 1), value);
    }),
    { seed: SEED },
  );
  for (const value of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
    new DataView(memory.buffer).setBigUint64(1, value);
    assertEquals(assertThrows(() => readU64(memory, 1), TeleError).code, "protocol");
  }
});

Deno.test("a hello of another version is refused with a sentence that names both versions", () => {
  const payload = encodeHello({
    kind: "new",
    nonce: new Uint8Array(32),
    publicKey: new Uint8Array(32),
    fields: new Map(),
  });
  payload[5] = 9;
  const error = assertThrows(() => decodeHello(payload), TeleError);
  assertEquals(error.code, "refused");
  assertEquals(endCodeOf(error), EndCode.version);
  assert(error.message.includes("version 9") && error.message.includes(`version ${PROTOCOL_VERSION}`), error.message);
});

Deno.test("bytes that are no tele client's are told apart at once", () => {
  for (const text of ["GET / HTTP/1.1\r\n", "SSH-2.0-OpenSSH", "\x01tele", "\x01tela\x01\x00", ""]) {
    const error = assertThrows(() => decodeHello(new TextEncoder().encode(text)), TeleError);
    assertEquals(error.code, "protocol");
  }
});

Deno.test("a refusal in place of a challenge or an accept is thrown with its code and message", () => {
  const payload = encodeEnding("refuse", { code: EndCode.full, message: "the house is full" });
  for (const decode of [decodeChallenge, decodeAccept]) {
    const error = assertThrows(() => decode(payload), RefusalError, "the house is full");
    assertEquals([error.code, error.endCode, endCodeOf(error)], ["refused", EndCode.full, EndCode.full]);
  }
});

Deno.test("an ending comes back, a long message is shortened, a cut one still has its code or is a protocol error", () => {
  for (const type of ["refuse", "goodbye"] as const) {
    const ending = { code: 0x1234, message: "the process ends: käme später wieder" };
    const payload = encodeEnding(type, ending);
    assertEquals(payload[0], FrameType[type]);
    assertEquals(decodeEnding(payload), ending);
    for (let length = 0; length < 3; length++) {
      assertEquals(assertThrows(() => decodeEnding(payload.slice(0, length)), TeleError).code, "protocol");
    }
    for (let length = 3; length < payload.length; length++) {
      assertEquals(decodeEnding(payload.slice(0, length)).code, ending.code);
    }
    assertEquals(encodeEnding(type, { code: 1, message: "ä".repeat(10_000) }).length, 3 + 512);
  }
});

Deno.test("a refusal without a message still says its code", () => {
  assertEquals(new RefusalError({ code: 77, message: "" }).message, "refused with code 77");
});

Deno.test("a message of another kind in its place is a protocol error", () => {
  const samples = Object.entries(MESSAGES).map(([name, entry]) => {
    const message = entry as unknown as AnyMessage;
    return {
      name,
      decode: message.decode,
      payload: message.encode(fc.sample(message.arbitrary, { seed: 3, numRuns: 1 })[0]),
    };
  });
  for (const one of samples) {
    for (const other of samples) {
      if (one === other) continue;
      const error = assertThrows(() => one.decode(other.payload), TeleError);
      assertEquals(error.code, "protocol", `${other.name} in place of ${one.name}`);
    }
  }
});
