/** Clients with a token each, in real processes: a line that goes ends one of them, and the others notice nothing. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeTestToken } from "../support/key_files.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { TokenFiles, typeOn } from "../support/token_files.ts";
import { connectTo, echo, ResettableConnection, roundTrip, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** A line that goes ends its client's sessions within 3 s. Ten times that is a failure: machines may be busy. */
const GONE_MS = 30_000;
/** Nobody else waits longer than 2 s for an echo meanwhile. Ten times that is a failure, as above. */
const ECHO_MS = 20_000;
const STARTED_MS = 20_000;

/** A server for which alice and bob have a line, and both with a user that types. */
async function bothTyping(s: Scenario) {
  const user = s.use(new UserServer(echo));
  const tokens = new TokenFiles(s.home);
  const files = { alice: await tokens.give("alice"), bob: await tokens.give("bob") };
  await tokens.put("alice", "bob");
  const server = await s.server(user.port, 0, { args: [`--token-file=${tokens.path}`, "--log-level=debug"] });
  const breaker = await s.breaker(server.port);
  const alice = await s.client(breaker.port, 0, { args: files.alice });
  const bob = await s.client(server.port, 0, { args: files.bob });
  let isOver = false;
  const bobs = typeOn(bob.port, () => isOver);
  bobs.catch(() => {}); // It is awaited in the end.
  const alices = s.use(await ResettableConnection.connect(alice.port));
  alices.write("hello");
  await until(() => alices.received === "hello", STARTED_MS, "alice's echo");
  await until(() => user.open === 2, STARTED_MS, "bob's connection");
  const bobEnds = async () => {
    isOver = true;
    const longestMs = await bobs;
    assert(longestMs < ECHO_MS, `bob's longest echo took ${longestMs} ms`);
    assertEquals(bob.log.filter((line) => / (warn|error) /.test(line)), []);
  };
  return { user, tokens, server, breaker, alice, alices, bobEnds };
}

/** Alice's session is ended at the server: by its log, within the time. */
async function assertGone(server: TeleProcess, from: number): Promise<void> {
  const words = "the token of alice with which it began was taken out of --token-file, or changed there";
  await server.logged(new RegExp(`session \\w+ \\(alice\\) ended: ${words}`), GONE_MS, from);
}

for (const how of ["edited in place", "replaced by another file", "changed in alice's line"] as const) {
  Deno.test({
    name: `a token file ${how}: alice's connection ends soon with a sentence, bob types on`,
    fn: scenario(90_000, async (s) => {
      const { user, tokens, server, alice, alices, bobEnds } = await bothTyping(s);
      const from = server.log.length;
      if (how === "edited in place") await tokens.put("bob");
      else if (how === "replaced by another file") await tokens.replace("bob");
      else {
        const former = await Deno.readTextFile(`${s.home}/alice`);
        await tokens.give("alice");
        await tokens.replace("alice", "bob");
        await Deno.writeTextFile(`${s.home}/alice`, former);
      }
      const ending = within(alices.ending, GONE_MS, "the end of alice's connection");
      await assertGone(server, from);
      assertEquals(await ending, "ECONNRESET");
      await alice.logged(/session ended: the token of alice with which the session began was withdrawn/, GONE_MS);
      await alice.logged(/the token of alice is not the tele server's: its --token-file needs/, 10_000);
      await until(() => user.open === 1, 5_000, "the end of alice's connection to the user's server");
      await bobEnds();
    }),
  });
}

Deno.test({
  name:
    "alice's line goes in the middle of her outage: her session and its connections end, there at once and here with it",
  fn: scenario(90_000, async (s) => {
    const { user, tokens, server, breaker, alice, alices, bobEnds } = await bothTyping(s);
    await breaker.refuse(true);
    breaker.reset();
    await server.logged(/\(alice\) lost its link/, 10_000);
    const from = server.log.length;
    await tokens.put("bob");
    await assertGone(server, from);
    await until(() => user.open === 1, 5_000, "the end of alice's connection to the user's server");
    await breaker.refuse(false);
    assertEquals(await within(alices.ending, 10_000, "the end of alice's connection here"), "ECONNRESET");
    await alice.logged(/session ended: the token of alice with which the session began was withdrawn/, GONE_MS);
    await alice.logged(
      /no tele server yet: .*the token of alice is not the tele server's|not resumed yet: .*of alice is not/,
      20_000,
    );
    await bobEnds();
  }),
});

Deno.test({
  name: "a wrong file, an empty one and none end nobody and are told once each; a new line counts at once",
  fn: scenario(90_000, async (s) => {
    const { tokens, server, alices, bobEnds } = await bothTyping(s);
    const right = tokens.text("alice", "bob");
    const wrong: [RegExp, () => Promise<void>][] = [
      [
        /the token in line 3 of --token-file=\S+ has 5 bytes/,
        () => Deno.writeTextFile(tokens.path, "# a\n#b\nbob short\n"),
      ],
      [/services= in line 4 of --token-file=\S+ has an empty name/, () => {
        return Deno.writeTextFile(tokens.path, `${right}carol ${makeTestToken()} services=\n`);
      }],
      [/the token in --token-file=\S+ is empty/, () => Deno.writeTextFile(tokens.path, "")],
      [/there is no such file/, () => Deno.remove(tokens.path)],
    ];
    for (const [words, write] of wrong) {
      const from = server.log.length;
      await write();
      const line = await server.logged(/ warn +--token-file changed, but the former is still used/, 10_000, from);
      assertMatch(line, words);
    }
    assertEquals(server.log.filter((line) => line.includes("the former is still used")).length, wrong.length);
    const carol = await tokens.give("carol");
    const from = server.log.length;
    await tokens.replace("alice", "bob", "carol");
    await server.logged(/--token-file changed: 3 clients with a name may come now/, GONE_MS, from);
    const client = await s.client(server.port, 0, { args: carol });
    using connection = await connectTo(client.port);
    await within(roundTrip(connection, "here I am"), STARTED_MS, "carol's echo");
    await server.logged(/session \w+ \(carol\) began/, 1_000);
    alices.write(", again");
    await until(() => alices.received === "hello, again", 10_000, "alice's echo");
    assert(server.log.every((line) => !/ended:/.test(line)));
    await bobEnds();
  }),
});

Deno.test({
  name: "a line made by --make-token --name lets its client in, and the server's JSON lines name it",
  fn: scenario(90_000, async (s) => {
    const { makeTokenLine } = await import("../../lib/tunnel/files/token_file.ts");
    const user = s.use(new UserServer(echo));
    const line = makeTokenLine("web-1.example");
    await Deno.writeTextFile(`${s.home}/tokens`, line, { mode: 0o600 });
    const args = [`--token-file=${s.home}/tokens`, "--log-format=json", "--log-level=debug"];
    const server = await s.start("server", [`--in=127.0.0.1:${user.port}`, "--out=127.0.0.1:0"], { args });
    const client = await s.client(server.port, 0, { env: { TELE_TOKEN: line } });
    using connection = await connectTo(client.port);
    await within(roundTrip(connection, "hello"), STARTED_MS, "an echo");
    connection.close();
    const facts = (words: RegExp) => server.logged(words, 10_000).then((line) => JSON.parse(line));
    assertEquals((await facts(/began/)).client, "web-1.example");
    assertEquals((await facts(/stream \S+ (finished|reset)/)).client, "web-1.example");
  }),
});
