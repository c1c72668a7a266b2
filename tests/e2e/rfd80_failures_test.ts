/**
 * What must not happen in RFD 80 mode, beside a peer in Python that was written from the RFD's text alone: messages
 * above the limit, messages that are cut, and a user's server that is not there. Only the connection that is wrong
 * ends, with a reset and not as if all had come, and with one line in the log.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  beforeServer,
  behindClient,
  KNOWS_NO_PINGS,
  KNOWS_PINGS,
  PROTOCOL,
  protocolServer,
} from "../support/rfd80_peer.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import {
  connectTo,
  echo,
  endingOf,
  freePort,
  ResettableConnection,
  ResettableServer,
  roundTrip,
  UserServer,
} from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";

const LIMIT = ["--max-message=64KiB"];

/** Messages of 65,537 bytes, and of 4,294,967,295, where 65,536 are allowed; one of just that much is fine. */
const TOO_LARGE = [["raw=00010001", "zeros=65537", "drain"], ["raw=ffffffff", "drain"]];
const JUST_FITS = ["raw=00010000", "zeros=65536"];

/** A word, and then an end in mid header, in mid message, and between messages but without TLS's own word of it. */
const CUTS = [
  ["text=half", "raw=0000", "finish", "drain"],
  ["text=half", "raw=0000", "drop"],
  ["text=half", "raw=0000", "reset"],
  ["text=half", "raw=0000000a616263", "finish", "drain"],
  ["text=half", "raw=0000000a616263", "drop"],
  ["text=half", "raw=0000000a616263", "reset"],
  ["text=half", "drop"],
];

const scripts = (all: string[][]) => all.flatMap((script) => [...script, "/"]).slice(0, -1);
const cutLines = (log: string[]) => log.filter((line) => line.includes("connection cut"));

Deno.test({
  name: "overflow, tele client: only that connection ends, by reset, with a line that tells both sizes",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const script = scripts([["echo"], ...TOO_LARGE, [...JUST_FITS, "echo"]]);
    const { peer, client } = await behindClient(s, [KNOWS_PINGS, ...script], LIMIT);
    using before = await connectTo(client.port);
    await within(roundTrip(before, "before"), 10_000, "an echo");
    for (const number of [1, 2]) {
      using broken = await ResettableConnection.connect(client.port);
      assertEquals(await within(broken.ending, 10_000, "the end"), "ECONNRESET");
      const { ending } = await peer.ending(number);
      assert(ending !== "close_notify", "what ended by an error does not end like a whole");
    }
    await within(roundTrip(before, "and still"), 10_000, "an echo on the connection from before");
    using after = await connectTo(client.port);
    const fits = new Uint8Array(65_536);
    let filled = 0;
    while (filled < fits.length) {
      filled += await within(after.read(fits.subarray(filled)), 10_000, "the message") ?? NaN;
    }
    await within(roundTrip(after, "after"), 10_000, "an echo");
    assertEquals(cutLines(client.log).length, 2, client.log.join("\n"));
    assertMatch(cutLines(client.log)[0], /65537 bytes .*limit is 65536/);
    assertMatch(cutLines(client.log)[1], /4294967295 bytes .*limit is 65536/);
    assertEquals(client.log.length, 2);
    assertEquals(client.status, undefined);
  }),
});

Deno.test({
  name: "overflow, tele server: only that connection ends, by reset, with a line that tells both sizes",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await protocolServer(s, user.port, LIMIT);
    const living = beforeServer(s, server, [
      KNOWS_PINGS,
      "text=before",
      "expect=6",
      "say=lives",
      "wait=3000",
      "text=on",
      "expect=8",
    ]);
    await living.said("lives");
    const broken = beforeServer(s, server, [KNOWS_PINGS, ...scripts(TOO_LARGE)]);
    for (const number of [0, 1]) {
      const { received, ending } = await broken.ending(number);
      assertEquals(received, 0);
      assert(ending !== "close_notify", "what ended by an error does not end like a whole");
    }
    const fits = await beforeServer(s, server, [KNOWS_PINGS, ...JUST_FITS, "finish", "drain"]).ending();
    assertEquals([fits.problem, fits.received], [null, 65_536]);
    assert(fits.largest <= 65_536, `tele splits as well: ${fits.largest}`);
    const { problem, received } = await living.ending();
    assertEquals([problem, received], [null, 8]);
    assertEquals(cutLines(server.log).length, 2, server.log.join("\n"));
    for (const line of cutLines(server.log)) assertMatch(line, /(65537|4294967295) bytes .*limit is 65536/);
    assertEquals(server.status, undefined);
  }),
});

Deno.test({
  name: "truncation, tele client: the user's client gets what came and then a reset, however the peer cuts",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const { client } = await behindClient(s, [KNOWS_PINGS, ...scripts([...CUTS, ["echo"]])]);
    for (const cut of CUTS) {
      using broken = await ResettableConnection.connect(client.port);
      assertEquals(await within(broken.ending, 10_000, "the end"), "ECONNRESET", cut.join(" "));
      // A reset overtakes what the peer sent before it, in every network.
      if (!cut.includes("reset")) assert("halfabc".startsWith(broken.received), broken.received);
    }
    using after = await connectTo(client.port);
    await within(roundTrip(after, "after"), 10_000, "an echo");
    assert(cutLines(client.log).length >= 5, client.log.join("\n"));
  }),
});

Deno.test({
  name: "truncation, tele server: the user's server gets a reset, however the peer cuts",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const user = s.use(await ResettableServer.start());
    const server = await protocolServer(s, user.port);
    for (const cut of CUTS) {
      beforeServer(s, server, [KNOWS_PINGS, ...cut]);
      await until(() => user.connections.length > 0, 10_000, "a connection");
      using broken = user.connections.shift()!;
      assertEquals(await within(broken.ending, 10_000, "the end"), "ECONNRESET", cut.join(" "));
    }
    beforeServer(s, server, [KNOWS_PINGS, "text=whole", "finish", "drain"]);
    await until(() => user.connections.length > 0, 10_000, "a connection");
    using whole = user.connections.shift()!;
    assertEquals(await within(whole.ending, 10_000, "the end"), "end");
    assertEquals(whole.received, "whole");
    assert(cutLines(server.log).length >= 5, server.log.join("\n"));
  }),
});

Deno.test({
  name: "a plain connection that is cut without TLS's word of its end is a reset too, in both roles",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const script = [KNOWS_NO_PINGS, "text=half", "drop"];
    const { client } = await behindClient(s, script);
    using broken = await ResettableConnection.connect(client.port);
    assertEquals(await within(broken.ending, 10_000, "the end"), "ECONNRESET");
    await client.logged(/connection cut/, 10_000);

    const user = s.use(await ResettableServer.start());
    const server = await protocolServer(s, user.port);
    beforeServer(s, server, script);
    await until(() => user.connections.length > 0, 10_000, "a connection");
    assertEquals(await within(user.connections[0].ending, 10_000, "the end"), "ECONNRESET");
    await server.logged(/connection cut/, 10_000);
  }),
});

Deno.test({
  name: "a user who resets in the middle: the peer's direction is cut, not ended, in both roles",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    // More than the kernel holds for a peer that does not read: a message is half written when the user resets.
    const much = "x".repeat(50_000_000);
    const script = [KNOWS_PINGS, "text=go", "pause=1500", "drain"];
    const { peer, client } = await behindClient(s, script);
    using resetting = await ResettableConnection.connect(client.port);
    await until(() => resetting.received === "go", 10_000, "the peer's word");
    resetting.write(much);
    await pause(500);
    resetting.reset();
    const first = await peer.ending(0, 10_000);
    assert(first.ending !== "close_notify" && first.received < much.length, JSON.stringify(first));

    const user = s.use(await ResettableServer.start());
    const server = await protocolServer(s, user.port);
    const other = beforeServer(s, server, script);
    await until(() => user.connections[0]?.received === "go", 10_000, "the peer's word");
    user.connections[0].write(much);
    await pause(500);
    user.connections[0].reset();
    const second = await other.ending(0, 10_000);
    assert(second.ending !== "close_notify" && second.received < much.length, JSON.stringify(second));
  }),
});

Deno.test({
  name: "a server that is not there: the connection ends at once in both roles, with a line that names it",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const nobody = freePort();
    const server = await protocolServer(s, nobody);
    for (const alpn of [KNOWS_PINGS, KNOWS_NO_PINGS]) {
      const start = performance.now();
      const refused = await beforeServer(s, server, [alpn, "wait=20000"]).ending();
      assertEquals([refused.problem, refused.received], ["it ended at wait=20000", 0]);
      assert(performance.now() - start < 15_000, "sooner than it would wait, and with the start of Python");
    }
    await server.logged(new RegExp(`stream refused .*127.0.0.1:${nobody}: connection refused`), 10_000);

    const args = ["--in=127.0.0.1:0", `--out=localhost:${nobody}`, `--protocol=${PROTOCOL}`, "--tls"];
    const client = await s.start("client", args, {});
    using lost = await connectTo(client.port);
    await within(endingOf(lost), 10_000, "the end");
    await client.logged(new RegExp(`stream refused .*localhost:${nobody}: connection refused`), 10_000);
  }),
});
