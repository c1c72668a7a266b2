/** A user's host that vanishes is noticed: the kernel asks after it. */
import { assert, assertEquals } from "@std/assert";
import { parseAddress } from "../../../lib/net/address.ts";
import { systemClock } from "../../../lib/net/clock.ts";
import { dial } from "../../../lib/net/dial.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { listen } from "../../../lib/net/listen.ts";
import { silentLog } from "../../../lib/net/log.ts";
import { hasNodeDuplex } from "../../../lib/net/node_duplex.ts";
import { portOf } from "../../support/sockets.ts";
import { tlsTest, TlsWorld } from "../../support/tls_world.ts";
import { pause, within } from "../../support/wait.ts";

/** The kernel's timer for "is the other host still there?", in proc(5): `/proc/net/tcp`. */
const KEEP_ALIVE_TIMER = "02";

/**
 * The timers of both ends of the connection from `peer` to `port`: which one, and in how many hundredths of a second.
 * Others may come to that port, such as a client of another test that looks for its server there. The kernel tells the
 * table in pieces: a line may come twice when others come and go between them.
 */
async function timers(peer: string, port: number): Promise<string[]> {
  const lines = (await Deno.readTextFile("/proc/net/tcp")).trim().split("\n").slice(1);
  const ends = [port, portOf(peer)].map((each) => each.toString(16).toUpperCase().padStart(4, "0")).sort();
  const established = lines.map((line) => line.trim().split(/\s+/)).filter(([, near, far, state]) =>
    state === "01" && `${[near, far].map((each) => each.slice(-4)).sort()}` === `${ends}`
  );
  return [...new Map(established.map(([, near, far, , , timer]) => [`${near} ${far}`, timer])).values()];
}

/** After how many seconds the kernel will ask, for each end of that connection; `undefined` if it will not. */
async function askedAfter(peer: string, port: number): Promise<(number | undefined)[]> {
  let found = await timers(peer, port);
  // What was sent last may wait to be acknowledged, which comes first.
  for (let turn = 0; turn < 100 && found.some((timer) => /^0[14]:/.test(timer)); turn++) {
    await pause(20);
    found = await timers(peer, port);
  }
  return found.map((timer) => timer.split(":")).map(([kind, hundredths]) =>
    kind === KEEP_ALIVE_TIMER ? parseInt(hundredths, 16) / 100 : undefined
  );
}

function assertAsked(after: (number | undefined)[]): void {
  assertEquals(after.length, 2);
  const seconds = hasNodeDuplex() ? 300 : 7200;
  for (const each of after) assert(each !== undefined && each <= seconds && each > seconds - 30, `${after}`);
}

Deno.test({
  name: "the kernel asks after a user's client and a user's server that have long been silent",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const accepted = Promise.withResolvers<Duplex>();
    const listening = await listen(parseAddress("127.0.0.1:0"), {
      use: "user",
      defaultHosts: [],
      clock: systemClock,
      log: silentLog,
      onConnection: accepted.resolve,
    });
    const address = parseAddress(listening.addresses[0]);
    const near = await dial(address);
    const far = await within(accepted.promise, 5_000, "the accepted connection");
    try {
      assertAsked(await askedAfter(far.peer, portOf(listening.addresses[0])));
    } finally {
      [near, far, listening].forEach((each) => each.close());
    }
  },
});

if (Deno.build.os === "linux") {
  tlsTest("the kernel asks after the other end of a connection of RFD 80 mode", async () => {
    const world = await TlsWorld.start();
    try {
      const [, accepted] = await world.pair();
      assertAsked(await askedAfter(accepted.duplex.peer, world.port));
    } finally {
      world.close();
    }
  });
}
