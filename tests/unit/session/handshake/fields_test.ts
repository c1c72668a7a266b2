/** The optional fields of handshake messages. */
import { concat } from "@std/bytes/concat";
import { ByteWriter } from "../../../../lib/net/bytes.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { FRAME_HEADER_BYTES } from "../../../../lib/ping/codec.ts";
import { decodeOpen, NAMED_SERVICE } from "../../../../lib/session/frames.ts";
import { openFrame } from "../../../support/frames.ts";
import { MOST_CARRIERS, MOST_RESUME_TIMEOUT_MS, MOST_UNSETTLED } from "../../../../lib/session/session_constants.ts";
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
import {
  carriersField,
  type FieldedMessage,
  type Fields,
  FieldType,
  fullField,
  liveField,
  nameField,
  pathField,
  readCarriers,
  readFull,
  readLive,
  readName,
  readPath,
  readReceipts,
  readStartPool,
  receiptsField,
  resumeTimeoutField,
  startPoolField,
} from "../../../../lib/session/handshake/fields.ts";

Deno.test("optional fields of unknown types are kept apart and hide nothing", () => {
  const known = resumeTimeoutField(300).get(FieldType.resumeTimeout)!;
  const fields = new Map([[0xfffe, new Uint8Array(300)], [FieldType.resumeTimeout, known], [999, new Uint8Array(0)]]);
  const message: Accept = { sessionId: new Uint8Array(16), number: 5, fields };
  const { accept } = decodeAccept(concat([encodeAccept(message), new Uint8Array(PROOF_BYTES)]));
  assertEquals(accept.fields.get(FieldType.resumeTimeout), known);
  assertEquals(accept.number, 5);
});

/** A message whose list is `list`, written as it stands. */
function withFields(message: FieldedMessage, list: [type: number, value: Uint8Array][]): Uint8Array {
  const values = { sessionId: new Uint8Array(16), nonce: new Uint8Array(32), publicKey: new Uint8Array(32) };
  const whole = {
    hello: encodeHello({ ...values, kind: "new", fields: new Map() }),
    challenge: encodeChallenge({ ...values, status: "ready", fields: new Map() }),
    "commit of a new session": encodeCommit({ kind: "new", number: 0, lane: "quiet", fields: new Map() }),
    "commit of a join": encodeCommit({ kind: "join", number: 9, lane: "quiet", fields: new Map() }),
    "accept of a new session": encodeAccept({ ...values, number: 0, fields: new Map() }),
    "accept of a join": encodeAccept({ ...values, number: 9, fields: new Map() }),
    "open": openFrame(1, { send: 0, receive: 0 }).subarray(FRAME_HEADER_BYTES),
  }[message];
  if (message === "open" && list.some(([type]) => type === FieldType.service)) whole[14] = NAMED_SERVICE;
  const writer = new ByteWriter().bytes(whole.subarray(0, -1)).u8(list.length);
  for (const [type, value] of list) writer.u16(type).u16(value.length).bytes(value);
  if (message.startsWith("commit") || message.startsWith("accept")) writer.bytes(new Uint8Array(PROOF_BYTES));
  return writer.done();
}

const DECODERS = {
  hello: decodeHello,
  challenge: decodeChallenge,
  "commit of a new session": decodeCommit,
  "commit of a join": decodeCommit,
  "accept of a new session": decodeAccept,
  "accept of a join": decodeAccept,
  "open": decodeOpen,
};
const ALL = Object.keys(DECODERS) as FieldedMessage[];
const [NEW_COMMIT, JOIN_COMMIT] = ["commit of a new session", "commit of a join"] as const;
const [NEW_ACCEPT, JOIN_ACCEPT] = ["accept of a new session", "accept of a join"] as const;

/** A good value of each field, and the messages that it may stand in. */
const PLACES: [type: number, value: Uint8Array, FieldedMessage[]][] = [
  [FieldType.resumeTimeout, new Uint8Array([0, 0, 0, 0, 0, 0, 1, 0]), [
    NEW_COMMIT,
    JOIN_COMMIT,
    NEW_ACCEPT,
    JOIN_ACCEPT,
  ]],
  [FieldType.identity, new Uint8Array(100), [NEW_COMMIT]],
  [FieldType.name, new TextEncoder().encode("n".repeat(64)), [NEW_COMMIT, JOIN_COMMIT]],
  [FieldType.guarded, new Uint8Array(0), ["hello", "challenge"]],
  [FieldType.full, new Uint8Array(1), [NEW_ACCEPT]],
  [FieldType.startPool, new Uint8Array(4), [NEW_COMMIT, NEW_ACCEPT]],
  [FieldType.live, new Uint8Array(4), [JOIN_COMMIT]],
  [FieldType.receipts, new Uint8Array(12), [JOIN_COMMIT, JOIN_ACCEPT]],
  [FieldType.carriers, new Uint8Array([6]), [NEW_ACCEPT]],
  [FieldType.leaf, new Uint8Array(32), ["hello"]],
  [FieldType.path, new Uint8Array([7]), [NEW_COMMIT, JOIN_COMMIT]],
  [FieldType.services, new Uint8Array(0), ["challenge"]],
  [FieldType.service, new TextEncoder().encode("s".repeat(64)), ["open"]],
  [FieldType.offers, new TextEncoder().encode("o".repeat(64)), [NEW_COMMIT]],
  [FieldType.offered, new Uint8Array(16), [NEW_ACCEPT]],
  [FieldType.users, new Uint8Array(0), [NEW_ACCEPT]],
  [FieldType.user, new Uint8Array(36), ["open"]],
  [FieldType.ticket, new Uint8Array(140), ["hello", NEW_ACCEPT, JOIN_ACCEPT]],
];

/** Fields of any length up to 64 bytes, 16, or 140. */
const TEXTS: number[] = [FieldType.name, FieldType.service, FieldType.offers, FieldType.offered, FieldType.ticket];

/** Those that the hello must have too. */
function companions(type: number): [number, Uint8Array][] {
  return type === FieldType.leaf ? [[FieldType.guarded, new Uint8Array(0)]] : [];
}

Deno.test("the first path is not told, and none beyond the last", () => {
  assertEquals([pathField(0).size, readPath(pathField(0)), readPath(pathField(7))], [0, 0, 7]);
  for (const path of [0, 8, 255]) {
    const decode = () => decodeCommit(withFields(JOIN_COMMIT, [[FieldType.path, new Uint8Array([path])]]));
    assertEquals(assertThrows(decode, TeleError, `no path ${path}`).code, "protocol");
  }
});

Deno.test("a full server says of others that they may have room, or not, and nothing else", () => {
  for (const hasOthers of [false, true]) assertEquals(readFull(fullField(hasOthers)), { hasOthers });
  assertEquals(readFull(new Map()), undefined);
  const decode = () => DECODERS[NEW_ACCEPT](withFields(NEW_ACCEPT, [[FieldType.full, new Uint8Array([2])]]));
  assertEquals(assertThrows(decode, TeleError, "other servers' room").code, "protocol");
});

Deno.test("each field is taken where it belongs, and an error in any other message, or with another length", () => {
  assertEquals(PLACES.map(([type]) => type).sort(), Object.values(FieldType).sort());
  for (const [type, value, places] of PLACES) {
    for (const message of ALL) {
      const decode = () => DECODERS[message](withFields(message, [[type, value]]));
      if (places.includes(message)) DECODERS[message](withFields(message, [...companions(type), [type, value]]));
      else assertEquals(assertThrows(decode, TeleError, `does not belong into the ${message}`).code, "protocol");
    }
    for (
      const wrong of [new Uint8Array(value.length + 1), value.subarray(1)].filter((v) => v.length !== value.length)
        .filter((v) => !TEXTS.includes(type) || v.length > Math.max(64, value.length))
    ) {
      const decode = () => DECODERS[places[0]](withFields(places[0], [[type, wrong]]));
      assertEquals(assertThrows(decode, TeleError, "the field").code, "protocol");
    }
  }
});

Deno.test("fields that come twice, out of order, in a wrong message, too long or beyond their range are an error", () => {
  const u64 = (value: bigint) => new Uint8Array(new BigUint64Array([value]).buffer).reverse();
  const [none, eight] = [new Uint8Array(0), u64(1000n)];
  const wrong: [FieldedMessage, [number, Uint8Array][], string][] = [
    ["hello", [[900, none], [900, none]], "order"],
    ["hello", [[FieldType.guarded, none], [FieldType.guarded, none]], "order"],
    ["challenge", [[900, none], [FieldType.guarded, none]], "order"],
    [NEW_COMMIT, [[FieldType.resumeTimeout, eight], [FieldType.resumeTimeout, eight]], "order"],
    ["hello", [[FieldType.guarded, new Uint8Array(1)]], "guarded has 0 bytes"],
    ["hello", [[FieldType.leaf, new Uint8Array(32)]], "its sender has no token"],
    ["hello", [[FieldType.resumeTimeout, eight]], "does not belong into the hello"],
    ["challenge", [[FieldType.identity, new Uint8Array(100)]], "does not belong into the challenge"],
    [NEW_COMMIT, [[FieldType.guarded, none]], "does not belong into the commit"],
    [NEW_ACCEPT, [[FieldType.identity, new Uint8Array(100)]], "does not belong into the accept"],
    [NEW_COMMIT, [[FieldType.identity, new Uint8Array(99)]], "identity has 100 bytes"],
    [JOIN_ACCEPT, [[FieldType.resumeTimeout, new Uint8Array(7)]], "resumeTimeout has 8 bytes"],
    [JOIN_ACCEPT, [[FieldType.resumeTimeout, u64(0n)]], "kept for 0 ms"],
    [NEW_COMMIT, [[FieldType.resumeTimeout, u64(BigInt(MOST_RESUME_TIMEOUT_MS) + 1n)]], "kept for 31622400001 ms"],
    [NEW_COMMIT, [[FieldType.resumeTimeout, u64(2n ** 60n)]], "larger than 2^53"],
    [NEW_ACCEPT, [[FieldType.carriers, new Uint8Array([0])]], "cannot have 0 carriers"],
    [NEW_ACCEPT, [[FieldType.carriers, new Uint8Array([MOST_CARRIERS + 1])]], "cannot have 11 carriers"],
    [JOIN_ACCEPT, [[FieldType.receipts, concat([new Uint8Array(4), u64(2n ** 53n)])]], "larger than 2^53"],
  ];
  for (const [message, list, words] of wrong) {
    const payload = withFields(message, list);
    assertEquals(assertThrows(() => DECODERS[message](payload), TeleError, words).code, "protocol");
  }
  DECODERS[NEW_COMMIT](
    withFields(NEW_COMMIT, [[FieldType.resumeTimeout, eight], [FieldType.identity, new Uint8Array(100)]]),
  );
  DECODERS.hello(withFields("hello", [[FieldType.guarded, none], [900, none]]));
});

const NUMBERS = Array.from({ length: MOST_UNSETTLED }, (_, at) => at * 3);
const RECEIPTS = NUMBERS.map((number) => ({ number, taken: 2 ** 53 - 1 - number }));

Deno.test("what helpers write their readers read, and what is not there reads as nothing", () => {
  assertEquals(readLive(liveField([7, 0, 2 ** 32 - 1])), [0, 7, 2 ** 32 - 1]);
  assertEquals(readReceipts(receiptsField([{ number: 9, taken: 2 ** 40 }, { number: 1, taken: 0 }])), [
    { number: 1, taken: 0 },
    { number: 9, taken: 2 ** 40 },
  ]);
  assertEquals(readStartPool(startPoolField(2 ** 32 - 1)), 2 ** 32 - 1);
  assertEquals(readCarriers(carriersField(6)), 6);
  assertEquals([readLive(liveField([])), readReceipts(receiptsField([]))], [[], []]);
  assertEquals([liveField([]).size, receiptsField([]).size], [0, 0], "a list without entries is left out");
  const none: Fields = new Map();
  assertEquals([readLive(none), readReceipts(none), readStartPool(none), readCarriers(none)], [[], [], undefined, 1]);
});

Deno.test("lists of carriers rise, have an entry at the least and 16 at the most", () => {
  const live = liveField(NUMBERS).get(FieldType.live)!;
  const receipts = receiptsField(RECEIPTS).get(FieldType.receipts)!;
  const commit = (...list: [number, Uint8Array][]) => {
    const bare = encodeCommit({ kind: "join", number: 100, lane: "bulk", fields: new Map() }).subarray(0, -1);
    const writer = new ByteWriter().bytes(bare).u8(list.length);
    for (const [type, value] of list) writer.u16(type).u16(value.length).bytes(value);
    return decodeCommit(writer.bytes(new Uint8Array(PROOF_BYTES)).done()).commit;
  };
  assertEquals(readLive(commit([FieldType.live, live]).fields), NUMBERS);
  assertEquals(readReceipts(commit([FieldType.receipts, receipts]).fields), RECEIPTS);

  const wrong: [number, Uint8Array, string][] = [];
  for (const [type, value, bytes] of [[FieldType.live, live, 4], [FieldType.receipts, receipts, 12]] as const) {
    const entry = (at: number) => value.subarray(at * bytes, (at + 1) * bytes);
    wrong.push([type, new Uint8Array(0), "has 0"], [type, value.subarray(0, bytes + 1), `has ${bytes + 1}`]);
    wrong.push([type, concat([entry(1), entry(0)]), "order"], [type, concat([entry(1), entry(1)]), "order"]);
    wrong.push([type, concat([value, new Uint8Array([0, 0, 0, 99]), new Uint8Array(bytes - 4)]), "more than 16"]);
  }
  for (const [type, value, words] of wrong) {
    assertEquals(assertThrows(() => commit([type, value]), TeleError, words).code, "protocol");
  }
});

Deno.test("a name has 1 to 64 letters, digits, . _ @ or -, each in one encoding, and nothing else", () => {
  const decode = (value: Uint8Array) => decodeCommit(withFields(JOIN_COMMIT, [[FieldType.name, value]])).commit.fields;
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  for (const name of ["a", "web-1.example@x_", "9".repeat(64)]) {
    assertEquals(readName(decode(bytesOf(name))), name);
    assertEquals(nameField(name), new Map([[FieldType.name, bytesOf(name)]]));
  }
  for (const wrong of ["", "-a", "a b", "a\n", "\ufeffa", "\u00e4", "a\0"]) {
    assertEquals(assertThrows(() => decode(bytesOf(wrong)), TeleError, "name").code, "protocol");
  }
  assertEquals([readName(new Map()), nameField(undefined)], [undefined, new Map()]);
});
