/**
 * Clients with the token that break every rule, round by round, beside others that notice nothing. In short form; the
 * whole of it, 1000 rounds of downloads and 100,000 joins:
 *
 *     TELE_HOSTILE_ROUNDS=250 TELE_HOSTILE_JOINS=100000 deno test -A tests/endurance/hostile_test.ts
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { download, floodOrEcho, talk } from "../support/floods.ts";
import { PythonPeer } from "../support/python_peer.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { UserServer } from "../support/user_programs.ts";
import { within } from "../support/wait.ts";

/** Downloads of each way to make the server let go. */
const ROUNDS = Number(Deno.env.get("TELE_HOSTILE_ROUNDS") ?? 2);
/** Joins of one session. */
const JOINS = Number(Deno.env.get("TELE_HOSTILE_JOINS") ?? 150);
/** How many peers try each way side by side. */
const PEERS_EACH = Math.min(2, ROUNDS);
/** A carrier of theirs may be silent for as long as a busy machine keeps its ends from their turns, in seconds. */
const PATIENCE = "--patience=60";
const LIMIT_MS = 300_000 + 40_000 * ROUNDS + 60 * JOINS;
const MIB = 2 ** 20;
/**
 * What all sessions of the server may hold. Those that half-close are waited for, each with what was under way and what
 * its stream began with: 256 KiB, of the quarter that is for this. With less the next are refused.
 */
const MEMORY_MIB = 64 + 2 * ROUNDS;
/** What the server may hold more behind the rounds than in front of them, in bytes: it serves two downloads meanwhile. */
const MOST_GROWTH_BYTES = (MEMORY_MIB + 96) * MIB;

/** Runs the peer, and returns what it told. */
async function run(s: Scenario, ...args: string[]): Promise<PythonPeer["facts"]> {
  const peer = s.use(new PythonPeer("peer.py", args));
  assertEquals((await within(peer.ended, LIMIT_MS, `the end of the peer's ${args[0]}`)).code, 0);
  return peer.facts;
}

/** Downloads and makes the server let go: nothing of others' is in what comes. Returns how often. */
async function downloads(s: Scenario, port: number, how: string, rounds: number): Promise<number> {
  const facts = await run(s, "hostile", String(port), how, `--rounds=${rounds}`);
  for (const { foreign, before, behind } of facts) {
    assertEquals(foreign, 0, how);
    assert(before as number > 0, `it downloads (${how})`);
    assert(behind as number > 0, `it reads on (${how})`);
  }
  return facts.length;
}

/** Breaks each rule once. Returns how many. */
async function rules(s: Scenario, port: number): Promise<number> {
  const broken = (await run(s, "rules", String(port), PATIENCE)).filter(({ step }) =>
    step === "rule" || step === "commit"
  );
  assertEquals(broken.filter(({ want, got }) => got !== want), []);
  return broken.length;
}

async function joins(s: Scenario, port: number): Promise<number> {
  const facts = await run(s, "joins", String(port), String(JOINS), PATIENCE);
  const { same, highest, unsettled } = facts.at(-1)!;
  assertEquals({ same, highest, unsettled }, { same: true, highest: JOINS, unsettled: 0 });
  return JOINS;
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(share * (values.length - 1))];
}

Deno.test({
  name: "hostile clients, round by round: each gets its own bytes only, others notice nothing, and nothing is left",
  ...requires("python3"),
  fn: scenario(LIMIT_MS, async (s) => {
    const user = s.use(new UserServer(floodOrEcho));
    const server = await s.server(user.port, 0, { args: [`--memory=${MEMORY_MIB}MiB`] });
    const client = await s.client(server.port);
    let isOver = false;
    const others = Promise.all([1, 2].map(() => download(client.port, () => isOver)));
    const talked = talk(client.port, () => isOver);
    for (const noticed of [others, talked]) noticed.catch(() => {}); // Looked at below.
    const each = Math.ceil(ROUNDS / PEERS_EACH);
    const ways = ["count", "reset", "goodbye", "close"].flatMap((how) => Array<string>(PEERS_EACH).fill(how));
    // What is warm behind the first rules stays.
    const ruled = await rules(s, server.port);
    const before = server.residentBytes();
    const [joined, ...downloaded] = await Promise.all([
      joins(s, server.port),
      ...ways.map((how) => downloads(s, server.port, how, each)),
    ]);
    const behind = server.residentBytes();
    assertEquals(await rules(s, server.port), ruled);
    isOver = true;
    for (const { bytes, foreign } of await within(others, 30_000, "the others")) {
      assert(bytes > 0);
      assertEquals(foreign, []);
    }
    const tookMs = await within(talked, 30_000, "the echo");
    assertEquals(client.log.filter((line) => /lost|cut|refused| error /.test(line)), []);
    const [median, most] = [quantile(tookMs, 0.5), Math.max(...tookMs)].map((ms) => ms.toFixed(1));
    console.log(
      `  ${downloaded.reduce((sum, count) => sum + count)} downloads, ${
        2 * ruled
      } rules broken, ${joined} joins; ${tookMs.length} echoes beside it, ` +
        `median ${median} ms, longest ${most} ms`,
    );
    if (before === undefined || behind === undefined) return;
    console.log(`  the server held ${toMib(before)} MiB in front of it, ${toMib(behind)} behind`);
    assert(behind - before < MOST_GROWTH_BYTES, "the server grew");
  }),
});

function toMib(bytes: number): number {
  return Math.round(bytes / MIB);
}
