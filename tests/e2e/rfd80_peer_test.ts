/**
 * RFD 80 mode beside a peer in Python that was written from the RFD's text alone: both roles, with pings, with a peer
 * from before them, and with one that knows no ALPN.
 */
import { assert, assertEquals } from "@std/assert";
import {
  beforeServer,
  behindClient,
  KNOWS_NO_PINGS,
  KNOWS_PINGS,
  type PeerEnding,
  PROTOCOL,
  protocolServer,
  tlsFiles,
} from "../support/rfd80_peer.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { readExactly } from "../support/reading.ts";
import {
  banner,
  connectTo,
  echo,
  type Exchange,
  exchange,
  exchanger,
  type Handler,
  receiveText,
  roundTrip,
  send,
  sum,
  UserServer,
  writeAll,
} from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** What runs in the place of a tele process, and which name ALPN must choose then. */
const PEERS = [
  { name: "a peer that knows pings", alpn: [KNOWS_PINGS], chosen: `${PROTOCOL}-ping` },
  { name: "a peer from before pings", alpn: [KNOWS_NO_PINGS], chosen: PROTOCOL },
  { name: "a peer without ALPN", alpn: [], chosen: null },
];

/** How the peer cuts what it sends. */
const SHAPES = [
  { name: "5 MB in one message", bytes: 5_000_000, args: ["--messages=5000000"] },
  { name: "5 MB in 5,000 messages with two pings between", bytes: 5_000_000, args: ["--messages=1000", "--pings=2"] },
  { name: "one byte a message, ten pings between", bytes: 2_000, args: ["--messages=1", "--pings=10"] },
  { name: "one byte at a time", bytes: 20_000, args: ["--messages=100", "--pings=3", "--writes=1"] },
];

const text = (value: string) => new TextEncoder().encode(value);

/** Every byte went both ways, and both ends were told cleanly. */
function assertSame(what: string, found: PeerEnding, user: Exchange, bytes: number): void {
  const { problem, ending, truncated, sent, received } = found;
  assertEquals(
    { problem, ending, truncated, sent, received },
    { problem: null, ending: "close_notify", truncated: false, sent: bytes, received: bytes },
    what,
  );
  assertEquals(found.received_sha256, user.sentSha256, what);
  assertEquals(user.receivedSha256, found.sent_sha256, what);
}

for (const { name, alpn, chosen } of PEERS) {
  const shapes = chosen?.endsWith("-ping") ? SHAPES : [SHAPES[0], SHAPES[3]];

  Deno.test({
    name: `tele client to ${name}: every byte both ways, however they are cut`,
    ...requires("python3"),
    fn: scenario(120_000, async (s) => {
      for (const { name, bytes, args } of shapes) {
        const { peer, client } = await behindClient(s, [...alpn, ...args, `send=${bytes}`, "finish", "drain"]);
        using connection = await connectTo(client.port);
        const user = await within(exchange(connection, bytes, 1), 60_000, name);
        const found = await peer.ending();
        assertEquals(found.protocol, chosen);
        assertSame(name, found, user, bytes);
        assertEquals(found.pings, 0, "a tele client sends no pings of its own accord");
        assertEquals(client.log, []);
      }
    }),
  });

  Deno.test({
    name: `tele server to ${name}: every byte both ways, however they are cut`,
    ...requires("python3"),
    fn: scenario(120_000, async (s) => {
      for (const { name, bytes, args } of shapes) {
        let user: Exchange | undefined;
        const server = s.use(new UserServer(exchanger(bytes, 2, (exchange) => user = exchange)));
        const tele = await protocolServer(s, server.port);
        const peer = beforeServer(s, tele, [...alpn, ...args, `send=${bytes}`, "finish", "drain"]);
        const found = await peer.ending();
        assertEquals(found.protocol, chosen);
        await until(() => user !== undefined, 10_000, "the user's server's result");
        assertSame(name, found, user!, bytes);
        assertEquals(tele.log, []);
      }
    }),
  });

  Deno.test({
    name: `tele client to ${name}: half-closes both ways, and a server that speaks first`,
    ...requires("python3"),
    fn: scenario(60_000, async (s) => {
      const scripts = [
        ["drain", "text=the answer"],
        ["text=bye", "finish", "drain"],
        ["text=welcome", "echo"],
      ];
      const { peer, client } = await behindClient(s, [...alpn, ...scripts.flatMap((script) => [...script, "/"])]);
      using asking = await connectTo(client.port);
      const asked = await send(asking, 100_000, 3);
      assertEquals(await within(receiveText(asking), 10_000, "the answer"), "the answer");
      const first = await peer.ending(0);
      assertEquals([first.problem, first.received_sha256], [null, asked]);

      using late = await connectTo(client.port);
      assertEquals(await within(receiveText(late), 10_000, "the peer's end"), "bye");
      const sent = await send(late, 100_000, 4);
      const second = await peer.ending(1);
      assertEquals([second.ending, second.received_sha256], ["close_notify", sent]);

      using silent = await connectTo(client.port);
      const welcome = await within(readExactly(silent, 7), 10_000, "the welcome");
      assertEquals(welcome, text("welcome"));
      await within(roundTrip(silent, "hello"), 10_000, "the echo");
    }),
  });

  Deno.test({
    name: `tele server to ${name}: half-closes both ways, and a server that speaks first`,
    ...requires("python3"),
    fn: scenario(60_000, async (s) => {
      let handler: Handler = sum;
      const user = s.use(new UserServer((connection) => handler(connection)));
      const tele = await protocolServer(s, user.port);
      const asked = await beforeServer(s, tele, [...alpn, "send=100000", "finish", "drain"]).ending();
      assertEquals([asked.problem, asked.ending, asked.received], [null, "close_notify", 64]);

      let heard: string | undefined;
      handler = async (connection) => {
        await writeAll(connection, text("bye"));
        await connection.closeWrite();
        heard = await receiveText(connection);
      };
      const peer = beforeServer(s, tele, [...alpn, "drain", "text=still here", "finish"]);
      const late = await peer.ending();
      assertEquals([late.problem, late.ending, late.received], [null, "close_notify", 3]);
      await until(() => heard !== undefined, 10_000, "the end at the user's server");
      assertEquals(heard, "still here");

      handler = banner("welcome");
      const silent = await beforeServer(s, tele, [...alpn, "expect=7", "text=hello", "expect=12"]).ending();
      assertEquals([silent.problem, silent.received], [null, 12]);
      assertEquals(user.errors, []);
    }),
  });
}

Deno.test({
  name: "pings: the tele server's at its interval, a tele client's only when told, and none to a peer from before them",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const quick = ["--ping-interval=200ms"];
    const watch = "wait=3000";
    const fromServer = async (alpn: string, args: string[]) =>
      await beforeServer(s, await protocolServer(s, user.port, args), [alpn, watch]).ending();
    const fromClient = async (alpn: string, args: string[]) => {
      const { peer, client } = await behindClient(s, [alpn, watch], args);
      using _connection = await connectTo(client.port);
      return await peer.ending();
    };
    const found = await Promise.all([
      fromServer(KNOWS_PINGS, quick),
      fromClient(KNOWS_PINGS, quick),
      fromServer(KNOWS_PINGS, []),
      fromClient(KNOWS_PINGS, []),
      fromServer(KNOWS_NO_PINGS, quick),
      fromClient(KNOWS_NO_PINGS, quick),
    ]);
    assertEquals(found.map(({ problem }) => problem), Array(6).fill(null));
    assertEquals(found.map(({ received }) => received), Array(6).fill(0), "no user wrote anything");
    for (const { pings, ping_ms } of found.slice(0, 2)) {
      assert(pings >= 8 && pings <= 15, `${pings} pings in 3 s, at ${ping_ms}`);
      assert(ping_ms[0] >= 100, `the first came after ${ping_ms[0]} ms`);
    }
    assertEquals(found.slice(2).map(({ pings }) => pings), [0, 0, 0, 0]);
  }),
});

Deno.test({
  name: "several protocols and sessions on one port: each name leads to its own user's server, with pings and without",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const tls = await tlsFiles(s);
    const [sessions, mysql, postgres] = ["sessions", PROTOCOL, "teleport-postgres"].map((name) => ({
      name,
      user: s.use(new UserServer(banner(`${name}!`))),
    }));
    const routes = [mysql, postgres].map(({ name, user }) => `--route=${name}=127.0.0.1:${user.port}`);
    const server = await s.server(sessions.user.port, 0, { args: [...routes, ...tls.server] });

    for (const { name } of [mysql, postgres]) {
      for (const alpn of [`${name}-ping,${name}`, name, `unknown,${name}-ping`]) {
        const expected = alpn.includes("-ping") ? `${name}-ping` : name;
        const found = await beforeServer(s, server, [`--alpn=${alpn}`, "text=ok", "finish", "drain"]).ending();
        assertEquals(found.problem, null);
        assertEquals([found.protocol, found.received], [expected, `${name}!ok`.length]);
      }
    }
    const clients = await Promise.all([sessions, mysql, postgres].map(async ({ name }) => {
      const args = name === "sessions" ? tls.client : [`--protocol=${name}`, ...tls.client];
      return {
        name,
        client: await s.start("client", ["--in=127.0.0.1:0", `--out=localhost:${server.port}`, ...args], {}),
      };
    }));
    for (const { name, client } of clients) {
      using connection = await connectTo(client.port);
      await connection.closeWrite();
      assertEquals(await within(receiveText(connection), 10_000, `the banner of ${name}`), `${name}!`);
    }
    // Who names no protocol can mean any of the three, so it gets none.
    const lost = await beforeServer(s, server, ["text=hi", "wait=10000"]).ending();
    assertEquals([lost.protocol, lost.received], [null, 0]);
    assertEquals(lost.problem, "it ended at wait=10000");
    await server.logged(/offers no protocol by ALPN.*tele\/2.*teleport-postgres/, 10_000);
  }),
});
