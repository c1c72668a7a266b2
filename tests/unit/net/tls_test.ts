/** TLS connections over real sockets: bytes, ends, cuts, strangers, certificates that change. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseAddress } from "../../../lib/net/address.ts";
import { systemClock } from "../../../lib/net/clock.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { silentLog } from "../../../lib/net/log.ts";
import { isNodeSound } from "../../../lib/net/runtime.ts";
import { NodeDuplex } from "../../../lib/net/node_duplex.ts";
import { dialTls, requireTls } from "../../../lib/net/tls_dial.ts";
import { listenTls } from "../../../lib/net/tls_listen.ts";
import { parseCommandLine } from "../../../lib/tunnel/command_line/command_line.ts";
import { makeDialer } from "../../../lib/tunnel/roles/outer_dialer.ts";
import { listenOuter } from "../../../lib/tunnel/roles/outer_listener.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { generated, sha256 } from "../../support/random.ts";
import { certificates, tlsTest, TlsWorld } from "../../support/tls_world.ts";
import { pause, until, within } from "../../support/wait.ts";

const MIB = 1024 * 1024;
const hello = new TextEncoder().encode("hello");

async function readAll(duplex: Duplex, bufferBytes = 64 * 1024): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const into = new Uint8Array(bufferBytes);
  for (let count = await duplex.read(into); count !== null; count = await duplex.read(into)) {
    assert(count >= 1 && count <= bufferBytes);
    parts.push(into.slice(0, count));
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

Deno.test("TLS on a runtime that is too old is a clear error", async () => {
  requireTls("2.9.0");
  const sentence = "TLS needs Deno 2.9 or later, and this is 2.6.8: install a newer one";
  assertThrows(() => requireTls("2.6.8"), TeleError, sentence);
  if (isNodeSound()) return;
  await assertRejects(() => dialTls(parseAddress(":1"), { protocols: [] }), TeleError, "TLS needs Deno 2.9 or later");
  const options = {
    defaultHosts: [],
    clock: systemClock,
    log: silentLog,
    onConnection() {},
    onRefused() {},
    onLeft() {},
  };
  const listening = () => listenTls(undefined, { cert: "", key: "", protocols: [] }, options);
  await assertRejects(listening, TeleError, "TLS needs Deno 2.9 or later");
  // Nor is it said of files, which that runtime cannot judge.
  const client = parseCommandLine(["--client", "--in=:0", "--out=:1", "--tls-ca=system"], {});
  const server = parseCommandLine(["--server", "--in=:1", "--out=:0", "--tls-cert=/no", "--tls-key=/no"], {});
  assert(client.kind === "client" && server.kind === "server");
  const dialer = () => makeDialer(client.options, silentLog, systemClock);
  await assertRejects(dialer, TeleError, "TLS needs Deno 2.9 or later");
  const listener = async () => await listenOuter(server.options, silentLog, systemClock, () => {});
  await assertRejects(listener, TeleError, "TLS needs Deno 2.9 or later");
});

tlsTest("what was agreed on, and who is there", async () => {
  const world = await TlsWorld.start({ protocols: ["tele/1", "teleport-tcp-ping"] });
  const [near, far] = await world.pair({ protocols: ["teleport-tcp-ping", "tele/1"] });
  assertEquals([near.protocol, far.protocol], ["tele/1", "tele/1"]);
  assertEquals(near.duplex.peer, world.listening.addresses[0]);
  assertEquals([near.duplex.localAddress, far.duplex.localAddress], ["127.0.0.1", "127.0.0.1"]);
  assert(far.duplex.peer.startsWith("127.0.0.1:"));
  assertEquals(world.listening.strangers, 0);
  world.close();
});

tlsTest("either side speaks first", async () => {
  const world = await TlsWorld.start();
  for (const pick of [0, 1]) {
    const pair = await world.pair();
    const into = new Uint8Array(16);
    const reading = pair[1 - pick]!.duplex.read(into);
    await pair[pick]!.duplex.write(hello);
    assertEquals(into.subarray(0, (await reading)!), hello);
  }
  world.close();
});

tlsTest("8 MiB each way at once, in odd sizes", async () => {
  const world = await TlsWorld.start();
  const [near, far] = await world.pair();
  const bytes = [generated(8 * MIB, 1), generated(8 * MIB, 2)];
  const sizes = [1, 16_383, 16_385, 262_144, 7, 1_000_003];
  async function send(duplex: Duplex, all: Uint8Array) {
    for (let at = 0, turn = 0; at < all.length; turn++) {
      const count = sizes[turn % sizes.length]!;
      await duplex.write(all.subarray(at, at + count));
      at += count;
    }
    await duplex.closeWrite();
  }
  const [there, back] = await Promise.all([
    readAll(far.duplex, 100_003),
    readAll(near.duplex, 777),
    send(near.duplex, bytes[0]!),
    send(far.duplex, bytes[1]!),
  ]);
  assertEquals(await sha256(there), await sha256(bytes[0]!));
  assertEquals(await sha256(back), await sha256(bytes[1]!));
  world.close();
});

tlsTest("a reader that waits holds the writer back", async () => {
  const world = await TlsWorld.start();
  const [near, far] = await world.pair();
  let written = 0;
  const writing = (async () => {
    for (; written < 64 * MIB; written += MIB) await near.duplex.write(new Uint8Array(MIB));
    await near.duplex.closeWrite();
  })();
  await pause(700);
  const stuck = written;
  assert(stuck < 32 * MIB, `${stuck} bytes were written and nobody read`);
  await pause(300);
  assertEquals(written, stuck);
  assertEquals((await readAll(far.duplex, 256 * 1024)).length, 64 * MIB);
  await writing;
  world.close();
});

tlsTest("who reads little at a time has little read for it, though much came before", async () => {
  const world = await TlsWorld.start();
  const [{ duplex: dialed }, { duplex: accepted }] = await world.pair();
  const { read } = NodeDuplex.prototype;
  let asked = 0;
  NodeDuplex.prototype.read = function (into) {
    asked = into.length;
    return read.call(this, into);
  };
  try {
    const writing = accepted.write(new Uint8Array(8 * 1024 * 1024));
    const large = new Uint8Array(256 * 1024);
    for (let left = 8 * 1024 * 1024; left > 0;) left -= (await dialed.read(large))!;
    await writing;
    assert(asked > 16 * 1024, `much was read at once: ${asked} bytes`);
    const reading = dialed.read(new Uint8Array(8 * 1024));
    assertEquals(asked, 8 * 1024);
    await accepted.write(new Uint8Array(1));
    assertEquals(await reading, 1);
  } finally {
    NodeDuplex.prototype.read = read;
  }
  world.close();
});

tlsTest("half-close, either side first: the other direction goes on", async () => {
  const world = await TlsWorld.start();
  for (const pick of [0, 1]) {
    const pair = await world.pair();
    const [ender, other] = [pair[pick]!.duplex, pair[1 - pick]!.duplex];
    const into = new Uint8Array(16);
    await ender.write(hello);
    await ender.closeWrite();
    assertEquals(new TextDecoder().decode(await readAll(other)), "hello");
    assertEquals(await other.read(into), null);
    // The ends of TLS and of TCP are both told; a while later it still goes on.
    await pause(50);
    for (let turn = 0; turn < 3; turn++) {
      await other.write(hello);
      assertEquals(await ender.read(into), 5);
    }
    await other.closeWrite();
    assertEquals(await ender.read(into), null);
  }
  world.close();
});

tlsTest("a cut is not an end: close and abort without closeWrite", async () => {
  const world = await TlsWorld.start();
  for (const how of ["close", "abort"] as const) {
    for (const pick of [0, 1]) {
      const pair = await world.pair();
      const [ender, other] = [pair[pick]!.duplex, pair[1 - pick]!.duplex];
      await ender.write(hello);
      const into = new Uint8Array(16);
      assertEquals(await other.read(into), 5);
      ender[how]();
      const error = await assertRejects(() => other.read(into), TeleError);
      assertEquals(error.code, "carrier-lost");
      if (how === "abort") assert(/reset/i.test(error.message), error.message);
      await assertRejects(() => other.read(into));
      await assertRejects(() => ender.read(into));
      await assertRejects(() => ender.write(hello));
      ender.close();
    }
  }
  world.close();
});

tlsTest("close ends pending reads and writes", async () => {
  const world = await TlsWorld.start();
  const [near] = await world.pair();
  const reading = assertRejects(() => near.duplex.read(new Uint8Array(8)));
  const writing = assertRejects(async () => {
    for (;;) await near.duplex.write(new Uint8Array(MIB));
  });
  await pause(300);
  near.duplex.close();
  await within(Promise.all([reading, writing]), 1_000, "the ends");
  world.close();
});

tlsTest("renew changes what later connections see, and not those that are there", async () => {
  const { ca, otherCa, client } = await certificates();
  const world = await TlsWorld.start();
  const [near, far] = await world.pair();
  const renewed = await otherCa.issue();
  world.listening.renew({ ...renewed, clientCa: ca.cert, protocols: ["tele/2"] });
  assertEquals((await world.failure({ protocols: ["tele/2"] })).split(":")[0], "untrusted");
  const later = await world.dial({ ca: otherCa.cert, certificate: client, protocols: ["tele/2"] });
  assertEquals(later.protocol, "tele/2");
  await near.duplex.write(hello);
  assertEquals(await far.duplex.read(new Uint8Array(8)), 5);

  await assertRejects(
    () => Promise.resolve().then(() => world.listening.renew({ cert: "nonsense", key: "", protocols: [] })),
    TeleError,
    "--tls-cert",
  );
  assertEquals((await world.dial({ ca: otherCa.cert, certificate: client, protocols: ["tele/2"] })).protocol, "tele/2");
  world.close();
});

tlsTest("a stranger that says nothing, or half a hello, is closed after 10 s", async () => {
  const clock = new FakeClock({ wallMs: Date.now() });
  const world = await TlsWorld.start({}, clock);
  const strangers = await Promise.all([0, 1].map(() => Deno.connect({ hostname: "127.0.0.1", port: world.port })));
  await strangers[1]!.write(new Uint8Array([0x16, 3, 1, 2, 0, 1]));
  await until(() => world.listening.strangers === 2, 2_000, "two strangers");
  await clock.advance(9_999);
  assertEquals(world.listening.strangers, 2);
  await clock.advance(1);
  for (const stranger of strangers) {
    assertEquals(await within(stranger.read(new Uint8Array(8)).catch(() => null), 2_000, "its end"), null);
    stranger.close();
  }
  assertEquals(world.listening.strangers, 0);
  for (let i = 0; i < 2; i++) assertEquals(await world.refusal(), "no complete handshake within 10 s");
  world.close();
});

tlsTest("of more than 512 strangers the oldest go, and their sockets with them", async () => {
  const world = await TlsWorld.start();
  const strangers: Deno.TcpConn[] = [];
  const ended: number[] = [];
  for (let at = 0; at < 600; at++) {
    const stranger = await Deno.connect({ hostname: "127.0.0.1", port: world.port });
    strangers.push(stranger);
    stranger.read(new Uint8Array(8)).catch(() => null).then(() => ended.push(at));
  }
  await until(() => ended.length >= 88, 5_000, "the end of the oldest");
  assertEquals(world.listening.strangers, 512);
  assertEquals(ended.toSorted((a, b) => a - b), Array.from({ length: 88 }, (_, at) => at));
  const known = await world.pair();
  await known[0].duplex.write(hello);
  assertEquals(await known[1].duplex.read(new Uint8Array(8)), 5);
  world.close();
  await until(() => ended.length === 600, 5_000, "the end of all");
  for (const stranger of strangers) stranger.close();
});

tlsTest("a handshake given up closes its socket at once", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const giveUp = new AbortController();
  const dialing = dialTls(parseAddress(`127.0.0.1:${listener.addr.port}`), { protocols: [] }, giveUp.signal);
  const failing = assertRejects(() => dialing, Error, "enough");
  const silent = await listener.accept();
  const into = new Uint8Array(4096);
  assert((await silent.read(into))! > 100);
  giveUp.abort(new Error("enough"));
  assertEquals(await within(silent.read(into).catch(() => null), 1_000, "the end of the socket"), null);
  await failing;
  silent.close();
  const gone = AbortSignal.abort(new Error("before"));
  await assertRejects(() => dialTls(parseAddress(`127.0.0.1:${listener.addr.port}`), { protocols: [] }, gone));
});

tlsTest("an address with a zone is dialed with it, and verified without", async () => {
  const { ca } = await certificates();
  const local = Deno.networkInterfaces().find(({ address }) => address.startsWith("fe80:"));
  // Without IPv6 there is no address that needs one: then at least it must be told as a way that does not exist.
  const [address, zone] = local === undefined ? ["fe80::1", "lo"] : [local.address, local.name];
  const everywhere = local === undefined ? "127.0.0.1:0" : "[::]:0";
  const world = await TlsWorld.start(await ca.issue({ names: `IP:${address}` }), undefined, undefined, everywhere);
  const dialing = world.dial({}, `[${address}%${zone}]`);
  if (local === undefined) assertEquals((await assertRejects(() => dialing, TeleError)).code, "carrier-lost");
  else assertEquals((await dialing).protocol, "tele/1");
  world.close();
});
