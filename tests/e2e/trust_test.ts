/** Whoever is not the right one, on either side: told so in one sentence, once, and led nowhere. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { TestCa } from "../support/certificates.ts";
import { KeyFiles, makeTestToken } from "../support/key_files.ts";
import { type Mismatch, mismatches, type ServerName } from "../support/mismatches.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { TlsStranger } from "../support/tls_stranger.ts";
import { closeQuietly, connectTo, endingOf, roundTrip, UserServer, writeAll } from "../support/user_programs.ts";
import { pause, within } from "../support/wait.ts";

/** The protocol of RFD 80 mode. */
const PROTOCOL = "test-echo";
/** How long clients go on trying while lines are counted, in milliseconds. */
const WATCH_MS = 5_000;
/** How soon a user's client learns of what waiting cannot mend, on a machine that starts thirty processes at once. */
const ENDING_MS = 10_000;
/** Reminders and sums of lines that were left out repeat on purpose. */
const REMINDER = /still trying after|more carriers ended/;
/** On a machine that starts thirty processes at once, a first attempt may wait for so long that it is given up. */
const BUSY = /no tele server yet: (nobody answers|the connection is accepted, but|the server does not answer)/;

/** A server with a user's server of its own, so that it shows where a connection came out. */
interface Site {
  port: number;
  process?: TeleProcess;
  accepted: () => number;
  /** Bytes that got through. */
  bytes: () => number;
}

/** What became of one client. */
interface Outcome {
  mismatch: Mismatch;
  isSession: boolean;
  client: TeleProcess;
  /** How the user's connection ended, if it did. */
  ending: string | undefined;
}

Deno.test({
  name: "who has a wrong token or certificate, or none, is told in one sentence, once, and reaches nothing",
  ...requires("openssl"),
  fn: scenario(120_000, async (s) => {
    const keys = await KeyFiles.make(s.home);
    const [clientCa, selfCa] = await Promise.all([TestCa.make("clients"), TestCa.make("itself")]);
    const otherToken = makeTestToken();
    const files = {
      otherToken: await keys.write("other-token", otherToken),
      clientCa: await keys.write("client-ca.pem", clientCa.cert),
      selfCa: await keys.write("self-ca.pem", selfCa.cert),
      expired: await keys.pairArgs("expired", await clientCa.issue({ days: -1 })),
      foreign: await keys.pairArgs("foreign", await keys.ca.issue()),
    };
    const own = await keys.pairArgs("own", await clientCa.issue());
    const tls = await keys.serverArgs("server");
    const elsewhere = await keys.serverArgs("elsewhere", await keys.ca.issue({ names: "DNS:elsewhere.example" }));
    const names = ["tele/2", `${PROTOCOL}-ping`, PROTOCOL];
    const [guarded, plain, named, mutual, notTele, ca, expired] = await Promise.all([
      startTele(s, [...tls, ...keys.tokenArgs]),
      startTele(s, []),
      startTele(s, elsewhere),
      startTele(s, [...tls, `--tls-client-ca=${files.clientCa}`]),
      startStranger(s, await TlsStranger.start(await keys.ca.issue(), ["http/1.1"])),
      startStranger(s, await TlsStranger.start(selfCa, names)),
      startStranger(s, await TlsStranger.start(await keys.ca.issue({ days: -1 }), names)),
    ]);
    const sites: Record<ServerName, Site> = { guarded, plain, elsewhere: named, mutual, notTele, ca, expired };

    const attempts = mismatches(keys, files).flatMap((mismatch) =>
      (mismatch.only === "session" ? [true] : [true, false]).map((isSession) => ({ mismatch, isSession }))
    );
    const outcomes = await Promise.all(
      attempts.map(async ({ mismatch, isSession }) => await meet(s, mismatch, isSession, sites[mismatch.server])),
    );
    await pause(WATCH_MS);

    for (const outcome of outcomes) assertTold(outcome, sites[outcome.mismatch.server]);
    for (const [name, { accepted, bytes, process }] of Object.entries(sites)) {
      // A client judges a name after its last word of the TLS handshake: by then an RFD 80 server has connected to the
      // user's server, which may be the one to speak first. It gets nothing but the end.
      const most = name === "elsewhere" ? 1 : 0;
      if (process !== undefined) {
        assert(accepted() <= most, `${accepted()} connections to the user's server of ${name}`);
      }
      assertEquals(bytes(), 0, name);
    }
    await assertSecret(outcomes, [guarded, plain], [keys.token, otherToken]);

    // The servers are well: it was not for other reasons that nobody got through.
    const right: [Site, string[]][] = [
      [guarded, [...keys.clientArgs, ...keys.tokenArgs]],
      [plain, []],
      [named, [...keys.clientArgs, "--tls-name=elsewhere.example", `--protocol=${PROTOCOL}`]],
      [mutual, [...keys.clientArgs, ...own]],
      [mutual, [...keys.clientArgs, ...own, `--protocol=${PROTOCOL}`]],
    ];
    await Promise.all(right.map(async ([site, args]) => {
      const client = await s.client(site.port, 0, { args });
      using connection = await connectTo(client.port);
      await within(roundTrip(connection, "hello"), 10_000, `the echo for ${args.join(" ")}`);
    }));
  }),
});

Deno.test({
  name: "--tls-ca=system trusts whom the machine trusts, and a key that does not fit is told at the client's start",
  ...requires("openssl"),
  fn: scenario(60_000, async (s) => {
    const keys = await KeyFiles.make(s.home);
    const server = await startTele(s, [...await keys.serverArgs("server"), ...keys.tokenArgs]);
    const env = { SSL_CERT_FILE: keys.path("ca.pem") };
    const client = await s.client(server.port, 0, { args: ["--tls-ca=system", ...keys.tokenArgs], env });
    using connection = await connectTo(client.port);
    await within(roundTrip(connection, "hello"), 10_000, "the echo");

    const own = await keys.pairArgs("own", await keys.ca.issue());
    const other = await keys.pairArgs("other", await keys.ca.issue());
    const args = [...keys.clientArgs, own[0]!, other[1]!];
    const failure = await s.client(server.port, 0, { args }).then(() => "it started", (error: Error) => error.message);
    assertStringIncludes(failure, "--tls-key: this is not the key of the certificate in --tls-cert");
    assert(!failure.includes("a fault in tele itself"), failure);
  }),
});

async function startTele(s: Scenario, args: string[]): Promise<Site> {
  let bytes = 0;
  const user = s.use(
    new UserServer(async (connection) => {
      const buffer = new Uint8Array(1024);
      for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
        bytes += n;
        await writeAll(connection, buffer.subarray(0, n));
      }
    }),
  );
  // Only TLS can tell protocols apart.
  const routes = args.length > 0 ? [`--route=${PROTOCOL}=127.0.0.1:${user.port}`] : [];
  const process = await s.server(user.port, 0, { args: [...args, ...routes, "--log-level=debug"] });
  return { process, port: process.port, accepted: () => user.accepted, bytes: () => bytes };
}

function startStranger(s: Scenario, stranger: TlsStranger): Site {
  s.use(stranger);
  return { port: stranger.port, accepted: () => stranger.accepted, bytes: () => stranger.receivedBytes };
}

/** Starts a client, and one user's connection through it that has something to say. */
async function meet(s: Scenario, mismatch: Mismatch, isSession: boolean, site: Site): Promise<Outcome> {
  // In RFD 80 mode a token means nothing, and is refused.
  const args = isSession
    ? mismatch.args
    : [...mismatch.args.filter((arg) => !arg.startsWith("--token")), `--protocol=${PROTOCOL}`];
  const client = await s.client(site.port, 0, { args: [...args, "--log-level=debug"] });
  const connection = await connectTo(client.port);
  s.defer(() => closeQuietly(connection));
  const outcome: Outcome = { mismatch, isSession, client, ending: undefined };
  const ended = endingOf(connection).then((ending) => void (outcome.ending = ending));
  // It may be reset before it has said a word: how it ends is told by reading.
  await writeAll(connection, new TextEncoder().encode("is anybody there?")).catch(() => {});
  const name = `${mismatch.name}, ${isSession ? "as a session" : "in RFD 80 mode"}`;
  if (!mismatch.waits || !isSession) await within(ended, ENDING_MS, `the end of a connection (${name})`);
  return outcome;
}

function assertTold({ mismatch, isSession, client, ending }: Outcome, site: Site): void {
  const { name, told, logged, waits } = mismatch;
  const what = `${name}, ${isSession ? "as a session" : "in RFD 80 mode"}\n${client.report()}\n`;
  assertEquals(ending, waits && isSession ? undefined : "ConnectionReset", what);
  const lines = client.log.filter((line) => / (warn|error) /.test(line) && !REMINDER.test(line) && !BUSY.test(line));
  // One for the server, one for each user's connection that ends because of it.
  const matters = isSession ? [/no tele server yet: /, ...waits ? [] : [/stream cut \(/]] : [/(stream refused|cut) \(/];
  assertEquals(lines.length, matters.length, what);
  for (const matter of matters) {
    assertEquals(lines.filter((line) => matter.test(line) && told.test(line)).length, 1, `${matter} ${told} ${what}`);
  }
  if (logged === undefined || site.process === undefined) return;
  // Several clients of this test have the same fault: it is told once for all of one host.
  const said = site.process.log.filter((line) => logged.test(line));
  assertEquals(said.length, 1, `${what}\n${site.process.report()}`);
}

/** No log line shows a token, and no command line does. */
async function assertSecret(outcomes: Outcome[], sites: Site[], tokens: string[]): Promise<void> {
  const processes = [...outcomes.map(({ client }) => client), ...sites.map(({ process }) => process!)];
  const texts = await Promise.all(
    processes.map(async ({ pid, log, output }) => [
      ...log,
      ...output,
      // Where there is no such folder, `ps` would have to be asked.
      Deno.build.os === "linux" ? await Deno.readTextFile(`/proc/${pid}/cmdline`) : "",
    ]),
  );
  const all = texts.flat().join("\n");
  if (Deno.build.os === "linux") assert(all.includes("--token-file="), "the command lines were read");
  for (const token of tokens) {
    const bytes = new TextEncoder().encode(token);
    const random = Uint8Array.fromBase64(token, { alphabet: "base64url" });
    const spellings = [bytes, random].flatMap((secret) => [encodeHex(secret), secret.toBase64({ omitPadding: true })]);
    for (const spelling of [token, ...spellings]) {
      assert(!all.toLowerCase().includes(spelling.toLowerCase()), `a token is shown as ${spelling}`);
    }
  }
}
