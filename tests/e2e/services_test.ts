/** Several user's servers behind one tele server, by their names: real programs, broken carriers, tokens with lists. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { POSTGRES_PROGRAMS, PsqlSession, startPostgres } from "../support/postgres.ts";
import { readAll } from "../support/reading.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { banner, connectTo, ResettableConnection, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** A user's server that says this name first. */
const saying = (name: string) => new UserServer(banner(`${name}: `));

/** How a new connection to `port` ends, and how long that took. */
async function endOf(port: number): Promise<{ ending: string; received: string; tookMs: number }> {
  const start = performance.now();
  using connection = await ResettableConnection.connect(port);
  const ending = await within(connection.ending, 10_000, "the end of a connection that is refused");
  return { ending, received: connection.received, tookMs: performance.now() - start };
}

Deno.test({
  name: "users reach the service of their port, also when the carrier breaks again and again, and no other",
  fn: scenario(90_000, async (s) => {
    const names = ["db", "web-1.example"] as const;
    const [nameless, db, web] = ["nameless", ...names].map((name) => s.use(saying(name)));
    const services = [`--service=${names[0]}=127.0.0.1:${db!.port}`, `--service=${names[1]}=127.0.0.1:${web!.port}`];
    const server = await s.server(nameless!.port, 0, { args: services });
    const breaker = await s.breaker(server.port);
    const forwards = [...names, "nobody"].map((name) => `--forward=127.0.0.1:0=${name}`);
    const client = await s.client(breaker.port, 0, { args: forwards });
    const [toNameless, toDb, toWeb, toNobody] = client.listens.map(({ port }) => port);
    const places = [[toNameless, "nameless"], [toDb, "db"], [toWeb, "web-1.example"]] as const;
    for (let round = 0; round < 8; round++) {
      const users = await Promise.all(places.map(([port]) => connectTo(port!)));
      // Their opens are lost with the carrier, or wait until there is one.
      breaker.reset();
      for (const [at, user] of users.entries()) {
        await user.write(new TextEncoder().encode(`round ${round}`));
        await user.closeWrite();
        const answer = new TextDecoder().decode(await within(readAll(user), 20_000, `an answer of ${places[at]![1]}`));
        assertEquals(answer, `${places[at]![1]}: round ${round}`);
        user.close();
      }
    }
    assert(breaker.broken > 3, `${breaker.broken} carriers broke`);
    const { ending, received } = await endOf(toNobody!);
    assertEquals([ending, received], ["ECONNRESET", ""]);
    for (const side of [server, client]) await side.logged(/stream refused.*no service nobody for this client/, 5_000);
    assertEquals([nameless!.accepted, db!.accepted, web!.accepted], [8, 8, 8]);
  }),
});

Deno.test({
  name: "a token's line says what its client may reach: the rest is refused on both sides, and a shorter list ends it",
  fn: scenario(60_000, async (s) => {
    const [nameless, db, web] = ["nameless", "db", "web"].map((name) => s.use(saying(name)));
    const file = `${s.home}/tokens`;
    const line = "alice a-token-for-her-alone-1234";
    const put = async (text: string) => {
      await Deno.writeTextFile(file, text, { mode: 0o600 });
    };
    await put(`${line} services=db,web\n`);
    await Deno.writeTextFile(`${s.home}/alice`, `${line}\n`, { mode: 0o600 });
    const server = await s.server(nameless!.port, 0, {
      args: [`--service=db=127.0.0.1:${db!.port}`, `--service=web=127.0.0.1:${web!.port}`, `--token-file=${file}`],
    });
    const forwards = ["db", "web"].map((name) => `--forward=127.0.0.1:0=${name}`);
    const client = await s.client(server.port, 0, { args: [...forwards, `--token-file=${s.home}/alice`] });
    const [toNameless, toDb, toWeb] = client.listens.map(({ port }) => port);
    const refused = await endOf(toNameless!);
    assertEquals([refused.ending, refused.received], ["ECONNRESET", ""]);
    assertLess(refused.tookMs, 5_000);
    await server.logged(/stream refused .*alice.*has no service without a name for this client/, 5_000);
    await client.logged(/stream refused .*has no service without a name for this client/, 5_000);
    const users = await Promise.all([toDb, toWeb].map((port) => ResettableConnection.connect(port!)));
    users.forEach((user) => s.use(user));
    await until(() => users.every(({ received }) => received !== ""), 10_000, "both services");

    await put(`${line} services=web\n`);
    const ends = within(Promise.all(users.map(({ ending }) => ending)), 10_000, "the end of both");
    assertEquals(await ends, ["ECONNRESET", "ECONNRESET"]);
    await server.logged(/\(alice\) ended: .*was taken out of --token-file, or changed there/, 5_000);
    await client.logged(/session ended: .*was withdrawn at the tele server, or may reach less there/, 5_000);
    const again = s.use(await ResettableConnection.connect(toWeb!));
    await until(() => again.received === "web: ", 10_000, "the service that is left");
    assertEquals((await endOf(toDb!)).received, "");
    assertEquals([nameless!.accepted, db!.accepted, web!.accepted], [0, 1, 2]);
  }),
});

Deno.test({
  name: "a server of services alone, for psql and redis-cli through one tunnel",
  ...requires("redis-server", "redis-cli", "chown", ...POSTGRES_PROGRAMS),
  fn: scenario(90_000, async (s) => {
    const database = await startPostgres(s);
    const redis = await startRedis(s.home);
    s.defer(() => redis[Symbol.asyncDispose]());
    const services = [`--service=pg=127.0.0.1:${database}`, `--service=redis=unix:${redis.path}`];
    const server = await s.start("server", ["--out=127.0.0.1:0", ...services]);
    const breaker = await s.breaker(server.port);
    const forwards = ["pg", "redis"].map((name) => `--forward=127.0.0.1:0=${name}`);
    const client = await s.start("client", [`--out=127.0.0.1:${breaker.port}`, ...forwards]);
    const [pg, cache] = client.listens.map(({ port }) => port);
    await using asking = new PsqlSession(pg!);
    for (let round = 0; round < 3; round++) {
      assertEquals(await asking.ask(`select 'row ${round}'`, 20_000), `row ${round}`);
      assertEquals(await redisCli(cache!, "set", "key", `value ${round}`), "OK");
      assertEquals(await redisCli(cache!, "get", "key"), `value ${round}`);
      breaker.reset();
    }
    assert(breaker.broken >= 3);
  }),
});

/** A redis on a unix socket, in `folder`. */
async function startRedis(folder: string): Promise<{ path: string } & AsyncDisposable> {
  const path = `${folder}/redis`;
  const args = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder];
  const child = new Deno.Command("redis-server", { args, stdout: "null", stderr: "null" }).spawn();
  const isThere = () => {
    try {
      return Deno.statSync(path).isSocket === true;
    } catch {
      return false;
    }
  };
  await until(isThere, 10_000, "redis");
  return {
    path,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await within(child.status, 10_000, "the end of redis");
    },
  };
}

/** What redis-cli prints. */
async function redisCli(port: number, ...words: string[]): Promise<string> {
  const command = new Deno.Command("redis-cli", { args: ["-p", String(port), ...words], stderr: "piped" });
  const { stdout } = await within(command.output(), 20_000, `redis-cli ${words.join(" ")}`);
  return new TextDecoder().decode(stdout).trimEnd();
}
