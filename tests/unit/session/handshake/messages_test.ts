import { concat } from "@std/bytes/concat";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TeleError } from "../../../../lib/net/error.ts";
import {
  EndCode,
  MOST_RESUME_TIMEOUT_MS,
  MOST_UNSETTLED,
  PROTOCOL_VERSION,
} from "../../../../lib/session/session_constants.ts";
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
  encodeHello,
  type Hello,
  PROOF_BYTES,
} from "../../../../lib/session/handshake/messages.ts";
import { encodeEnding, endingOf, RefusalError } from "../../../../lib/session/ending.ts";
import {
  carriersField,
  type Fields,
  FieldType,
  fullField,
  liveField,
  readReceipts,
  receiptsField,
  resumeTimeoutField,
  startPoolField,
} from "../../../../lib/session/handshake/fields.ts";

const SEED = 7;
const LARGEST_COUNT = Number.MAX_SAFE_INTEGER;

const bytes = (count: number) => fc.uint8Array({ minLength: count, maxLength: count });
const count = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, LARGEST_COUNT));
const unknownFields = fc.uniqueArray(
  fc.tuple(
    fc.integer({ min: 1 + Math.max(...Object.values(FieldType)), max: 0xffff }),
    fc.uint8Array({ maxLength: 40 }),
  ),
  {
    selector: ([type]) => type,
    maxLength: 5,
  },
).map((entries) => new Map(entries));

/** Unknown fields, and with some luck the known ones of `known`, in any order. */
function fieldsOf(...known: fc.Arbitrary<[number, Uint8Array]>[]): fc.Arbitrary<Fields> {
  const some = fc.tuple(...known.map((field) => fc.option(field)));
  return fc.tuple(unknownFields, some).map(([fields, known]) => {
    return new Map([...fields, ...known.filter((field) => field !== null)]);
  });
}

const guarded = fc.constant<[number, Uint8Array]>([FieldType.guarded, new Uint8Array(0)]);
const full = fc.boolean().map<[number, Uint8Array]>((others) => [FieldType.full, new Uint8Array([Number(others)])]);
/** A `u32`, its ends more often than by chance. */
const number = fc.oneof(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.constantFrom(1, 2, 2 ** 32 - 1));

/** Numbers of other carriers in front of `number`, some of them alive and some gone. */
function others(most: number): fc.Arbitrary<Fields> {
  const some = fc.uniqueArray(fc.integer({ min: 0, max: most }), { maxLength: MOST_UNSETTLED });
  return fc.tuple(some, fc.nat(MOST_UNSETTLED), fc.array(count, { minLength: 16, maxLength: 16 })).map(
    ([numbers, split, counts]) => {
      const receipts = numbers.slice(split).map((number, at) => ({ number, taken: counts[at]! }));
      return new Map([...liveField(numbers.slice(0, split)), ...receiptsField(receipts)]);
    },
  );
}

const startPool = fc.nat().map((bytes): [number, Uint8Array] => [...startPoolField(bytes)][0]);
const carriers = fc.integer({ min: 1, max: 10 }).map((most): [number, Uint8Array] => [...carriersField(most)][0]!);
const identity = bytes(100).map((value): [number, Uint8Array] => [FieldType.identity, value]);
const resumeTimeout = fc.integer({ min: 1, max: MOST_RESUME_TIMEOUT_MS })
  .map((timeoutMs): [number, Uint8Array] => [...resumeTimeoutField(timeoutMs)][0]!);
const fields = fieldsOf(guarded);
const leaf = bytes(32).map((value): Fields =>
  new Map([[FieldType.guarded, new Uint8Array(0)], [FieldType.leaf, value]])
);
const helloFields = fc.oneof(fields, leaf);

const hello: fc.Arbitrary<Hello> = fc.oneof(
  fc.record({ kind: fc.constant("new" as const), nonce: bytes(32), publicKey: bytes(32), fields: helloFields }),
  fc.record({
    kind: fc.constant("join" as const),
    nonce: bytes(32),
    publicKey: bytes(32),
    sessionId: bytes(16),
    fields: helloFields,
  }),
);
const challenge: fc.Arbitrary<Challenge> = fc.record({
  status: fc.constantFrom("ready" as const, "unknown" as const),
  nonce: bytes(32),
  publicKey: bytes(32),
  fields,
});
const commit: fc.Arbitrary<Commit> = fc.oneof(
  fc.record({
    kind: fc.constant("new" as const),
    number: fc.constant(0),
    lane: fc.constant("quiet" as const),
    fields: fieldsOf(resumeTimeout, identity),
  }),
  number.chain((number) =>
    fc.record({
      kind: fc.constant("join" as const),
      number: fc.constant(number),
      lane: fc.constantFrom("quiet" as const, "bulk" as const),
      fields: fc.tuple(fieldsOf(resumeTimeout), others(number - 1)).map(([some, lists]) =>
        new Map([...some, ...lists])
      ),
    })
  ),
);
const accept: fc.Arbitrary<Accept> = fc.oneof(
  fc.record({
    sessionId: bytes(16),
    number: fc.constant(0),
    fields: fieldsOf(resumeTimeout, startPool, carriers),
  }),
  fc.record({
    sessionId: fc.constant(new Uint8Array(16)),
    number: fc.constant(0),
    fields: fieldsOf(resumeTimeout, full),
  }),
  fc.tuple(number, fc.array(number, { maxLength: MOST_UNSETTLED })).chain(([number, others]) => {
    const named = [...new Set(others)].filter((other) => other !== number);
    return fc.record({
      sessionId: bytes(16),
      number: fc.constant(number),
      fields: fc.tuple(fieldsOf(resumeTimeout), fc.array(count, { minLength: 16, maxLength: 16 })).map((
        [some, counts],
      ) => new Map([...some, ...receiptsField(named.map((number, at) => ({ number, taken: counts[at]! })))])),
    });
  }),
);

/** Encodes and decodes each message, the proofs of those that carry one left out of the comparison. */
const MESSAGES = {
  hello: { arbitrary: hello, encode: encodeHello, decode: decodeHello },
  challenge: { arbitrary: challenge, encode: encodeChallenge, decode: decodeChallenge },
  commit: {
    arbitrary: commit,
    encode: (message: Commit) => concat([encodeCommit(message), new Uint8Array(PROOF_BYTES).fill(0x5a)]),
    decode: (payload: Uint8Array) => decodeCommit(payload).commit,
  },
  accept: {
    arbitrary: accept,
    encode: (message: Accept) => concat([encodeAccept(message), new Uint8Array(PROOF_BYTES).fill(0x5a)]),
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

  Deno.test(`a ${name} has one encoding: bytes behind its end, or between its fields and its proof, are an error`, () => {
    for (const value of fc.sample(message.arbitrary, { seed: SEED, numRuns: 20 })) {
      const whole = message.encode(value);
      for (
        const at of name === "commit" || name === "accept" ? [whole.length, whole.length - PROOF_BYTES] : [whole.length]
      ) {
        for (const extra of [[0], [0, 0, 0], [1, 2, 3, 4, 5]]) {
          const longer = concat([whole.subarray(0, at), new Uint8Array(extra), whole.subarray(at)]);
          assertEquals(assertThrows(() => message.decode(longer), TeleError).code, "protocol");
        }
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

Deno.test("what no honest commit says is an error: a past of a new session, none of a join, carriers that are not before it", () => {
  const lane = "quiet";
  const fields: Fields = new Map();
  const receipt = (number: number) => receiptsField([{ number, taken: 5 }]);
  const wrong: [Commit, string][] = [
    [{ kind: "new", number: 1, lane, fields }, "the number 0 and is quiet"],
    [{ kind: "new", number: 0, lane: "bulk", fields }, "the number 0 and is quiet"],
    [{ kind: "new", number: 0, lane, fields: liveField([0]) }, "live does not belong"],
    [{ kind: "new", number: 0, lane, fields: receipt(0) }, "receipts does not belong"],
    [{ kind: "join", number: 0, lane, fields }, "count from 1"],
    [{ kind: "join", number: 1, lane, fields: new Map([[FieldType.identity, new Uint8Array(100)]]) }, "identity"],
    [{ kind: "join", number: 5, lane, fields: liveField([5]) }, "names itself or one behind it"],
    [{ kind: "join", number: 5, lane, fields: liveField([2, 6]) }, "names itself or one behind it"],
    [{ kind: "join", number: 5, lane, fields: receipt(5) }, "names itself or one behind it"],
    [{ kind: "join", number: 5, lane, fields: receipt(2 ** 32 - 1) }, "names itself or one behind it"],
    [{ kind: "join", number: 5, lane, fields: new Map([...liveField([1, 3]), ...receipt(3)]) }, "alive and gone"],
  ];
  for (const [commit, words] of wrong) {
    const decode = () => MESSAGES.commit.decode(MESSAGES.commit.encode(commit));
    assertEquals(assertThrows(decode, TeleError, words).code, "protocol");
  }
});

Deno.test("a commit has one of two lanes", () => {
  const commit = MESSAGES.commit.encode({ kind: "join", number: 1, lane: "quiet", fields: new Map() });
  for (let lane = 0; lane < 256; lane++) {
    commit[6] = lane;
    if (lane < 2) assertEquals(decodeCommit(commit).commit.lane, (["quiet", "bulk"] as const)[lane]!);
    else assertEquals(assertThrows(() => decodeCommit(commit), TeleError, `lane ${lane}`).code, "protocol");
  }
});

Deno.test("an accept may name carriers behind its own, not itself, and gives no session if it is full", () => {
  const accept = (number: number, fields: Fields, sessionId = new Uint8Array(16)) =>
    MESSAGES.accept.decode(MESSAGES.accept.encode({ sessionId, number, fields }));
  const receipt = (number: number) => receiptsField([{ number, taken: 5 }]);
  assertEquals(readReceipts(accept(3, receipt(4)).fields), [{ number: 4, taken: 5 }]);
  assertEquals(assertThrows(() => accept(3, receipt(3)), TeleError, "says that it is gone").code, "protocol");
  accept(0, fullField(false));
  const named = () => accept(0, fullField(false), new Uint8Array(16).fill(1));
  assertEquals(assertThrows(named, TeleError, "and names one").code, "protocol");
});

Deno.test("a challenge has one of three states", () => {
  const challenge = encodeChallenge({
    status: "ready",
    nonce: new Uint8Array(32),
    publicKey: new Uint8Array(32),
    fields: new Map(),
  });
  for (let status = 0; status < 256; status++) {
    challenge[2] = status;
    if (status < 3) assertEquals(decodeChallenge(challenge).status, ["ready", "unknown", "unreachable"][status]!);
    else assertEquals(assertThrows(() => decodeChallenge(challenge), TeleError).code, "protocol");
  }
});

Deno.test("a commit and an accept are split from their proofs byte for byte", () => {
  const message: Commit = { kind: "join", number: 3, lane: "bulk", fields: new Map() };
  const proof = new Uint8Array(PROOF_BYTES).map((_, i) => i);
  const split = decodeCommit(concat([encodeCommit(message), proof]));
  assertEquals([split.body, split.proof], [encodeCommit(message), proof]);
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
  assertEquals(endingOf(error).code, EndCode.version);
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
    assertEquals([error.code, error.endCode, endingOf(error).code], ["refused", EndCode.full, EndCode.full]);
  }
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
