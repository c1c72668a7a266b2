/** A database, with its own client: in RFD 80 mode, which keeps a waiting connection awake, and as a session. */
import { assert, assertEquals } from "@std/assert";
import { KeyFiles } from "../support/key_files.ts";
import { POSTGRES_PROGRAMS, psql, PsqlSession, startPostgres } from "../support/postgres.ts";
import { sha256 } from "../support/random.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { pause, within } from "../support/wait.ts";

const SLEEP_MS = 10_000;
const OUTAGE_MS = 4_000;
/** Lines of a table that is copied in and out: 50 bytes each, 6.5 MB. */
const LINES = 131_072;
const PROTOCOL = "teleport-postgres";

Deno.test({
  name:
    "psql waits 10 s for one query beside others and copies 6.5 MB in and out, in RFD 80 mode and through an outage",
  ...requires("openssl", "chown", ...POSTGRES_PROGRAMS),
  fn: scenario(120_000, async (s) => {
    const database = await startPostgres(s);
    const keys = await KeyFiles.make(s.home);
    const tls = await keys.serverArgs("server");
    // RFD 80's pings come at this interval while the database is silent.
    const server = await s.server(database, 0, {
      args: [...tls, ...keys.tokenArgs, `--route=${PROTOCOL}=127.0.0.1:${database}`, "--ping-interval=1s"],
    });
    const [protocolNetwork, sessionNetwork] = await Promise.all([s.breaker(server.port), s.breaker(server.port)]);
    const [protocolClient, sessionClient] = await Promise.all([
      s.client(protocolNetwork.port, 0, { args: [...keys.clientArgs, `--protocol=${PROTOCOL}`] }),
      s.client(sessionNetwork.port, 0, { args: [...keys.clientArgs, ...keys.tokenArgs] }),
    ]);

    await Promise.all([
      useDatabase("rfd80", protocolClient.port, database, s.home, async (beforeCopies) => {
        // Two connections that nobody uses, but for the pings: 4 bytes, and TLS's own 22, a second each.
        const before = protocolNetwork.downBytes;
        await pause(OUTAGE_MS);
        const pings = protocolNetwork.downBytes - before;
        assert(pings >= 3 * 26 && pings < 1_000, `${pings} bytes came while the database was silent`);
        await beforeCopies();
      }),
      useDatabase("session", sessionClient.port, database, s.home, async (beforeCopies) => {
        const outage = async () => {
          // In the middle of what is copied in.
          await sessionNetwork.reached(sessionNetwork.bytes + 2_000_000);
          sessionNetwork.reset();
          sessionNetwork.blackHole(true);
          await pause(OUTAGE_MS);
          sessionNetwork.blackHole(false);
        };
        await Promise.all([beforeCopies(), outage()]);
      }),
    ]);
    assert(sessionNetwork.broken >= 1, "there was an outage");
    assertEquals(sessionClient.log.filter((line) => /cut|refused|session (lost|ended)/.test(line)), []);
    assertEquals(protocolClient.log.filter((line) => /cut|refused/.test(line)), []);
    await sessionClient.logged(/resumed after/, 1_000);
  }),
});

/**
 * Sleeps in one `psql`, asks in another, and copies in a third; `meanwhile` decides when the copies begin.
 *
 * @param name Of the table.
 * @param port Leads to the database through the tunnel.
 * @param database Leads there directly: what has arrived is judged from the other side.
 */
async function useDatabase(
  name: string,
  port: number,
  database: number,
  folder: string,
  meanwhile: (copies: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await using asking = new PsqlSession(port);
  assertEquals(await asking.ask("select 'first'", 20_000), "first");
  const start = performance.now();
  const sleeping = psql(port, `select 'slept' || pg_sleep(${SLEEP_MS / 1000})::text`)
    .then((answer) => ({ answer, tookMs: performance.now() - start }));
  sleeping.catch(() => {});
  for (let index = 0; index < 20; index++) {
    assertEquals(await asking.ask(`select ${index} * 7`, 20_000), `${index * 7}`);
  }
  assertEquals(await psql(port, "select 'one of its own'"), "one of its own");

  await meanwhile(() => copyInAndOut(name, port, database, folder));

  assertEquals(await asking.ask("select 6 * 7", 20_000), "42");
  const { answer, tookMs } = await within(sleeping, SLEEP_MS + 20_000, "the sleeping query");
  assertEquals(answer, "slept");
  assert(tookMs >= SLEEP_MS, `${tookMs} ms`);
}

async function copyInAndOut(table: string, port: number, database: number, folder: string): Promise<void> {
  const [file, back] = [`${folder}/${table}.txt`, `${folder}/${table}-back.txt`];
  const text = Array.from({ length: LINES }, (_, index) => `${String(index).padStart(8, "0")}${line(index)}`).join("");
  await Deno.writeTextFile(file, text);
  await psql(port, `create table ${table} (line text)`);
  await psql(port, `\\copy ${table} from '${file}'`);
  assertEquals(
    await psql(database, `select count(*), sum(length(line) + 1) from ${table}`),
    `${LINES}|${text.length}`,
    "what the database has",
  );
  await psql(port, `\\copy (select line from ${table} order by line) to '${back}'`);
  assertEquals(sha256(await Deno.readFile(back)), sha256(new TextEncoder().encode(text)));
}

/** 42 bytes that differ from line to line. */
function line(index: number): string {
  return `${Math.imul(index, 0x9e3779b1) >>> 0}`.padStart(41, "-") + "\n";
}
