/** Bytes arrive whole, whatever happens to the carriers. */
import { assert, assertEquals } from "@std/assert";
import { sha256 } from "../support/random.ts";
import { scenario } from "../support/scenario.ts";
import {
  byFirstByte,
  connectTo,
  echo,
  type Exchange,
  exchange,
  exchanger,
  flood,
  receiveText,
  roundTrip,
  sum,
  UserServer,
  writeAll,
} from "../support/user_programs.ts";
import { pause, until } from "../support/wait.ts";

const MIB = 1 << 20;

Deno.test(
  "48 MiB each way at once arrive whole through 12 broken carriers, and no user's program sees an error",
  scenario(120_000, async (s) => {
    const bytes = 48 * MIB;
    const reports: Exchange[] = [];
    const user = s.use(new UserServer(exchanger(bytes, 2, (report) => reports.push(report))));
    const { breaker, port } = await s.tunnel(user.port);
    using connection = await connectTo(port);
    const exchanging = exchange(connection, bytes, 1);
    let finished = false;
    exchanging.finally(() => finished = true).catch(() => {});

    for (let outage = 1; outage <= 12; outage++) {
      await Promise.race([breaker.reached(outage * 2 * bytes / 13), exchanging]);
      assert(!finished, `the transfer was over before outage ${outage}`);
      assert(breaker.open > 0, `no carrier at outage ${outage}`);
      if (outage % 3 === 0) await breaker.refuse(true);
      if (outage % 3 === 2) breaker.close();
      else breaker.reset();
      if (outage % 3 === 0) {
        await pause(300);
        await breaker.refuse(false);
      }
    }

    const mine = await exchanging;
    await until(() => reports.length === 1, 10_000, "the user's server's report");
    assertEquals([mine.receivedBytes, reports[0].receivedBytes], [bytes, bytes]);
    assertEquals(mine.receivedSha256, reports[0].sentSha256);
    assertEquals(reports[0].receivedSha256, mine.sentSha256);
    assertEquals(user.errors, []);
    assert(breaker.broken >= 12 && breaker.accepted >= 13, `${breaker.broken} broken, ${breaker.accepted} accepted`);
  }),
);

Deno.test(
  "carriers that are cut after every 64 KiB still carry a megabyte each way",
  scenario(120_000, async (s) => {
    const reports: Exchange[] = [];
    const user = s.use(new UserServer(exchanger(MIB, 4, (report) => reports.push(report))));
    const { breaker, port } = await s.tunnel(user.port);
    breaker.cutAfter(64 * 1024);
    breaker.reset();
    using connection = await connectTo(port);
    const mine = await exchange(connection, MIB, 3);
    await until(() => reports.length === 1, 10_000, "the user's server's report");
    assertEquals(mine.receivedSha256, reports[0].sentSha256);
    assertEquals(reports[0].receivedSha256, mine.sentSha256);
    assert(breaker.accepted >= 16, `${breaker.accepted} carriers`);
  }),
);

Deno.test(
  "200 connections at once through one client, each half-closing, are all whole",
  scenario(100_000, async (s) => {
    const user = s.use(new UserServer(sum));
    const { breaker, port } = await s.tunnel(user.port);
    const one = async (index: number) => {
      using connection = await connectTo(port);
      const data = new Uint8Array(index * 997 % 60_000);
      for (let at = 0; at < data.length; at += 65_536) crypto.getRandomValues(data.subarray(at, at + 65_536));
      const half = data.length >> 1;
      await writeAll(connection, data.subarray(0, half));
      await pause(index % 7 * 10);
      await writeAll(connection, data.subarray(half));
      await connection.closeWrite();
      assertEquals(await receiveText(connection), sha256(data), `connection ${index}, ${data.length} bytes`);
    };
    await Promise.all(Array.from({ length: 200 }, (_, index) => one(index)));
    assertEquals([user.accepted, user.errors.length], [200, 0]);
    assert(breaker.accepted < 20, `one session, not ${breaker.accepted} carriers`);
    await until(() => user.open === 0, 10_000, "the end of the upstream connections");
  }),
);

Deno.test(
  "a reader that never reads delays no other connection",
  scenario(100_000, async (s) => {
    const user = s.use(new UserServer(byFirstByte({ e: echo, f: flood, s: sum })));
    const { port } = await s.tunnel(user.port);

    // A client that never reads while its server sends for ever, and a client whose server never reads.
    using stuck = await connectTo(port);
    await writeAll(stuck, new TextEncoder().encode("f"));
    using other = await connectTo(port);
    await writeAll(other, new TextEncoder().encode("f"));
    await pause(1_000);

    using connection = await connectTo(port);
    await writeAll(connection, new TextEncoder().encode("e"));
    const times: number[] = [];
    for (let i = 0; i < 50; i++) times.push(await roundTrip(connection, `keystroke ${i};`));
    times.sort((a, b) => a - b);
    assert(times[25] < 200, `median round trip ${times[25].toFixed(1)} ms`);
    assert(times[49] < 2_000, `longest round trip ${times[49].toFixed(1)} ms`);

    using bulk = await connectTo(port);
    await writeAll(bulk, new TextEncoder().encode("s"));
    const data = new Uint8Array(8 * MIB).fill(7);
    await writeAll(bulk, data);
    await bulk.closeWrite();
    assertEquals(await receiveText(bulk), sha256(data));
  }),
);
