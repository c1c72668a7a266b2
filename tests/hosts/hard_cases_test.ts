/** Hard cases of real processes that take their time. They run side by side, each in a world of its own. */
import { assert, assertEquals } from "@std/assert";
import { hostScenario } from "../support/hosts.ts";
import { requiresHosts } from "../support/namespace.ts";
import { scenario } from "../support/scenario.ts";
import { type Case, sideBySide } from "../support/side_by_side.ts";
import { SlowRelay } from "../support/slow_relay.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import {
  byFirstByte,
  closeQuietly,
  connectTo,
  echo,
  type Exchange,
  exchange,
  exchanger,
  flood,
  type Handler,
  ResettableConnection,
  ResettableServer,
  roundTrip,
  UserServer,
  writeAll,
} from "../support/user_programs.ts";
import { connectUnix, serveUnix } from "../support/unix_users.ts";
import { pause, until, within } from "../support/wait.ts";

const text = (text: string) => new TextEncoder().encode(text);
const losses = (process: TeleProcess) => process.log.filter((line) => /link lost|lost its link/.test(line));

const CASES: Case[] = [
  {
    name: "carriers that are cut after every 4 KiB still carry a megabyte each way, whole",
    fn: scenario(240_000, async (s) => {
      const bytes = 1 << 20;
      const reports: Exchange[] = [];
      const user = s.use(new UserServer(exchanger(bytes, 4, (report) => reports.push(report))));
      const { breaker, port } = await s.tunnel(user.port);
      breaker.cutAfter(4 * 1024);
      breaker.reset();
      using connection = await connectTo(port);
      const mine = await exchange(connection, bytes, 3);
      await until(() => reports.length === 1, 60_000, "the user's server's report");
      assertEquals([mine.receivedBytes, reports[0].receivedBytes], [bytes, bytes]);
      assertEquals([mine.receivedSha256, reports[0].receivedSha256], [reports[0].sentSha256, mine.sentSha256]);
      assert(breaker.accepted >= 256, `${breaker.accepted} carriers`);
    }),
  },
  {
    name: "a round trip of 2.4 s, longer than the pause between attempts: a session begins, resumes, and does not flap",
    fn: scenario(240_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const server = await s.server(user.port);
      const relay = s.use(new SlowRelay(server.port, 1_200));
      const client = await s.client(relay.port);
      using connection = await connectTo(client.port);
      await within(roundTrip(connection, "before"), 60_000, "the first echo");
      relay.cut();
      // Two round trips of handshake and one of the echo are 7.2 s.
      await within(roundTrip(connection, "after"), 60_000, "the echo after the cut");
      await pause(6_000);
      await within(roundTrip(connection, "later"), 60_000, "the echo on the new carrier");
      assertEquals(losses(client).length, 1, "no carrier was lost but the one that was cut");
      assert(relay.accepted < 20, `${relay.accepted} attempts`);
    }),
  },
  {
    name: "a path of 256 kbit/s with 2 s of queue is slow but alive",
    ...requiresHosts(),
    fn: hostScenario(240_000, async (s, hosts) => {
      await hosts.limit("256kbit", 2_000);
      const bytes = 256 << 10;
      const socket = `${s.home}/user.sock`;
      serveUnix(s, socket, byFirstByte({ x: async (c) => void await exchange(c, bytes, 2), e: echo }));
      const at = `${s.home}/tele.sock`;
      const { server, client } = await hosts.tunnel(s.home, `unix:${socket}`, `unix:${at}`);
      const [bulk, keys] = await Promise.all([connectUnix(s, at, "x"), connectUnix(s, at, "e")]);
      let done = false;
      const transfer = exchange(bulk, bytes, 2).finally(() => done = true);
      while (!done) {
        // What is sent before the rate is known, 128 KiB, needs 4 s.
        await within(roundTrip(keys, "key"), 20_000, "an echo beside the transfer");
        await pause(250);
      }
      const { sentSha256, receivedSha256, receivedBytes } = await transfer;
      assertEquals([receivedBytes, receivedSha256], [bytes, sentSha256]);
      assertEquals([...losses(client), ...losses(server)], []);
    }),
  },
  ...(["client", "server"] as const).map((role): Case => ({
    name: `the tele ${role} is suspended for 5 s while data waits: it does not take that for a dead network`,
    fn: scenario(240_000, async (s) => {
      const times: number[] = [];
      const user = s.use(new UserServer(flood));
      const tunnel = await s.tunnel(user.port);
      const suspended = tunnel[role];
      using connection = await connectTo(tunnel.port);
      const buffer = new Uint8Array(64 * 1024);
      const reading = (async () => {
        while (await connection.read(buffer) !== null) {
          times.push(performance.now());
          await pause(1);
        }
      })().catch(() => {});
      await until(() => times.length > 100, 60_000, "a flow");
      suspended.signal("SIGSTOP");
      await pause(5_000);
      const wokeAt = performance.now();
      suspended.signal("SIGCONT");
      // What the user's socket held when it slept comes at once; the flow is back when it lasts.
      await until(() => times.at(-1)! - wokeAt > 1_500, 60_000, "the flow");
      const gaps = times.filter((time) => time > wokeAt).map((time, index, all) => time - (all[index - 1] ?? wokeAt));
      assert(Math.max(...gaps) < 10_000, `a gap of ${Math.round(Math.max(...gaps))} ms`);
      // Its peer, which ran, was right to give the carrier up; the client that slept has no reason to.
      const own = losses(suspended).filter((line) => /silent|sign of life|acknowledged/.test(line));
      assertEquals(own, []);
      connection.close();
      await reading;
    }),
  })),
  {
    name: "200 streams that never read, each sent all its credit, do not hold up an echo, nor does a reset",
    fn: scenario(240_000, async (s) => {
      const user = s.use(new UserServer(byFirstByte({ f: flood, e: echo })));
      const { breaker, client, port } = await s.tunnel(user.port);
      using keys = await connectTo(port);
      await writeAll(keys, text("e"));
      await roundTrip(keys, "before");
      const stuck = await Promise.all(Array.from({ length: 200 }, () => connectTo(port)));
      s.defer(() => stuck.forEach(closeQuietly));
      for (const connection of stuck) await writeAll(connection, text("f"));
      // All is sent when nothing moves any more but signs of life.
      await until(() => breaker.bytes > 200 * 16 * 1024, 60_000, "the floods");
      let moved = 0;
      while (breaker.bytes - moved > 10_000) {
        moved = breaker.bytes;
        await roundTrip(keys, "during");
        await pause(500);
      }
      const trips: number[] = [];
      for (let i = 0; i < 50; i++) trips.push(await roundTrip(keys, `key ${i}`));
      breaker.reset();
      await within(roundTrip(keys, "after the reset"), 30_000, "the echo after the reset");
      for (let i = 0; i < 50; i++) trips.push(await roundTrip(keys, `key ${i}`));
      const median = trips.sort((one, other) => one - other)[trips.length / 2];
      assert(median < 1_000, `an echo takes ${Math.round(median)} ms`);
      assertEquals([losses(client).length, user.errors], [1, []]);
    }),
  },
  {
    name: "the user's own client goes away while the outage lasts: its server learns of it when the network returns",
    fn: scenario(240_000, async (s) => {
      await using user = await ResettableServer.start();
      const { breaker, port } = await s.tunnel(user.port);
      const [closing, resetting, staying] = await Promise.all([1, 2, 3].map(() => ResettableConnection.connect(port)));
      const all = { closing, resetting, staying };
      for (const [name, connection] of Object.entries(all)) connection.write(name);
      await until(
        () => user.connections.length === 3 && user.connections.every((c) => c.received !== ""),
        60_000,
        "all",
      );
      const atServer = (name: string) => user.connections.find((connection) => connection.received.startsWith(name))!;
      breaker.blackHole(true);
      breaker.strand();
      await pause(1_000);
      closing.write(", last words");
      closing[Symbol.dispose]();
      resetting.reset();
      await pause(6_000);
      breaker.blackHole(false);
      await within(atServer("closing").ending, 30_000, "the end of the closed connection");
      await within(atServer("resetting").ending, 30_000, "the end of the reset connection");
      assertEquals(atServer("closing").received, "closing, last words");
      atServer("staying").write("still here");
      await until(() => staying.received === "still here", 30_000, "the connection that stays");
      staying[Symbol.dispose]();
    }),
  },
  {
    name: "impostors that answer every attempt for a minute are an outage, in few log lines and attempts",
    fn: scenario(240_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const { server, breaker, client, port } = await s.tunnel(user.port);
      using connection = await connectTo(port);
      await roundTrip(connection, "before");
      const impostors: Handler[] = [
        async (c) => await writeAll(c, text("HTTP/1.1 302 Found\r\nLocation: https://portal.example/\r\n\r\n")),
        async (c) => await writeAll(c, crypto.getRandomValues(new Uint8Array(4096))),
        async (c) => await writeAll(c, new Uint8Array([21, 3, 1, 0, 2, 2, 40])), // a TLS alert
        async (c) => await writeAll(c, text("SSH-2.0-OpenSSH_9.2\r\n")),
        async (c) => await echo(c),
        async () => await pause(300), // takes it, and says nothing
        async () => {},
      ];
      let turn = 0;
      const impostor = s.use(
        new UserServer(async (c) => {
          const answer = impostors[turn++ % impostors.length];
          await Promise.race([c.read(new Uint8Array(2048)), pause(200)]);
          await answer(c);
        }),
      );
      breaker.to = impostor.port;
      breaker.reset();
      const trip = roundTrip(connection, "behind impostors");
      trip.catch(() => {});
      await pause(60_000);
      const attempts = impostor.accepted;
      breaker.to = server.port;
      await within(trip, 30_000, "the echo after the impostors");
      // 0.1 to 0.2 s apart in the first minute, since the last carrier was of use.
      assert(attempts > 30 && attempts < 600, `${attempts} attempts in a minute`);
      assert(client.log.length < 25, `${client.log.length} log lines`);
    }),
  },
];

sideBySide("hard cases", CASES);
