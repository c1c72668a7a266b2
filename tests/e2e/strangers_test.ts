/** Strangers at the tele server's open port, and bad input there, harm nobody else. */
import { assert, assertEquals } from "@std/assert";
import { scenario } from "../support/scenario.ts";
import { sideBySide } from "../support/side_by_side.ts";
import {
  connectTo,
  echo,
  endingOf,
  ResettableConnection,
  roundTrip,
  UserServer,
  writeAll,
} from "../support/user_programs.ts";
import { pause, within } from "../support/wait.ts";

/** A stranger may hold its connection for 10 s; the rest is for a busy machine. */
const STRANGER_MS = 15_000;

const text = (text: string) => new TextEncoder().encode(text);
const frame = (length: number, ...payload: number[]) => {
  const bytes = new Uint8Array(4 + payload.length);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes.set(payload, 4);
  return bytes;
};
const garbage = (bytes: number) => {
  const data = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(data.subarray(at, at + 65_536));
  return data;
};

/** What strangers send, and whether they close their direction afterwards. */
const STRANGERS: { name: string; bytes: Uint8Array; close?: boolean }[] = [
  { name: "garbage", bytes: garbage(4096) },
  { name: "a megabyte of garbage", bytes: garbage(1 << 20) },
  { name: "an HTTP request", bytes: text("GET / HTTP/1.1\r\nHost: tele.example\r\nUser-Agent: curl/8\r\n\r\n") },
  { name: "an SSH greeting", bytes: text("SSH-2.0-OpenSSH_9.2\r\n") },
  { name: "a TLS greeting", bytes: new Uint8Array([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, ...new Array(100).fill(9)]) },
  { name: "half of a plausible frame, then silence", bytes: frame(64, 1, ...new Array(20).fill(0)) },
  { name: "half of a plausible frame, then FIN", bytes: frame(64, 1, ...new Array(20).fill(0)), close: true },
  { name: "two bytes of a length, then silence", bytes: new Uint8Array([0, 0]) },
  { name: "a frame length of 2^32-1", bytes: frame(2 ** 32 - 1, 1, 2, 3, 4) },
  { name: "a whole frame of an unknown type", bytes: frame(3, 250, 1, 1) },
  { name: "a million pings", bytes: new Uint8Array(4 << 20) },
];

sideBySide("strangers", [
  {
    name: "bad input on the tele server's port ends that connection only, within 10 s, with one log line at most",
    fn: scenario(150_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const { server, breaker, port } = await s.tunnel(user.port);
      using good = await connectTo(port);
      await roundTrip(good, "before");

      const filesBefore = server.openFiles();
      const outcomes = await Promise.all(STRANGERS.map(async ({ name, bytes, close }) => {
        using stranger = await connectTo(server.port);
        const start = performance.now();
        const writing = writeAll(stranger, bytes).then(() => close ? stranger.closeWrite() : undefined).catch(() => {});
        await within(endingOf(stranger), STRANGER_MS, `the end of a stranger's connection (${name})`);
        await Promise.race([writing, pause(100)]);
        return `${name}: ${Math.round(performance.now() - start)} ms`;
      }));

      await roundTrip(good, "after");
      await pause(200);
      const lines = server.log.filter((line) => !/exposes|without a token/i.test(line));
      const most = STRANGERS.length + 2; // the ready session, attached once
      assert(lines.length <= most, `${lines.length} log lines for ${outcomes.join(", ")}`);
      assert(!server.log.some((line) => /^\s+at /.test(line)), "no stack traces");
      assertEquals([breaker.accepted, server.status], [1, undefined]);
      if (filesBefore !== undefined) {
        assert(server.openFiles()! <= filesBefore, `${server.openFiles()} open files, ${filesBefore} before`);
      }
    }),
  },

  {
    name: "each kind of bad input alone is one log line at most",
    fn: scenario(300_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const { server, port } = await s.tunnel(user.port);
      using good = await connectTo(port);
      await roundTrip(good, "before");
      for (const { name, bytes } of STRANGERS.filter(({ name }) => !name.includes("silence"))) {
        const linesBefore = server.log.length;
        {
          using stranger = await connectTo(server.port);
          const writing = writeAll(stranger, bytes).then(() => stranger.closeWrite()).catch(() => {});
          await within(endingOf(stranger), STRANGER_MS, name);
          await Promise.race([writing, pause(100)]);
        }
        await roundTrip(good, `after ${name}`);
        // A line may come later than the end that it tells, and must not count for the next stranger.
        await pause(500);
        const lines = server.log.slice(linesBefore);
        assert(lines.length <= 1, `${name}: ${lines.join("\n")}`);
      }
    }),
  },

  {
    name: "a health check, which connects and closes without a byte, is not logged",
    fn: scenario(60_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const { server, port } = await s.tunnel(user.port);
      using good = await connectTo(port);
      await roundTrip(good, "before");
      const linesBefore = server.log.length;
      for (let i = 0; i < 20; i++) (await connectTo(server.port)).close();
      await roundTrip(good, "after");
      await pause(500);
      assertEquals(server.log.slice(linesBefore), []);
    }),
  },

  {
    name: "200 silent strangers are gone within 10 s, and a good connection does not notice them",
    fn: scenario(100_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const { server, port } = await s.tunnel(user.port);
      using good = await connectTo(port);
      await roundTrip(good, "before");
      const memoryBefore = server.residentBytes();
      const strangers = await Promise.all(Array.from({ length: 200 }, () => connectTo(server.port)));
      // Every other one begins a frame.
      for (const stranger of strangers.slice(100)) await writeAll(stranger, frame(64, 1));
      await roundTrip(good, "during");
      const endings = Promise.all(strangers.map((stranger) => endingOf(stranger)));
      try {
        await within(endings, STRANGER_MS, "the end of all strangers");
      } finally {
        for (const stranger of strangers) stranger.close();
      }
      await roundTrip(good, "after");
      if (memoryBefore !== undefined) {
        const grownMib = (server.residentBytes()! - memoryBefore) / (1 << 20);
        assert(grownMib < 64, `the tele server grew by ${grownMib.toFixed(0)} MiB`);
      }
    }),
  },

  {
    name: "an impostor at the tele server's address is an outage, not an end",
    fn: scenario(60_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const portal = s.use(
        new UserServer(async (connection) => {
          await connection.read(new Uint8Array(1024));
          await writeAll(connection, text("HTTP/1.1 302 Found\r\nLocation: https://portal.example/\r\n\r\n"));
        }),
      );
      const { server, breaker, client, port } = await s.tunnel(user.port);
      using good = await connectTo(port);
      await roundTrip(good, "before");
      breaker.to = portal.port;
      breaker.reset();
      const trip = roundTrip(good, "behind the portal");
      trip.catch(() => {});
      await pause(3_000);
      assert(portal.accepted > 0, "the client has tried");
      assertEquals(client.status, undefined);
      breaker.to = server.port;
      await within(trip, 20_000, "the echo after the portal has gone");
      assert(client.log.length < 15, `no flood: ${client.log.length} lines`);
    }),
  },

  {
    name: "100 connections that are reset at once, as some health checks do, hold nobody up",
    fn: scenario(60_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const server = await s.server(user.port);
      for (let i = 0; i < 100; i++) (await ResettableConnection.connect(server.port)).reset();
      const start = performance.now();
      const client = await s.client(server.port);
      using good = await connectTo(client.port);
      await roundTrip(good, "after");
      assert(performance.now() - start < 5_000, `${Math.round(performance.now() - start)} ms`);
      assertEquals(server.log.filter((line) => line.includes("cannot accept")), []);
    }),
  },
]);
