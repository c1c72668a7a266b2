/** The unreliable network and the user's programs of the end-to-end tests are code too: proven here, without tele. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Breaker } from "../support/breaker.ts";
import { sha256 } from "../support/random.ts";
import { UserProcess } from "../support/user_process.ts";
import {
  closeQuietly,
  connectTo,
  echo,
  endingOf,
  type Exchange,
  exchange,
  exchanger,
  receiveText,
  ResettableConnection,
  ResettableServer,
  roundTrip,
  sum,
  UserServer,
  writeAll,
} from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";

Deno.test("Breaker relays both ways at once, whole, with half-close", async () => {
  const bytes = 32 << 20;
  const reports: Exchange[] = [];
  await using server = new UserServer(exchanger(bytes, 2, (report) => reports.push(report)));
  await using breaker = await Breaker.start({ to: server.port });
  using connection = await connectTo(breaker.port);
  const mine = await within(exchange(connection, bytes, 1), 30_000, "the exchange");
  await until(() => reports.length === 1, 5_000, "the server's report");
  assertEquals(mine.receivedSha256, reports[0].sentSha256);
  assertEquals(mine.sentSha256, reports[0].receivedSha256);
  assertEquals([breaker.upBytes, breaker.downBytes, breaker.accepted], [bytes, bytes, 1]);
  await until(() => breaker.open === 0, 5_000, "the carrier's end");
});

Deno.test("Breaker holds back a sender whose receiver does not read", async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  await using server = new UserServer(async (connection) => {
    await released;
    await sum(connection);
  });
  await using breaker = await Breaker.start({ to: server.port });
  using connection = await connectTo(breaker.port);
  let written = 0;
  const block = new Uint8Array(1 << 20);
  const writing = (async () => {
    for (let i = 0; i < 64; i++) written += await connection.write(block);
  })();
  await pause(500);
  assert(breaker.upBytes < 32 << 20 && written < 40 << 20, `${breaker.upBytes} moved, ${written} written`);
  release();
  await within(writing, 20_000, "writing");
});

Deno.test("Breaker reset is an RST and close is a FIN, at both ends, in the middle of traffic", async () => {
  /** How a connection in full use both ways ended. The kernel tells a reset once only: to the read or to the write. */
  const busyEnding = async (connection: Deno.TcpConn) => {
    const writing = writeAll(connection, new Uint8Array(64 << 20)).then(() => "written", (error: Error) => error.name);
    const read = await endingOf(connection);
    // After a clean end a write may hang for want of a reader.
    const written = await Promise.race([writing, pause(100).then(() => "open")]);
    closeQuietly(connection);
    await writing;
    return [read, written];
  };
  for (const how of ["reset", "close"] as const) {
    const reports: string[][] = [];
    await using server = new UserServer(async (connection) => void reports.push(await busyEnding(connection)));
    await using breaker = await Breaker.start({ to: server.port });
    const mine = busyEnding(await connectTo(breaker.port)).then((ending) => void reports.push(ending));
    await breaker.reached(8 << 20);
    breaker[how]();
    await within(mine, 5_000, "the near end");
    await until(() => reports.length === 2, 5_000, "the far end");
    for (const report of reports) {
      if (how === "reset") assert(report.includes("ConnectionReset"), report.join());
      else assertEquals(report[0], "end");
      assert(how === "reset" || !report.includes("ConnectionReset"), report.join());
    }
    await until(() => breaker.open === 0, 5_000, "the carrier's end");
    assertEquals([breaker.broken, server.errors.length], [1, 0]);
  }
});

Deno.test("Breaker passes on an RST of either end", async () => {
  await using server = await ResettableServer.start();
  await using breaker = await Breaker.start({ to: server.port });
  for (const near of [true, false]) {
    using connection = await ResettableConnection.connect(breaker.port);
    connection.write("x");
    await until(() => server.connections.at(-1)?.received === "x", 5_000, "the byte");
    const far = server.connections.at(-1)!;
    (near ? connection : far).reset();
    assertEquals(await within((near ? far : connection).ending, 5_000, "the other end"), "ECONNRESET");
    server.connections.length = 0;
  }
});

Deno.test("Breaker black hole: carriers stay and are silent, then go on; new ones wait", async () => {
  await using server = new UserServer(echo);
  await using breaker = await Breaker.start({ to: server.port });
  using old = await connectTo(breaker.port);
  await roundTrip(old, "before");
  breaker.blackHole(true);
  const oldTrip = roundTrip(old, "during");
  using young = await connectTo(breaker.port);
  const youngTrip = roundTrip(young, "waiting");
  oldTrip.catch(() => {});
  youngTrip.catch(() => {});
  await pause(300);
  assertEquals([server.accepted, breaker.open], [1, 2]);
  breaker.blackHole(false);
  assert(await within(oldTrip, 5_000, "old") >= 290);
  assert(await within(youngTrip, 5_000, "young") >= 250);
  assertEquals(server.accepted, 2);
});

Deno.test("Breaker strand: old carriers are silent for ever, even when an end closes, new ones work", async () => {
  await using server = new UserServer(echo);
  await using breaker = await Breaker.start({ to: server.port });
  const old = await connectTo(breaker.port);
  await roundTrip(old, "before");
  breaker.strand();
  old.close();
  using young = await connectTo(breaker.port);
  await roundTrip(young, "works");
  await pause(200);
  assertEquals([server.open, breaker.open], [2, 2]);
});

Deno.test("Breaker refuses, and listens again on the same port", async () => {
  await using server = new UserServer(echo);
  await using breaker = await Breaker.start({ to: server.port });
  using connection = await connectTo(breaker.port);
  await roundTrip(connection, "one");
  for (let i = 0; i < 3; i++) {
    await breaker.refuse(true);
    await assertRejects(() => connectTo(breaker.port), Deno.errors.ConnectionRefused);
    await roundTrip(connection, "still");
    await breaker.refuse(false);
    using again = await connectTo(breaker.port);
    await roundTrip(again, "two");
  }
});

Deno.test("Breaker cutAfter delivers exactly the given bytes of each carrier", async () => {
  const received: number[] = [];
  await using server = new UserServer(async (connection) => {
    let bytes = 0;
    const buffer = new Uint8Array(65536);
    try {
      for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) bytes += n;
    } catch {
      // The reset that this test is about.
    }
    received.push(bytes);
  });
  await using breaker = await Breaker.start({ to: server.port });
  breaker.cutAfter(100_000);
  for (let i = 1; i <= 3; i++) {
    using connection = await connectTo(breaker.port);
    const writing = writeAll(connection, new Uint8Array(1 << 20)).catch(() => {});
    assertEquals(await within(endingOf(connection), 5_000, "the cut"), "ConnectionReset");
    await until(() => received.length === i, 5_000, "the far end");
    await writing;
  }
  assertEquals(received, [100_000, 100_000, 100_000]);
});

Deno.test("user programs: sum answers after half-close, a process can be killed", async () => {
  await using server = new UserServer(sum);
  using connection = await connectTo(server.port);
  const data = crypto.getRandomValues(new Uint8Array(60_000));
  await writeAll(connection, data);
  await connection.closeWrite();
  assertEquals(await receiveText(connection), sha256(data));

  await using far = await UserProcess.start("serve", 0);
  await using near = await UserProcess.start("hold", far.port);
  using mine = await connectTo(far.port);
  await roundTrip(mine, "hello");
  await near.kill();
  await far.kill();
  await within(endingOf(mine), 5_000, "the connection of a killed server");
});
