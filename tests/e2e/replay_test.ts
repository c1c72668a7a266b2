/** Who has recorded all that a session said cannot use it: every handshake is fresh, and proves it. */
import { assert, assertEquals } from "@std/assert";
import { Recorder, type Recording } from "../support/recorder.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { closeQuietly, connectTo, echo, endingOf, roundTrip, UserServer, writeAll } from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";

/** A server holds a replayed carrier for 10 s at most. */
const STRANGER_MS = 15_000;
const PROOF = /proof does not hold|token is not this server's/;
const BAD = /session (lost|ended)|stream (cut|refused)| error /;

Deno.test(
  "a recorded plaintext session, replayed by a third party, neither resumes nor disturbs it, without a token and with one",
  scenario(120_000, async (s) => {
    const keys = await tokenFile(s);
    await Promise.all([replay(s, []), replay(s, keys)]);
  }),
);

/** The arguments of a token, whose file both ends read. */
async function tokenFile(s: Scenario): Promise<string[]> {
  const path = `${s.home}/token`;
  await Deno.writeTextFile(path, "a token of a test that replays", { mode: 0o600 });
  // Sealed there is nothing in plain to be recorded.
  return [`--token-file=${path}`, "--encryption=never"];
}

async function replay(s: Scenario, args: string[]): Promise<void> {
  const user = s.use(new UserServer(echo));
  const server = await s.server(user.port, 0, { args });
  const recorder = s.use(await Recorder.start(server.port));
  const client = await s.client(recorder.port, 0, { args });
  using connection = await connectTo(client.port);
  // Three carriers: the one that began the session, and two that resumed it.
  await roundTrip(connection, "said on the first carrier");
  for (const word of ["said on the second carrier", "said on the third carrier"]) {
    recorder.become("relay");
    await within(roundTrip(connection, word), 10_000, word);
  }
  const recordings = recorder.recordings.slice(0, 3);
  assertEquals(recordings.length, 3);
  // Without encryption the user's words are there to be seen: these are the session's true bytes.
  assert(new TextDecoder().decode(joined(recordings[1].up)).includes("said on the second carrier"));

  // To the server, beside the session's own carrier.
  const resumed = server.log.length;
  await Promise.all([replayAll(server, recordings), busy(connection, "while attached")]);
  assertEquals(server.log.slice(resumed).filter((line) => /resumed|began|lost its link/.test(line)), []);

  // To the server, in an outage.
  recorder.become("refuse");
  const trip = roundTrip(connection, "said in the outage");
  trip.catch(() => {});
  await server.logged(/lost its link/, 5_000, resumed);
  const inOutage = server.log.length;
  await replayAll(server, recordings);
  assertEquals(server.log.slice(inOutage).filter((line) => /resumed|began|ended:/.test(line)), []);

  // To the client, in the same outage, as the server's answers.
  for (const { down } of recordings) {
    recorder.become({ replay: joined(down) });
    const before = recorder.turnedAway;
    await until(() => recorder.turnedAway >= before + 2, 15_000, "attempts at a replayed server");
  }
  // To a client that has no session yet: what it hears is no tele server that has what it has.
  const newcomer = await s.client(recorder.port, 0, { args });
  using stray = await connectTo(newcomer.port);
  await writeAll(stray, new TextEncoder().encode("is anybody there?"));
  await newcomer.logged(/no tele server yet: /, 5_000);
  assertEquals(newcomer.log.filter((line) => line.includes("link up")), []);

  recorder.become("relay");
  await within(trip, 10_000, "the echo of what was said in the outage");
  await roundTrip(connection, "at last");
  await roundTripOf(stray, "is anybody there?");
  assertEquals(user.accepted, 2, "the session's stream, and the newcomer's");
  assertEquals([...client.log, ...server.log].filter((line) => BAD.test(line)), []);
  // Both replays got as far as a proof, and no farther.
  for (const { log } of [server, newcomer]) assert(log.some((line) => PROOF.test(line)), log.join("\n"));
  assert(recorder.recordings.length >= 4, "it was resumed in the end");
}

/** Says to the server what a client once said, in one piece and message by message. */
async function replayAll(server: TeleProcess, recordings: Recording[]): Promise<void> {
  const connections = await Promise.all(
    recordings.flatMap(({ up }) => [[joined(up)], up]).map(async (chunks) => {
      const connection = await connectTo(server.port);
      try {
        for (const chunk of chunks) {
          await writeAll(connection, chunk);
          await pause(20);
        }
      } catch {
        // Ended in the middle: the server has heard enough.
      }
      return connection;
    }),
  );
  const endings = Promise.all(connections.map(endingOf));
  try {
    await within(endings, STRANGER_MS, "the end of replayed carriers");
  } finally {
    connections.forEach(closeQuietly);
  }
}

/** Keeps a stream in use for two seconds. */
async function busy(connection: Deno.TcpConn, words: string): Promise<void> {
  for (let index = 0; index < 20; index++) {
    await within(roundTrip(connection, `${words} ${index}`), 5_000, words);
    await pause(100);
  }
}

async function roundTripOf(connection: Deno.TcpConn, words: string): Promise<void> {
  const buffer = new Uint8Array(words.length);
  const count = await within(connection.read(buffer), 15_000, `the echo of ${words}`);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), words);
}

function joined(chunks: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
