/**
 * A token and nothing else, with real processes: who taps learns nothing, who changes bytes harms nobody, and who stands
 * between is found.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startHaproxyTls } from "../support/haproxy.ts";
import { KeyFiles } from "../support/key_files.ts";
import { Middleman } from "../support/middleman.ts";
import { type RunningProxy, SQUID_PROGRAMS, startMicrosocks, startSquid } from "../support/proxies.ts";
import { type ProcessOptions, type Scenario, scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import { CHANGED_AT_ONCE, Tap } from "../support/tap.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, endingOf, roundTrip, UserServer, writeAll } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

const TOKEN = "Zf2mB0nS9x4qKc7wLr5tYv1u";
const WITH_TOKEN: ProcessOptions = { env: { TELE_TOKEN: TOKEN } };

/** What a user sends: words that would be found in any piece of some bytes, if they were not sealed. */
const WORDS = new TextEncoder().encode("what a user says is nobody's business but the user's. ");
const TOTAL_BYTES = 4 << 20;
const CHANGES = 300;

/** Sends {@linkcode TOTAL_BYTES} through an echo, and compares what comes back. */
async function echoMuch(port: number): Promise<void> {
  using connection = await connectTo(port);
  const sending = (async () => {
    const block = new Uint8Array(WORDS.length * 1024);
    for (let at = 0; at < block.length; at += WORDS.length) block.set(WORDS, at);
    for (let left = TOTAL_BYTES; left > 0; left -= block.length) {
      await writeAll(connection, block.subarray(0, Math.min(left, block.length)));
    }
    await connection.closeWrite();
  })();
  const buffer = new Uint8Array(1 << 16);
  let received = 0;
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) break;
    for (let at = 0; at < count; at++) {
      if (buffer[at] !== WORDS[(received + at) % WORDS.length]) throw new Error(`byte ${received + at} is another`);
    }
    received += count;
  }
  await sending;
  assertEquals(received, TOTAL_BYTES);
}

/** The ways: how a client gets to a port of 127.0.0.1. */
const WAYS: {
  name: string;
  programs: string[];
  proxy?: (s: Scenario) => Promise<RunningProxy & { url: string }>;
  args: (port: number, proxy: string) => string[];
}[] = [
  { name: "TCP", programs: [], args: (port) => [`--out=127.0.0.1:${port}`] },
  { name: "a WebSocket", programs: [], args: (port) => [`--out=ws://127.0.0.1:${port}/tele`] },
  {
    name: "CONNECT",
    programs: SQUID_PROGRAMS,
    async proxy(s) {
      const squid = await startSquid(s);
      return { ...squid, url: `http://127.0.0.1:${squid.openPort}` };
    },
    args: (port, proxy) => [`--out=127.0.0.1:${port}`, `--proxy=${proxy}`],
  },
  {
    name: "SOCKS5",
    programs: ["microsocks"],
    async proxy(s) {
      const socks = await startMicrosocks(s);
      return { ...socks, url: `socks5://127.0.0.1:${socks.port}` };
    },
    args: (port, proxy) => [`--out=127.0.0.1:${port}`, `--proxy=${proxy}`],
  },
  {
    name: "a command",
    programs: ["socat"],
    args: (port) => [`--out=exec:${program("socat")} - TCP:127.0.0.1:${port}`],
  },
];

for (const { name, programs, proxy, args } of WAYS) {
  Deno.test({
    name: `by ${name}: a tap sees nothing of user or token, and ${CHANGES} changed bytes harm nobody`,
    ...requires(...programs),
    fn: scenario(240_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const server = await s.server(user.port, 0, WITH_TOKEN);
      const tap = s.use(await Tap.start({ to: server.port }));
      const url = (await proxy?.(s))?.url ?? "";
      const client = await s.start("client", ["--in=127.0.0.1:0", ...args(tap.port, url)], WITH_TOKEN);
      using first = await connectTo(client.port);
      await within(roundTrip(first, "hello"), 20_000, "the first echo");
      tap.spoil(CHANGES);
      await within(echoMuch(client.port), 200_000, "all bytes through changed ones");
      assertEquals(tap.changed, CHANGES);
      assert(tap.harmed >= CHANGES / CHANGED_AT_ONCE, `${tap.harmed} connections`);
      assert(tap.bytes > 2 * TOTAL_BYTES, "all of it came by the tap, both ways");
      for (const secret of [WORDS.subarray(0, 12), TOKEN, TOKEN.slice(0, 12), btoa(TOKEN).slice(0, 20), "tele\x02"]) {
        assert(!tap.hasHeard(secret), `the tap has heard ${secret}`);
      }
      assertEquals(user.errors, []);
    }),
  });
}

/** A client that cannot get through, and what both say. */
async function failing(
  s: Scenario,
  { server, to, args = [], told, logged }: {
    server: TeleProcess;
    to: number;
    args?: string[];
    told: RegExp;
    logged?: RegExp;
  },
): Promise<void> {
  const client = await s.client(to, 0, { ...WITH_TOKEN, args });
  using user = await connectTo(client.port);
  await within(endingOf(user), 20_000, "the end of the user's connection");
  // The user's stream was cut with the same sentence.
  const warned = () => client.log.filter((line) => / warn {2}(?!stream cut)/.test(line));
  await until(() => warned().length > 0, 5_000, `the client's ${told}`);
  const warnings = warned();
  assertEquals(warnings.length, 1, warnings.join("\n"));
  assertMatch(warnings[0]!, told);
  if (logged !== undefined) {
    // The same reason about the same host is told once a minute.
    await until(() => server.log.some((line) => logged.test(line)), 5_000, `the server's ${logged}`);
  }
  await client.stop();
}

Deno.test({
  name: "who ends TLS between the two with a certificate of its own is told of on both sides, whatever it knows",
  ...requires("openssl"),
  fn: scenario(120_000, async (s) => {
    const keys = await KeyFiles.make(s.home);
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port, 0, WITH_TOKEN);
    const pair = await keys.ca.issue();
    for (const towards of ["plain", "sealed"] as const) {
      const ignorant = s.use(await Middleman.start(server.port, pair, { towards }));
      await failing(s, {
        server,
        to: ignorant.port,
        told: /somebody between this side and the tele server ends the encryption/,
        logged: /somebody between the tele client and this server ends the encryption/,
      });
      const knowing = s.use(await Middleman.start(server.port, pair, { towards, knowsProtocol: true }));
      await failing(s, {
        server,
        to: knowing.port,
        told: /the token is not the tele server's: .*; if it is the same, somebody between the two ends the encryption/,
        logged: /token is not this server's: .*; if it is the same, somebody between the two ends the encryption/,
      });
    }
    assertEquals(user.accepted, 0, "nothing of a session has passed");
  }),
});

Deno.test({
  name: "each mismatch of tokens, seals and certificates is one sentence on both sides, and nothing gets through",
  ...requires("openssl"),
  fn: scenario(180_000, async (s) => {
    const keys = await KeyFiles.make(s.home);
    const user = s.use(new UserServer(echo));
    const certificate = await keys.serverArgs("server");
    const env = { TELE_TOKEN: TOKEN };
    const [sealing, never, always, none] = await Promise.all([
      s.server(user.port, 0, { env }),
      s.server(user.port, 0, { env, args: ["--encryption=never"] }),
      s.server(user.port, 0, { env, args: ["--encryption=always", ...certificate] }),
      s.server(user.port),
    ]);
    await failing(s, {
      server: none,
      to: none.port,
      told: /the tele server has no token, this side has one/,
      logged:
        /the client speaks TLS, this tele server does not: .* if the client has a token, give this server the same/,
    });
    await failing(s, {
      server: never,
      to: never.port,
      told: /the tele server says --encryption=never, this side seals its carriers/,
      logged: /the tele client seals its carriers, and here is --encryption=never/,
    });
    await failing(s, {
      server: sealing,
      to: sealing.port,
      args: ["--encryption=never"],
      told: /the tele server takes sealed carriers only, and this side does not seal/,
      logged: /the tele client does not seal its carriers, and this server takes no others/,
    });
    await failing(s, {
      server: sealing,
      to: sealing.port,
      args: keys.clientArgs,
      told: /the server's certificate was issued by nobody whom this client trusts/,
      logged: /it wants a certificate that it can verify, and this server has none/,
    });
    await failing(s, {
      server: always,
      to: always.port,
      args: keys.clientArgs,
      told: /wants carriers that are sealed up to itself \(--encryption=always\)/,
      logged: /the tele client relies on TLS, which may end in front of this server/,
    });
    assertEquals(user.accepted, 0);
  }),
});

Deno.test({
  name: "where both ends fit they get through: never on both, a server with certificates, always inside its TLS",
  ...requires("openssl"),
  fn: scenario(120_000, async (s) => {
    const keys = await KeyFiles.make(s.home);
    const user = s.use(new UserServer(echo));
    const certificate = await keys.serverArgs("server");
    const cases: [server: string[], client: string[]][] = [
      [["--encryption=never"], ["--encryption=never"]],
      [certificate, []],
      [[...certificate, "--encryption=always"], []],
      [[...certificate, "--encryption=always"], [...keys.clientArgs, "--encryption=always"]],
      [certificate, keys.clientArgs],
    ];
    for (const [serverArgs, clientArgs] of cases) {
      const server = await s.server(user.port, 0, { ...WITH_TOKEN, args: serverArgs });
      const client = await s.client(server.port, 0, { ...WITH_TOKEN, args: clientArgs });
      using connection = await connectTo(client.port);
      await within(roundTrip(connection, "hello"), 10_000, `${serverArgs} and ${clientArgs}`);
      await client.stop();
      await server.stop();
    }
  }),
});

Deno.test({
  name:
    "HAProxy that ends TLS in front works under auto, is told apart under always, and sees nothing if both say always",
  ...requires("haproxy", "openssl"),
  fn: scenario(120_000, async (s) => {
    const keys = await KeyFiles.make(s.home);
    const user = s.use(new UserServer(echo));
    const [auto, always] = await Promise.all([
      s.server(user.port, 0, WITH_TOKEN),
      s.server(user.port, 0, { ...WITH_TOKEN, args: ["--encryption=always"] }),
    ]);
    const tap = s.use(await Tap.start({ to: always.port }));
    const [toAuto, toAlways] = await startHaproxyTls(s, await keys.ca.issue(), [auto.port, tap.port]);
    const through = await s.client(toAuto!, 0, { ...WITH_TOKEN, args: keys.clientArgs });
    using connection = await connectTo(through.port);
    await within(roundTrip(connection, "hello"), 10_000, "an echo under auto");
    // A client that seals, and does not verify, has HAProxy's certificate for the server's.
    await failing(s, {
      server: auto,
      to: toAuto!,
      told: /somebody between this side and the tele server ends the encryption/,
      logged: /somebody between the tele client and this server ends the encryption/,
    });
    await failing(s, {
      server: always,
      to: toAlways!,
      args: keys.clientArgs,
      told: /wants carriers that are sealed up to itself/,
      logged: /may end in front of this server, and here is --encryption=always/,
    });
    const sealed = await s.client(toAlways!, 0, {
      ...WITH_TOKEN,
      args: [...keys.clientArgs, "--encryption=always"],
    });
    using inside = await connectTo(sealed.port);
    await within(roundTrip(inside, "a word that HAProxy would pass on in plain"), 10_000, "an echo under always");
    assert(!tap.hasHeard("a word that HAProxy"), "behind HAProxy it is sealed");
  }),
});
