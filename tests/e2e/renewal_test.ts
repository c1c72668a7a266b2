/** Keys on disk: certificates that are renewed under running connections, and files that are not as they should be. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { TestCa } from "../support/certificates.ts";
import { KeyFiles, makeTestToken } from "../support/key_files.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { teleWords } from "../support/tele_program.ts";
import { serialNumberAt } from "../support/tls_stranger.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";
import { within } from "../support/wait.ts";

const PROTOCOL = "test-echo";
/** Files are looked at every second, and what is broken is told at the second look. */
const LOOK_MS = 10_000;
const USED = /--tls-cert and --tls-key changed: what is there now is used/;

Deno.test({
  name: "a renewed certificate is shown to new clients, a broken one is not, and connections go on",
  ...requires("openssl"),
  fn: scenario(90_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const keys = await KeyFiles.make(s.home);
    const [first, second, third, foreign] = await Promise.all([1, 2, 3, 4].map(() => keys.ca.issue()));
    const args = [...await keys.serverArgs("server", first), ...keys.tokenArgs];
    const server = await s.server(user.port, 0, { args: [...args, `--route=${PROTOCOL}=127.0.0.1:${user.port}`] });
    const [session, protocol] = await Promise.all([
      s.client(server.port, 0, { args: [...keys.clientArgs, ...keys.tokenArgs] }),
      s.client(server.port, 0, { args: [...keys.clientArgs, `--protocol=${PROTOCOL}`] }),
    ]);
    const connections = await Promise.all([session, protocol].map(({ port }) => connectTo(port)));
    s.defer(() => connections.forEach((connection) => connection.close()));
    const shown = () => serialNumberAt(server.port, keys.ca.cert, ["tele/2"]);
    const goOn = async (word: string) => {
      for (const connection of connections) await within(roundTrip(connection, word), 5_000, `the echo of ${word}`);
    };
    await goOn("at first");
    const serials = [await shown()];

    await keys.pairArgs("server", second);
    await server.logged(USED, LOOK_MS);
    serials.push(await shown());
    await goOn("after a renewal");

    // The key is another certificate's, as a script leaves it that dies halfway.
    let from = server.log.length;
    await keys.pairArgs("server", { cert: foreign.cert, key: first.key });
    await server.logged(/changed, but the former is still used: --tls-key: this is not the key of/, LOOK_MS, from);
    assertEquals(await shown(), serials[1]);
    await keys.pairArgs("server", { cert: "-----BEGIN NONSENSE", key: second.key });
    await server.logged(/changed, but the former is still used: --tls-cert/, LOOK_MS, from);
    assertEquals(await shown(), serials[1]);
    await goOn("beside a broken file");

    from = server.log.length;
    await keys.pairArgs("server", third);
    await server.logged(USED, LOOK_MS, from);
    serials.push(await shown());
    await goOn("in the end");
    assertEquals(new Set(serials).size, 3, "each was shown");
    const warnings = server.log.filter((line) => / warn /.test(line));
    assertEquals(warnings.length, 2, `each broken file is told once:\n${warnings.join("\n")}`);
    assertEquals([session, protocol].flatMap(({ log }) => log.filter((line) => / warn /.test(line))), []);
    assertEquals(user.accepted, 2, "the connections are those from the beginning");
  }),
});

Deno.test({
  name: "a renewed token lets in who has it and no other, without a restart, and connections go on",
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const paths = Object.fromEntries(["server", "client", "late"].map((name) => [name, `${s.home}/${name}-token`]));
    const [first, second] = [makeTestToken(), makeTestToken()];
    const write = (name: string, token: string) => Deno.writeTextFile(paths[name]!, `${token}\n`, { mode: 0o600 });
    for (const name of Object.keys(paths)) await write(name, first);
    const server = await s.server(user.port, 0, { args: [`--token-file=${paths.server}`] });
    const client = await s.client(server.port, 0, { args: [`--token-file=${paths.client}`] });
    using before = await connectTo(client.port);
    await within(roundTrip(before, "before"), 10_000, "an echo");

    const renewed = /--token-file changed: the token there now is the one for new sessions/;
    await write("server", second);
    await server.logged(renewed, LOOK_MS);
    await within(roundTrip(before, "after"), 10_000, "an echo of the session that is there");
    const late = await s.client(server.port, 0, { args: [`--token-file=${paths.late}`] });
    await late.logged(/the token is not the tele server's/, 10_000);
    await write("late", second);
    await late.logged(renewed, LOOK_MS);
    using opened = await connectTo(late.port);
    await within(roundTrip(opened, "with the new token"), 10_000, "an echo of a new session");
    await within(roundTrip(before, "still there"), 10_000, "an echo");
  }),
});

Deno.test({
  name: "a token that is short or open to others, a CA or an expired certificate in a server's place are told at start",
  ...requires("openssl"),
  fn: scenario(60_000, async (s) => {
    const keys = await KeyFiles.make(s.home);
    const ca = await TestCa.make("itself");
    const [short, caArgs, expiredArgs] = await Promise.all([
      keys.write("short-token", "fifteen_letters\n"),
      keys.pairArgs("ca-itself", ca),
      keys.ca.issue({ days: -1 }).then((pair) => keys.pairArgs("expired", pair)),
    ]);
    const open = await keys.write("open-token", keys.token);
    await Deno.chmod(open, 0o644);
    const server = ["--server", "--in=127.0.0.1:9", "--out=127.0.0.1:0"];
    const client = ["--client", "--in=127.0.0.1:0", "--out=127.0.0.1:9"];
    const refusals: [string[], RegExp][] = [
      [[...server, `--token-file=${short}`], /has 15 bytes, at least 16 are needed: `tele --make-token` prints/],
      [[...client, `--token-file=${short}`], /has 15 bytes, at least 16 are needed: `tele --make-token` prints/],
      [[...server, ...caArgs], /--tls-cert: this is the certificate of a CA.*basicConstraints=critical,CA:FALSE/],
      [[...server, ...expiredArgs], /--tls-cert: this certificate expired on \d{4}-\d\d-\d\d; renew it/],
    ];
    await Promise.all(refusals.map(async ([args, sentence]) => {
      const { code, stdout, stderr } = await tele(args);
      assert(code === 1 || code === 2, `exit code ${code} of ${args.join(" ")}`);
      assertEquals(stdout, "");
      assertMatch(stderr, sentence);
      assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
      assert(!stderr.includes("fifteen_letters"), stderr);
    }));

    const warned = await s.server(9, 0, { args: [`--token-file=${open}`] });
    const line = await warned.logged(/others on this machine can read the token file/, 5_000);
    assertStringIncludes(line, `chmod 600 ${open}`);
    const silent = await s.server(9, 0, { args: keys.tokenArgs });
    assertEquals(silent.log, []);

    const made = await Promise.all([tele(["--make-token"]), tele(["--make-token"])]);
    for (const { code, stdout } of made) assertMatch(`${code} ${stdout}`, /^0 [\w-]{43}\n$/);
    assertNotEquals(made[0].stdout, made[1].stdout);
  }),
});

/** Runs `tele` to its end. */
async function tele(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [path = "", ...words] = teleWords();
  const command = new Deno.Command(path, {
    args: [...words, ...args],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  });
  const { code, stdout, stderr } = await within(command.output(), 20_000, `tele ${args.join(" ")}`);
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}
