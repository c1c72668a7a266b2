/** The client's end of a seal: what it takes without anybody's word, and what not even then. */
import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertRejects } from "@std/assert";
import tls from "node:tls";
import { dial } from "../../../lib/net/dial.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { ForwardedDuplex } from "../../../lib/net/forwarded_duplex.ts";
import { leafOf } from "../../../lib/net/leaf.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { PlainAnswerError, sealClient } from "../../../lib/net/seal_client.ts";
import { SealServer } from "../../../lib/net/seal_server.ts";
import { TlsDuplex } from "../../../lib/net/tls_duplex.ts";
import { derOf, notQuiteDer, type Pair, TestCa } from "../../support/certificates.ts";
import { generated } from "../../support/random.ts";
import { readAll } from "../../support/reading.ts";
import { isListening } from "../../support/middle_box.ts";
import { program } from "../../support/skip.ts";
import { freePort } from "../../support/user_programs.ts";
import { certificates, tlsTest } from "../../support/tls_world.ts";

const PEER = { address: "example.com:40300", protocol: "tele/2" };

/** Seals with a server that shows `pair`. */
async function meet(pair: Pair): Promise<[client: Duplex, server: Duplex]> {
  const [near, far] = duplexPair();
  const serving = new SealServer(pair, PEER.protocol).unseal(far);
  serving.catch(() => {});
  return await Promise.all([sealClient(near, PEER), serving]);
}

tlsTest("a certificate for which nobody vouches is taken, and both ends have its leaf", async () => {
  const { server, client } = await certificates();
  const leafs = [];
  for (const pair of [server, client]) {
    const ends = await meet(pair);
    assertEquals(ends[0].leaf, leafOf(derOf(pair)));
    assertEquals(ends[0].leaf, ends[1].leaf);
    leafs.push(ends[0].leaf);
    ends.forEach((end) => end.close());
  }
  assertNotEquals(leafs[0], leafs[1]);
});

tlsTest("names and dates mean nothing: the token says whose certificate it is", async () => {
  const { ca } = await certificates();
  for (const wish of [{ days: -1 }, { startsInDays: 5 }, { names: "DNS:elsewhere.example" }]) {
    const [client, server] = await meet(await ca.issue(wish));
    assertEquals(client.leaf, server.leaf);
    client.close();
    server.close();
  }
});

tlsTest("bytes and ends pass both ways", async () => {
  const [client, server] = await meet((await certificates()).server);
  const bytes = generated(1 << 20, 5);
  const sending = client.write(bytes).then(() => client.closeWrite());
  assertEquals(await readAll(server, 70_000), bytes);
  await sending;
  const answering = server.write(bytes.subarray(0, 9)).then(() => server.closeWrite());
  assertEquals(await readAll(client, 100), bytes.subarray(0, 9));
  await answering;
  client.close();
  server.close();
});

tlsTest("a seal costs one round trip: the client's first words leave with the end of its handshake", async () => {
  const [near, far] = duplexPair();
  const turns: string[] = [];
  const tell = (turn: string) => void (turns.at(-1) === turn || turns.push(turn));
  const watched = Object.assign(new ForwardedDuplex(near), {
    read: (into: Uint8Array) => near.read(into).finally(() => tell("hears")),
    write(bytes: Uint8Array) {
      tell("says");
      return near.write(bytes);
    },
  });
  const serving = new SealServer((await certificates()).server, PEER.protocol).unseal(far);
  const client = await sealClient(watched, PEER);
  const writing = client.write(new Uint8Array([7]));
  const server = await serving;
  assertEquals(await server.read(new Uint8Array(9)), 1);
  await writing;
  assertEquals(turns, ["says", "hears", "says"]);
  client.close();
  server.close();
});

/** A server of OpenSSL, which shows what this runtime's own would not. */
async function opensslServer({ cert, key }: Pair, body: (port: number) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/pair.pem`, cert + key);
  const port = freePort();
  const child = new Deno.Command(program("openssl"), {
    args: ["s_server", "-accept", `127.0.0.1:${port}`, "-cert", `${folder}/pair.pem`, "-alpn", "tele/2", "-quiet"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await isListening(port);
    await body(port);
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
}

tlsTest("a certificate of which the runtime asks no proof of the key is refused", async () => {
  const ca = await TestCa.make("a CA");
  const cases: [Pair, RegExp][] = [
    [await ca.issue({ isOld: true }), /is of X\.509 version 1/],
    [notQuiteDer(await TestCa.make("itself", { isCa: false })), /does not prove that it has the key/],
  ];
  for (const [pair, words] of cases) {
    await opensslServer(pair, async (port) => {
      const transport = await dial({ kind: "tcp", host: "127.0.0.1", port });
      const error = await assertRejects(() => sealClient(transport, PEER), TeleError);
      assertEquals([error.code, words.test(error.message)], ["untrusted", true], error.message);
    });
  }
});

tlsTest("who speaks TLS and not the protocol is no tele server", async () => {
  const { server } = await certificates();
  const [near, far] = duplexPair();
  const serving = new SealServer(server, "http/1.1").unseal(far).catch(() => {});
  const error = await assertRejects(() => sealClient(near, PEER), TeleError, "is no tele server");
  assertEquals(error.code, "doubted");
  await serving;
});

tlsTest("TLS 1.2 is not enough", async () => {
  const { server } = await certificates();
  const [near, far] = duplexPair();
  const serving = TlsDuplex.start(far, {
    start: (stream) => {
      const secureContext = tls.createSecureContext({ ...server, maxVersion: "TLSv1.2" });
      return new tls.TLSSocket(stream, {
        isServer: true,
        secureContext,
        ALPNProtocols: ["tele/2"],
        maxVersion: "TLSv1.2",
      });
    },
    secureEvent: "secure",
    awaitsHello: true,
    seen: () => ({}),
    explain: ({ error }) => error as Error,
  });
  const [client, server12] = await Promise.allSettled([sealClient(near, PEER), serving]);
  assert(client.status === "rejected");
  assertEquals((client.reason as TeleError).code, "carrier-lost", String(client.reason));
  assertEquals(server12.status, "rejected");
});

tlsTest("an answer in plain is told with its first bytes, and nothing but a hello of TLS was said", async () => {
  const [near, far] = duplexPair();
  const sealing = sealClient(near, PEER).catch((error) => error);
  const heard = new Uint8Array(4096);
  const count = await far.read(heard);
  assertEquals(heard[0], 0x16);
  await far.write(new TextEncoder().encode("SSH-2.0-OpenSSH_9.2"));
  const rest = readAll(far, 4096).catch(() => new Uint8Array(0));
  const error = await sealing;
  assertInstanceOf(error, PlainAnswerError);
  assertEquals(new TextDecoder().decode(error.first).slice(0, 7), "SSH-2.0");
  // What the runtime says to that is an alert (RFC 8446, 6).
  const more = await rest;
  assert(count! > 0 && (more.length === 0 || more[0] === 0x15), String(more));
  far.close();
});

tlsTest("an alert in plain is no last word: anybody on the way can send one", async () => {
  const alerts: [number: number, words: string, code: string][] = [
    [40, "the server wants a client certificate", "doubted"],
    [116, "the server wants a client certificate", "doubted"],
    [120, "it speaks TLS and is no tele server", "doubted"],
    [80, "refused the TLS handshake", "carrier-lost"],
  ];
  for (const [number, words, code] of alerts) {
    const [near, far] = duplexPair();
    const sealing = sealClient(near, PEER).catch((error) => error);
    await far.read(new Uint8Array(4096));
    await far.write(new Uint8Array([0x15, 3, 3, 0, 2, 2, number]));
    const error = await sealing;
    assertInstanceOf(error, TeleError);
    assertEquals([error.code, error.message.includes(words)], [code, true], error.message);
    far.close();
  }
});

tlsTest("a peer that leaves, and a client that gives up, end it at once", async () => {
  const [near, far] = duplexPair();
  const sealing = assertRejects(
    () => sealClient(near, PEER),
    TeleError,
    "example.com:40300: the connection was closed",
  );
  await far.read(new Uint8Array(4096));
  await far.closeWrite();
  await far.read(new Uint8Array(4096)).catch(() => null);
  far.close();
  assertEquals((await sealing).code, "carrier-lost");

  const [left, right] = duplexPair();
  const wish = new AbortController();
  const given = assertRejects(() => sealClient(left, PEER, wish.signal), Error, "not wanted any more");
  await right.read(new Uint8Array(4096));
  wish.abort(new Error("not wanted any more"));
  await given;
  await assertRejects(() => right.read(new Uint8Array(1)));
});
