/** The seal: what the ends see of TLS has to be the same, and to be enough. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { NO_LEAF } from "../../../../lib/net/leaf.ts";
import { encodeEnding, RefusalError } from "../../../../lib/session/ending.ts";
import { ClientHandshake } from "../../../../lib/session/handshake/client_handshake.ts";
import { HandshakeChannel } from "../../../../lib/session/handshake/channel.ts";
import { leafField } from "../../../../lib/session/handshake/fields.ts";
import { decodeHello, encodeHello } from "../../../../lib/session/handshake/messages.ts";
import {
  agreedLeaf,
  type Encryption,
  ENCRYPTIONS,
  explainPlainAnswer,
  refuseTls,
} from "../../../../lib/session/handshake/seal.ts";
import { ServerHandshake } from "../../../../lib/session/handshake/server_handshake.ts";
import { EndCode } from "../../../../lib/session/session_constants.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import { assertRefused, NEW, SECRET, SESSION_ID } from "../../../support/handshakes.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";

const OWN = new Uint8Array(32).fill(0x0e);
const OTHER = new Uint8Array(32).fill(0x0f);

/** What the client says, what the server sees; and of each word of `--encryption`: what is proven, or what is told. */
const CASES: [string, Uint8Array | undefined, Uint8Array | undefined, Record<Encryption, Uint8Array | string>][] = [
  ["sealed by this server", OWN, OWN, { auto: OWN, always: OWN, never: OWN }],
  ["sealed by somebody in front", OTHER, undefined, {
    auto: "somebody between",
    always: "somebody between",
    never: "somebody between",
  }],
  ["sealed by somebody who seals again", OTHER, OWN, {
    auto: "somebody between",
    always: "somebody between",
    never: "somebody between",
  }],
  ["verified, with TLS ended in front", NO_LEAF, undefined, {
    auto: NO_LEAF,
    always: "here is --encryption=always",
    never: NO_LEAF,
  }],
  ["verified, with TLS ended here", NO_LEAF, OWN, {
    auto: NO_LEAF,
    always: "here is --encryption=always",
    never: NO_LEAF,
  }],
  ["in plain", undefined, undefined, { auto: "does not seal", always: "does not seal", never: NO_LEAF }],
  ["in plain, said inside this server's TLS", undefined, OWN, {
    auto: "does not seal",
    always: "does not seal",
    never: NO_LEAF,
  }],
];

for (const [name, said, seen, outcomes] of CASES) {
  Deno.test(`a carrier that is ${name} is judged by what this server wants, and told so to both sides`, () => {
    for (const encryption of ENCRYPTIONS) {
      const outcome = outcomes[encryption];
      if (typeof outcome !== "string") {
        assertEquals(agreedLeaf(encryption, said, seen), outcome, encryption);
        continue;
      }
      const error = assertThrows(() => agreedLeaf(encryption, said, seen), RefusalError, outcome);
      assertEquals(error.endCode, EndCode.seal);
      assertStringIncludes(error.ending.message, "this side");
      assertStringIncludes(error.message, "this server");
    }
  });
}

Deno.test("a leaf of another length is nobody's", () => {
  for (const said of [new Uint8Array(0), OWN.subarray(1)]) {
    assertThrows(() => agreedLeaf("never", said, said), RefusalError, "somebody between");
  }
});

function seen(duplex: Duplex, leaf: Uint8Array | undefined): Duplex {
  return Object.defineProperty(duplex, "leaf", { value: leaf });
}

/** Changes the hello on its way to `server`; all else is passed on. */
async function passOn(client: HandshakeChannel, server: HandshakeChannel, change: (hello: Uint8Array) => Uint8Array) {
  await server.send(change(await client.receive()));
  await client.send(await server.receive());
  await server.send(await client.receive());
  await client.send(await server.receive());
}

/** A handshake of ends that see these leafs; `change` is made to the hello by somebody between. */
async function meetBetween(
  leafs: { client: Uint8Array | undefined; server: Uint8Array | undefined },
  change: (hello: Uint8Array) => Uint8Array = (hello) => hello,
) {
  const [left, right] = [memoryPipe(), memoryPipe()];
  const passing = passOn(new HandshakeChannel(left.b), new HandshakeChannel(right.a), change).catch(() => {
    left.b.close();
    right.a.close();
  });
  const ends = await Promise.allSettled([
    ClientHandshake.begin(seen(left.a, leafs.client), undefined, true).then((handshake) =>
      handshake.commit(NEW, SECRET)
    ),
    (async () => {
      const handshake = new ServerHandshake(seen(right.b, leafs.server), true, "auto");
      try {
        await handshake.hello();
        await handshake.challenge("ready");
        await handshake.commit(() => SECRET);
        await right.b.write(framed(await handshake.accept({ sessionId: SESSION_ID, number: 0, fields: new Map() })));
      } catch (error) {
        if (error instanceof RefusalError) await handshake.refuse(error.ending);
        throw error;
      }
    })(),
  ]);
  [left.a, left.b, right.a, right.b].forEach((end) => end.close());
  await passing;
  return ends;
}

Deno.test("ends that see the same certificate, or none that counts, get through with the same token", async () => {
  for (const leafs of [{ client: OWN, server: OWN }, { client: NO_LEAF, server: undefined }]) {
    assertEquals((await meetBetween(leafs)).map(({ status }) => status), ["fulfilled", "fulfilled"]);
  }
});

Deno.test("ends that see two certificates are told that somebody is between them", async () => {
  const [client, server] = await meetBetween({ client: OTHER, server: OWN });
  assertRefused(client, EndCode.seal, "somebody between this side and the tele server ends the encryption");
  assertRefused(server, EndCode.seal, "somebody between the tele client and this server ends the encryption");
});

Deno.test("somebody between who makes the hello fit is found by the proof", async () => {
  const saying = (leaf: Uint8Array) => (bytes: Uint8Array) => {
    const hello = decodeHello(bytes);
    return encodeHello({ ...hello, fields: new Map([...hello.fields, ...leafField(leaf)]) });
  };
  // Each end takes its part for good, with the right token.
  const forged = [saying(OWN), saying(NO_LEAF)];
  for (const change of forged) {
    const [client, server] = await meetBetween({ client: OTHER, server: OWN }, change);
    assert(client.status === "rejected" && server.status === "rejected");
    assertInstanceOf(server.reason, RefusalError);
    assertEquals(server.reason.endCode, EndCode.token);
  }
  const [client] = await meetBetween({ client: OTHER, server: OWN }, saying(OWN));
  assertRefused(client, EndCode.token, "if it is the same, somebody between the two ends the encryption");
});

Deno.test("without a token nothing is said of TLS, and nothing of it is proven", async () => {
  const { a, b } = memoryPipe();
  const handshake = new ServerHandshake(seen(b, OWN), false, "auto");
  const beginning = ClientHandshake.begin(seen(a, OTHER));
  const hello = await handshake.hello();
  assertEquals([...hello.fields], []);
  await handshake.challenge("ready");
  const [, committed] = await Promise.allSettled([
    beginning.then((client) => client.commit(NEW, SECRET)),
    handshake.commit(() => SECRET).finally(() => b.close()),
  ]);
  assertEquals(committed.status, "fulfilled");
});

Deno.test("TLS where none is taken is refused in a way that a client which seals reads", () => {
  const told = (isGuarded: boolean) => framed(encodeEnding("refuse", refuseTls(isGuarded).ending));
  const answers: [Uint8Array, number, string][] = [
    [told(false), EndCode.token, "the tele server has no token, this side has one"],
    [told(true), EndCode.seal, "the tele server says --encryption=never"],
  ];
  for (const [answer, code, words] of answers) {
    for (const first of [answer, answer.subarray(0, 16)]) {
      const error = explainPlainAnswer("example.com:40300", first);
      assertInstanceOf(error, RefusalError);
      assertEquals(error.endCode, code);
      assertStringIncludes(error.message, words);
      assertStringIncludes(error.message, "anybody on the way can have said so");
    }
  }
  assertStringIncludes(refuseTls(false).message, "the client speaks TLS, this tele server does not");
  assertStringIncludes(refuseTls(true).message, "here is --encryption=never");
});

Deno.test("any other answer in plain is told as what it is", () => {
  const others = [new Uint8Array([1]), new TextEncoder().encode("hello there"), framed(new Uint8Array([5, 0, 1]))];
  for (const first of others) {
    const error = explainPlainAnswer("example.com:40300", first);
    assertEquals([error.code, error.message.slice(0, 47)], [
      "protocol",
      "example.com:40300: what answers there does not ",
    ]);
  }
  const ssh = explainPlainAnswer("example.com:22", new TextEncoder().encode("SSH-2.0-OpenSSH_9.2"));
  assertStringIncludes(ssh.message, "an SSH server answers there");
});
