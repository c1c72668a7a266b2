import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { equals } from "@std/bytes/equals";
import { systemClock } from "../../../../lib/net/clock.ts";
import { DenoDuplex } from "../../../../lib/net/deno_duplex.ts";
import { hasNodeDuplex } from "../../../../lib/net/node_duplex.ts";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { NO_LEAF } from "../../../../lib/net/leaf.ts";
import { tlsWarmUp } from "../../../../lib/net/tls_warm_up.ts";
import { acceptWeb } from "../../../../lib/net/websocket/websocket_server.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import { encodeEnding, RefusalError } from "../../../../lib/session/ending.ts";
import { refuseTls } from "../../../../lib/session/handshake/seal.ts";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import { makeDialer, type OuterDialer } from "../../../../lib/tunnel/roles/outer_dialer.ts";
import { makeSealServer } from "../../../../lib/session/sealing.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { KeyFiles } from "../../../support/key_files.ts";
import { tlsTest, TlsWorld } from "../../../support/tls_world.ts";
import { looks } from "../../../support/looks.ts";

/** A listener that wants certificates, and a client's dialer whose files are in a folder. */
async function withDialer(
  body: (
    needs: { world: TlsWorld; keys: KeyFiles; make: () => Promise<OuterDialer>; look: () => Promise<void> },
  ) => Promise<
    void
  >,
  lines: string[],
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const clock = new FakeClock();
  try {
    const keys = await KeyFiles.make(folder);
    const world = await TlsWorld.start({ ...await keys.ca.issue(), clientCa: keys.ca.cert });
    const pair = await keys.pairArgs("own", await keys.ca.issue());
    const args = ["--client", `--out=127.0.0.1:${world.port}`, ...keys.clientArgs, ...pair];
    const command = parseCommandLine(args, {});
    if (command.kind !== "client") throw new Error("this is a client's command line");
    const make = () => makeDialer(command.options, (level, line) => void lines.push(`${level}: ${line}`), clock);
    await body({ world, keys, make, look: () => looks(clock, 3) });
    world.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

tlsTest("who accepts a connection and says nothing has connected: that is told before TLS begins", async () => {
  await withDialer(async ({ make }) => {
    const { dialCarrier, stop } = await make();
    let connected = 0;
    const silence = new AbortController();
    // Its answer is read by the real event loop, and so only after the call.
    const dialing = dialCarrier(silence.signal, () => {
      connected++;
      silence.abort(new Error("nothing came"));
    });
    await assertRejects(() => dialing, Error, "nothing came");
    assertEquals(connected, 1);
    stop();
  }, []);
});

tlsTest("a key that does not fit, or a CA file without one, is told before anything is dialed", async () => {
  const lines: string[] = [];
  await withDialer(async ({ keys, make }) => {
    const [right, other] = await Promise.all([keys.ca.issue(), keys.ca.issue()]);
    await keys.pairArgs("own", { cert: right.cert, key: other.key });
    const error = await assertRejects(
      make,
      TeleError,
      "--tls-key: this is not the key of the certificate in --tls-cert",
    );
    assertEquals(error.code, "bad-input");
    await keys.pairArgs("own", right);
    await keys.write("ca.pem", right.key);
    await assertRejects(make, TeleError, "--tls-ca: there is a key in this file but no certificate");
  }, lines);
  assertEquals(lines, []);
});

tlsTest(
  "a renewed pair is used from then on, and one that does not fit is told once while the former serves on",
  async () => {
    const lines: string[] = [];
    await withDialer(async ({ world, keys, make, look }) => {
      const dialer = await make();
      const name = async () => {
        const duplex = await dialer.dialCarrier(new AbortController().signal);
        const { duplex: far } = await world.accept();
        duplex.close();
        return far.peerName;
      };
      assertEquals(await name(), "a test");
      const [next, other] = await Promise.all(["next", "other"].map((commonName) => keys.ca.issue({ commonName })));
      await keys.pairArgs("own", { cert: next!.cert, key: other!.key });
      await look();
      assertEquals(await name(), "a test");
      await keys.pairArgs("own", next!);
      await look();
      assertEquals(await name(), "next");
      dialer.stop();
    }, lines);
    assertEquals(lines.length, 2, lines.join("\n"));
    assertStringIncludes(lines[0]!, "changed, but the former is still used: --tls-key: this is not the key of");
    assertStringIncludes(lines[1]!, "changed: what is there now is used from here on");
  },
);

tlsTest("each stage of dialing is told when it is done", async () => {
  await withDialer(async ({ world, make }) => {
    const { dialCarrier, stop } = await make();
    const stages: string[] = [];
    const reached = (stage: string) => void (stages.at(-1) !== stage && stages.push(stage));
    const duplex = await dialCarrier(AbortSignal.timeout(5_000), undefined, 0, reached);
    await world.accept();
    assertEquals(stages, ["connection", "tls"]);
    duplex.close();
    await stop();
  }, []);
});

Deno.test("that a command runs is told before anybody answers by it", async () => {
  const { dialCarrier, stop } = await dialerOf(["--out=exec:true"]);
  const stages: string[] = [];
  (await dialCarrier(AbortSignal.timeout(5_000), undefined, 0, (stage) => void stages.push(stage))).close();
  assertEquals(stages, ["command", "connection"]);
  await stop();
});

Deno.test("a client that a name leads to its own port says so, and does not wait", async () => {
  using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = listener.addr;
  const command = parseCommandLine(["--client", `--in=0.0.0.0:${port}`, `--out=example.com:${port}`]);
  assert(command.kind === "client");
  // As the name would lead there.
  const out = { kind: "tcp", host: "127.0.0.1", port } as const;
  const paths = [{ ...command.options.paths[0], out }] as const;
  const dialer = await makeDialer({ ...command.options, paths }, () => {}, systemClock);
  const error = await assertRejects(() => dialer.dialCarrier(AbortSignal.timeout(5_000)), TeleError, "own --in");
  assertEquals(error.code, "refused");
  const elsewhere = await makeDialer({ ...command.options, in: undefined, paths }, () => {}, systemClock);
  (await elsewhere.dialCarrier(AbortSignal.timeout(5_000))).close();
});

tlsTest(
  "while a connection is made that TLS follows the runtime gets ready for it, for others it does not",
  async () => {
    let started = 0;
    tlsWarmUp.start = () => Promise.resolve(void started++);
    try {
      const out = "--out=127.0.0.1:1";
      for (
        const [times, args, token] of [[0, [out], undefined], [1, [out], TOKEN], [
          2,
          [out, "--tls"],
          undefined,
        ]] as const
      ) {
        const { dialCarrier, stop } = await dialerOf([...args], token);
        await assertRejects(() => dialCarrier(AbortSignal.abort(new Error("given up"))));
        assertEquals(started, times, `${args}`);
        await stop();
      }
    } finally {
      Reflect.deleteProperty(tlsWarmUp, "start");
    }
  },
);

Deno.test("each path is dialed by its own way, from its own address", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const froms = hasNodeDuplex() ? ["--from=127.0.0.2", "--from=127.0.0.3"] : [];
  const { dialCarrier, stop } = await dialerOf([`--out=127.0.0.1:${port}`, ...froms, `--out=localhost:${port}`]);
  for (const [path, host] of ["127.0.0.2", "127.0.0.3", "127.0.0.2"].entries()) {
    const [dialed, accepted] = await Promise.all([
      dialCarrier(AbortSignal.timeout(5_000), undefined, path),
      listener.accept(),
    ]);
    if (hasNodeDuplex()) assertEquals(accepted.remoteAddr.hostname, host);
    dialed.close();
    accepted.close();
    if (!hasNodeDuplex() && path === 1) break;
  }
  await stop();
});

/** The dialer of a client with these options, of which nothing else is used. */
async function dialerOf(args: string[], TELE_TOKEN?: string): Promise<OuterDialer> {
  const command = parseCommandLine(["--client", ...args], { TELE_TOKEN });
  assert(command.kind === "client");
  return await makeDialer(command.options, () => {}, systemClock);
}

Deno.test("a WebSocket is opened before the carrier is handed on, and what a web server says is the reason", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dialer = await dialerOf([`--out=ws://127.0.0.1:${listener.addr.port}/tele`]);
  const dial = () => dialer.dialCarrier(AbortSignal.timeout(5_000));
  const accepting = listener.accept().then((connection) => acceptWeb(new DenoDuplex(connection), systemClock));
  const [carrier, server] = await Promise.all([dial(), accepting]);
  await carrier.write(new Uint8Array([1, 2]));
  assertEquals(await server!.read(new Uint8Array(9)), 2);
  carrier.close();
  server!.close();
  let silence: string | undefined;
  const dialing = assertRejects(
    () => dialer.dialCarrier(AbortSignal.timeout(5_000), (told) => silence = told),
    TeleError,
    "the web server there has nothing there (404)",
  );
  const stranger = await listener.accept();
  await stranger.read(new Uint8Array(1));
  assertStringIncludes(
    silence!,
    "the web server there takes the connection, but neither it nor a tele server behind it",
  );
  await stranger.write(new TextEncoder().encode("HTTP/1.1 404 Not Found\r\n\r\n"));
  const error = await dialing;
  assert(error.message.startsWith(`ws://127.0.0.1:${listener.addr.port}/tele: `), error.message);
  assertEquals(error.code, "refused");
  stranger.close();
});

tlsTest("wss:// verifies the certificate as TLS does, offers http/1.1, and shows a client's own", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const keys = await KeyFiles.make(folder);
    const world = await TlsWorld.start({ ...await keys.ca.issue(), clientCa: keys.ca.cert, protocols: ["http/1.1"] });
    const pair = await keys.pairArgs("own", await keys.ca.issue());
    const out = `--out=wss://127.0.0.1:${world.port}/tele`;
    const dialer = await dialerOf([out, ...keys.clientArgs, ...pair]);
    const accepting = world.accept().then(({ duplex }) => acceptWeb(duplex, systemClock));
    const [carrier, server] = await Promise.all([dialer.dialCarrier(AbortSignal.timeout(5_000)), accepting]);
    assertEquals(server!.peerName, "a test");
    carrier.close();
    server!.close();
    dialer.stop();
    // Without --tls-ca it trusts public authorities alone.
    const trusting = await dialerOf([out]);
    const error = await assertRejects(() => trusting.dialCarrier(AbortSignal.timeout(5_000)), TeleError);
    assertEquals(error.code, "untrusted");
    assertStringIncludes(error.message, `wss://127.0.0.1:${world.port}/tele: the server's certificate was issued by`);
    trusting.stop();
    world.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a WebSocket that leads a client to its own port says so", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const command = parseCommandLine(["--client", `--in=127.0.0.1:${port}`, `--out=ws://example.com:${port}`]);
  assert(command.kind === "client");
  const { paths: [path] } = command.options;
  assert(path.out.kind === "websocket");
  const out = { ...path.out, address: { ...path.out.address, host: "127.0.0.1" } };
  const options = { ...command.options, paths: [{ ...path, out }] as const };
  const { dialCarrier } = await makeDialer(options, () => {}, systemClock);
  await assertRejects(() => dialCarrier(AbortSignal.timeout(5_000)), TeleError, "own --in");
});

const TOKEN = "a token for the dialer";

/** Listens in plain, and returns all that the first who comes says until it is answered by `answer`, and ends. */
async function overhear(listener: Deno.Listener, answer: Uint8Array): Promise<Uint8Array> {
  using connection = await listener.accept();
  const bytes = new Uint8Array(8192);
  const count = await connection.read(bytes);
  await connection.write(answer);
  const more = await connection.read(bytes.subarray(count!)).catch(() => null);
  return bytes.slice(0, count! + (more ?? 0));
}

for (const args of [[], ["--encryption=auto"], ["--encryption=always"]]) {
  tlsTest(`a client with a token says nothing in plain, whatever answers: ${args}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { dialCarrier } = await dialerOf([`--out=127.0.0.1:${listener.addr.port}`, ...args], TOKEN);
    // As a server would answer that has no token, and as one that challenges a client in plain.
    for (
      const [ending, words] of [[refuseTls(false), "has no token"], [refuseTls(true), "--encryption=never"]] as const
    ) {
      const hearing = overhear(listener, framed(encodeEnding("refuse", ending.ending)));
      await assertRejects(() => dialCarrier(AbortSignal.timeout(5_000)), RefusalError, words);
      const heard = await hearing;
      assertEquals([heard[0], new TextDecoder("latin1").decode(heard).includes("\x01tele\x02")], [0x16, false]);
    }
    const challenge = new Uint8Array(72);
    challenge.set([0, 0, 0, 68, 2, 2, 0]);
    const hearing = overhear(listener, challenge);
    await assertRejects(() => dialCarrier(AbortSignal.timeout(5_000)), TeleError, "does not encrypt");
    assertEquals((await hearing)[0], 0x16);
  });
}

tlsTest(
  "a token seals by TCP and by WebSocket, inside verified TLS if always is said, and never if never is",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const keys = await KeyFiles.make(folder);
      const sealing = makeSealServer();
      const world = await TlsWorld.start(await keys.ca.issue());
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const plain = `127.0.0.1:${listener.addr.port}`;
      const accept = async (): Promise<Duplex> => new DenoDuplex(await listener.accept());
      const acceptTls = async (): Promise<Duplex> => (await world.accept()).duplex;
      const unsealed = async (transport: Promise<Duplex>) => await sealing.unseal(await transport);
      const upgraded = async () => (await acceptWeb(await accept(), systemClock))!;
      const tls = [`--out=127.0.0.1:${world.port}`, ...keys.clientArgs];
      const cases: [string[], () => Promise<Duplex>, (leaf: Uint8Array | undefined, far: Duplex) => boolean][] = [
        [[`--out=${plain}`], () => unsealed(accept()), (leaf, far) => equals(leaf!, far.leaf!)],
        [[`--out=ws://${plain}/`], () => unsealed(upgraded()), (leaf, far) => equals(leaf!, far.leaf!)],
        [tls, acceptTls, (leaf) => equals(leaf!, NO_LEAF)],
        [[...tls, "--encryption=always"], () => unsealed(acceptTls()), (leaf, far) => equals(leaf!, far.leaf!)],
        [[...tls, "--encryption=never"], acceptTls, (leaf) => equals(leaf!, NO_LEAF)],
        [[`--out=${plain}`, "--encryption=never"], accept, (leaf) => leaf === undefined],
      ];
      for (const [args, serve, isRight] of cases) {
        const dialer = await dialerOf(args, TOKEN);
        const [near, far] = await Promise.all([dialer.dialCarrier(AbortSignal.timeout(5_000)), serve()]);
        assert(isRight(near.leaf, far), args.join(" "));
        near.close();
        far.close();
        await dialer.stop();
      }
      world.close();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("a client that a name leads to the port of one of its services says so", async () => {
  using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = listener.addr;
  const command = parseCommandLine(["--client", `--forward=0.0.0.0:${port}=db`, `--out=example.com:${port}`]);
  assert(command.kind === "client");
  const out = { kind: "tcp", host: "127.0.0.1", port } as const;
  const paths = [{ ...command.options.paths[0], out }] as const;
  const dialer = await makeDialer({ ...command.options, paths }, () => {}, systemClock);
  await assertRejects(() => dialer.dialCarrier(AbortSignal.timeout(5_000)), TeleError, "own --forward");
});

tlsTest("a dialer that cannot be made for one file watches none of the others", async () => {
  const folder = await Deno.makeTempDir();
  const clock = new FakeClock();
  try {
    const [proxy, ca] = [`${folder}/proxy`, `${folder}/ca`];
    await Deno.writeTextFile(proxy, "http://proxy.example:3128");
    await Deno.writeTextFile(ca, "none");
    const args = ["--client", "--out=example.com:1", `--proxy-file=${proxy}`, `--tls-ca=${ca}`];
    const command = parseCommandLine(args, {});
    if (command.kind !== "client") throw new Error("this is a client's command line");
    await assertRejects(() => makeDialer(command.options, () => {}, clock), TeleError, "--tls-ca");
    assertEquals(clock.pendingTimers, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
