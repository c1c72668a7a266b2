/** During an outage others answer in the server's place. None of them ends anything. */
import { assert, assertEquals } from "@std/assert";
import { KeyFiles, makeTestToken } from "../support/key_files.ts";
import { TestCa } from "../support/certificates.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { TlsStranger } from "../support/tls_stranger.ts";
import { readExactly } from "../support/reading.ts";
import { connectTo, echo, roundTrip, UserServer, writeAll } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** How often a client meets each of them: the second time it knows what answered the first time. */
const MEETINGS = 3;
const MEETING_MS = 15_000;

/** Who answers, by what it is. */
type Impostors = Record<string, number>;

Deno.test({
  name: "an outage with garbage, foreign certificates, unknown sessions and wrong tokens in the server's place",
  ...requires("openssl"),
  fn: scenario(120_000, async (s) => {
    const keys = await KeyFiles.make(s.home);
    const otherToken = [`--token-file=${await keys.write("other-token", makeTestToken())}`];
    // A host of the same firm: its certificate is good for the same name.
    const [tls, other] = await Promise.all([keys.serverArgs("server"), keys.serverArgs("other")]);
    const foreign = await (await TestCa.make("another CA")).issue();
    const theirs = s.use(new UserServer(echo));
    const garbage = s.use(
      new UserServer(async (connection) => {
        await writeAll(connection, crypto.getRandomValues(new Uint8Array(3000)));
        await echo(connection);
      }),
    );
    const tele = async (args: string[]) => (await s.server(theirs.port, 0, { args })).port;
    const babbler = await TlsStranger.start(await keys.ca.issue(), ["tele/2"], new Uint8Array(3000).fill(0x77));
    const stranger = await TlsStranger.start(foreign, ["tele/2"]);
    const unrelated = await TlsStranger.start(await keys.ca.issue(), ["http/1.1"]);
    for (const server of [babbler, stranger, unrelated]) s.use(server);
    // Each of the tele servers answers "unknown session" to a resume, as far as it gets.
    const [plainOther, plainNone, tlsOther, tlsNone] = await Promise.all(
      [otherToken, [], [...other, ...otherToken], other].map(tele),
    );

    await Promise.all([
      outlive(s, { server: keys.tokenArgs, client: keys.tokenArgs }, {
        "garbage": garbage.port,
        "a tele server with another token": plainOther,
        "a tele server without a token": plainNone,
        "a TLS server": stranger.port,
      }),
      outlive(s, { server: [...tls, ...keys.tokenArgs], client: [...keys.clientArgs, ...keys.tokenArgs] }, {
        "garbage": garbage.port,
        "a certificate of another CA": stranger.port,
        "garbage inside TLS": babbler.port,
        "a TLS server of another protocol": unrelated.port,
        "a tele server with another token": tlsOther,
        "a tele server without a token": tlsNone,
        "a tele server without TLS, with another token": plainOther,
      }),
    ]);
    assertEquals(theirs.accepted, 0, "no impostor's user was reached");
  }),
});

/** Has one stream that lives through all impostors, and loses nothing. */
async function outlive(s: Scenario, args: Record<"server" | "client", string[]>, impostors: Impostors): Promise<void> {
  const user = s.use(new UserServer(echo));
  const { server, breaker, client, port } = await s.tunnel(user.port, {
    server: { args: args.server },
    client: { args: args.client },
  });
  using connection = await connectTo(port);
  await roundTrip(connection, "before");
  let sent = "";
  for (const [name, port] of Object.entries(impostors)) {
    breaker.to = port;
    breaker.reset();
    // More each time, so that there is something to be lost.
    const words = `said to ${name};`.repeat(500);
    sent += words;
    await writeAll(connection, new TextEncoder().encode(words));
    const met = breaker.accepted;
    await until(() => breaker.accepted >= met + MEETINGS, MEETING_MS, `attempts at ${name}`);
    assert(!client.log.some((line) => /session (lost|ended)|stream (cut|refused)/.test(line)), name);
  }
  breaker.to = server.port;
  breaker.reset();
  const echoed = await within(readExactly(connection, sent.length), 20_000, "the echo of what was said meanwhile");
  assertEquals(new TextDecoder().decode(echoed), sent);
  await roundTrip(connection, "after");

  assertEquals(user.accepted, 1);
  const bad = /session (lost|ended)|stream (cut|refused)| error /;
  assertEquals([...server.log, ...client.log].filter((line) => bad.test(line)), []);
  // A line for each new impostor, not for each attempt.
  assert(client.log.length < 20, `${client.log.length} lines for ${breaker.accepted} attempts`);
  const fromTheFirst = client.log.filter((line) => line.includes("not resumed yet"));
  assert(fromTheFirst.length > 0, "the log tells why not");
}
