/** Listening: where, for whom, and what is said where that is not possible. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseAddress } from "../../../lib/net/address.ts";
import { dial } from "../../../lib/net/dial.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { hasIPv6, listenFor, portOf } from "../../support/sockets.ts";
import { pause, until } from "../../support/wait.ts";

for (const use of ["user", "carrier"] as const) {
  Deno.test(`listening (${use}): without an address it is a free port on loopback, in both families`, async () => {
    using listening = await listenFor(undefined, { use });
    const [first, second] = listening.addresses;
    assert(portOf(first) > 0);
    assertEquals(first, `127.0.0.1:${portOf(first)}`);
    assertEquals(second, hasIPv6 ? `[::1]:${portOf(first)}` : undefined);
    assertEquals(listening.isExposed, false);
    for (const address of listening.addresses) (await dial(parseAddress(address))).close();
    // `:port` dials loopback.
    (await dial({ kind: "tcp", host: undefined, port: portOf(first) })).close();
    await until(() => listening.accepted.length === listening.addresses.length + 1, 5_000, "all connections");
  });

  Deno.test(`listening (${use}): two free ports are two ports`, async () => {
    using first = await listenFor(undefined, { use });
    using second = await listenFor(undefined, { use });
    assert(portOf(first.addresses[0]) !== portOf(second.addresses[0]));
  });

  Deno.test(`listening (${use}): ":port" of a server means every interface, and is exposed`, async () => {
    const probe = await listenFor(undefined, { use });
    const port = portOf(probe.addresses[0]);
    probe[Symbol.dispose]();
    using listening = await listenFor(
      { kind: "tcp", host: undefined, port },
      { use, defaultHosts: ["::", "0.0.0.0"] },
    );
    // `[::]` takes IPv4 as well, but on Windows.
    const hosts = !hasIPv6 ? ["0.0.0.0"] : Deno.build.os === "windows" ? ["[::]", "0.0.0.0"] : ["[::]"];
    assertEquals(listening.addresses, hosts.map((host) => `${host}:${port}`));
    assertEquals(listening.isExposed, true);
    for (const host of hasIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]) {
      (await dial({ kind: "tcp", host, port })).close();
    }
    await until(() => listening.accepted.length === (hasIPv6 ? 2 : 1), 5_000, "both connections");
  });

  Deno.test(`listening (${use}): a host that was named is the only one`, async () => {
    using listening = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 }, { use });
    assertEquals(listening.addresses, [`127.0.0.1:${portOf(listening.addresses[0])}`]);
    assertEquals(listening.isExposed, false);
    using named = await listenFor({ kind: "tcp", host: "localhost", port: 0 }, { use });
    assertEquals(named.isExposed, false);
    if (!hasIPv6) return;
    using mapped = await listenFor({ kind: "tcp", host: "::ffff:127.0.0.1", port: 0 }, { use });
    assertEquals(mapped.isExposed, false, "loopback in another spelling");
  });

  Deno.test(`listening (${use}): a port that is taken is told in one sentence`, async () => {
    using first = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 }, { use });
    const port = portOf(first.addresses[0]);
    for (const host of ["127.0.0.1", undefined]) {
      const error = await assertRejects(() => listenFor({ kind: "tcp", host, port }, { use }), TeleError);
      assertEquals(error.code, "bad-input");
      assertEquals(
        error.message,
        `cannot listen on 127.0.0.1:${port}: another program does; choose another port`,
      );
    }
    const everywhere = () =>
      listenFor({ kind: "tcp", host: undefined, port }, { use, defaultHosts: ["::", "0.0.0.0"] });
    assertStringIncludes((await assertRejects(everywhere, TeleError)).message, "another program does");
  });

  Deno.test(`listening (${use}): an address of another machine, and a name of none, are told`, async () => {
    const elsewhere = await assertRejects(
      () => listenFor({ kind: "tcp", host: "192.0.2.1", port: 0 }, { use }),
      TeleError,
    );
    assertEquals(elsewhere.code, "bad-input");
    assertStringIncludes(elsewhere.message, "this machine does not have that address");
    const nowhere = await assertRejects(
      () => listenFor({ kind: "tcp", host: "no-such-host.invalid", port: 0 }, { use }),
      TeleError,
    );
    assertEquals(nowhere.code, "bad-input");
    assertStringIncludes(nowhere.message, "cannot listen on no-such-host.invalid:0: that name cannot be resolved; ");
  });

  Deno.test(`listening (${use}): what was closed takes nobody, and its port is free again`, async () => {
    const listening = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 }, { use });
    const port = portOf(listening.addresses[0]);
    listening.close();
    await pause(10);
    await assertRejects(() => dial({ kind: "tcp", host: "127.0.0.1", port }), TeleError, "connection refused");
    using again = await listenFor({ kind: "tcp", host: "127.0.0.1", port }, { use });
    assertEquals(portOf(again.addresses[0]), port);
  });

  Deno.test(`listening (${use}): a port is free for who listens on it in the same step in which it was closed`, async () => {
    const before = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 }, { use });
    const address = parseAddress(before.addresses[0]);
    // An accept waits on it.
    await pause(5);
    before.close();
    (await listenFor(address, { use })).close();
  });

  Deno.test({
    name: `listening (${use}): who shares a port gets a part of the connections, and nobody else joins unasked`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      using first = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 }, { use, sharesPort: true });
      const address = parseAddress(first.addresses[0]);
      using second = await listenFor(address, { use, sharesPort: true });
      // Which of both takes one is up to a hash: that one of them gets none of so many is as good as impossible.
      for (let at = 0; at < 60; at++) (await dial(address)).close();
      await until(() => first.accepted.length + second.accepted.length === 60, 5_000, "all connections");
      assert(first.accepted.length > 0 && second.accepted.length > 0);
      const error = await assertRejects(() => listenFor(address, { use }), TeleError);
      assertStringIncludes(error.message, "another program does");
    },
  });

  Deno.test(`listening (${use}): a burst of connections is taken whole`, async () => {
    using listening = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 }, { use });
    const address = parseAddress(listening.addresses[0]);
    const dialed = await Promise.all(Array.from({ length: 200 }, () => dial(address)));
    await until(() => listening.accepted.length === 200, 5_000, "all connections");
    for (const duplex of dialed) duplex.close();
    await pause(5);
  });
}

Deno.test("listening: a listener on node:net leaves no timer behind", async () => {
  const clock = new FakeClock();
  const listening = await listenFor(undefined, { clock });
  await clock.advance(10_000);
  (await dial(parseAddress(listening.addresses[0]))).close();
  await until(() => listening.accepted.length === 1, 5_000, "the connection");
  listening[Symbol.dispose]();
  assertEquals(clock.pendingTimers, 0);
  await pause(5);
});
