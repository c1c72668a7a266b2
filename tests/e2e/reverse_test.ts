/** Services of a client's side, which users reach at the tele server: real programs, broken carriers, two clients. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { POSTGRES_PROGRAMS, PsqlSession, startPostgres } from "../support/postgres.ts";
import { readAll } from "../support/reading.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { banner, connectTo, ResettableConnection, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** What the server of a new user of `port` says to "x", or how it ended. */
async function answerOf(port: number): Promise<string> {
  using user = await ResettableConnection.connect(port);
  user.write("x");
  const answered = until(() => user.received.includes("x"), 20_000, "an answer").then(() => user.received);
  return await within(Promise.race([answered, user.ending]), 20_000, "an answer or an end");
}

Deno.test({
  name: "psql at the tele server's side asks a database at the client's, while carriers break",
  ...requires("chown", ...POSTGRES_PROGRAMS),
  fn: scenario(90_000, async (s) => {
    const database = await startPostgres(s);
    const server = await s.start("server", ["--out=127.0.0.1:0", "--reverse-listen=127.0.0.1:0=pg"]);
    const [out, door] = server.listens.map(({ port }) => port);
    const breaker = await s.breaker(out!);
    const client = await s.start("client", [`--out=127.0.0.1:${breaker.port}`, `--reverse=pg=127.0.0.1:${database}`]);
    assertEquals(client.listens, []);
    await server.logged(/has the name pg/, 20_000);
    await using asking = new PsqlSession(door!);
    for (let round = 0; round < 5; round++) {
      assertEquals(await asking.ask(`select 'row ${round}'`, 20_000), `row ${round}`);
      breaker.reset();
    }
    assert(breaker.broken >= 5);
  }),
});

Deno.test({
  name: "users of both sides share a session whose carrier breaks again and again, and each gets its own bytes",
  fn: scenario(90_000, async (s) => {
    const [there, here] = ["there: ", "here: "].map((words) => s.use(new UserServer(banner(words))));
    const server = await s.server(there!.port, 0, { args: ["--reverse-listen=127.0.0.1:0=here"] });
    const breaker = await s.breaker(server.port);
    const client = await s.client(breaker.port, 0, { args: [`--reverse=here=127.0.0.1:${here!.port}`] });
    await server.logged(/has the name here/, 20_000);
    const places = [[client.port, "there"], [server.listens[1]!.port, "here"]] as const;
    for (let round = 0; round < 8; round++) {
      const users = await Promise.all(places.map(([port]) => connectTo(port)));
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
  }),
});

Deno.test({
  name: "a name is one client's: a second waits for it, nobody's is refused at once, and who was killed has it again",
  fn: scenario(120_000, async (s) => {
    const [one, other] = ["one: ", "other: "].map((words) => s.use(new UserServer(banner(words))));
    const server = await s.start("server", ["--out=127.0.0.1:0", "--reverse-listen=127.0.0.1:0=web"]);
    const [out, door] = server.listens.map(({ port }) => port);
    const began = performance.now();
    assertEquals(await answerOf(door!).catch(({ code, name }) => code ?? name), "ECONNRESET");
    assertLess(performance.now() - began, 5_000);
    await server.logged(/stream refused .*no tele client offers web at the moment/, 5_000);

    const offer = (port: number) => [`--out=127.0.0.1:${out}`, `--reverse=web=127.0.0.1:${port}`];
    const first = await s.start("client", offer(one!.port));
    await server.logged(/has the name web/, 20_000);
    // Of the same machine, where the first has the identity that both would be known by.
    const second = await s.start("client", offer(other!.port));
    await second.logged(/another tele client offers web already/, 20_000);
    await server.logged(/offers web, which another client has/, 5_000);
    assertEquals(await answerOf(door!), "one: x");

    const lines = server.log.length;
    await first.kill();
    const again = await s.start("client", offer(one!.port));
    await server.logged(/ended: a newer session of the same client/, 20_000, lines);
    assertEquals(await answerOf(door!), "one: x");
    assertEquals(again.log.filter((line) => line.includes("offers web already")), []);

    await again.stop();
    await server.logged(/has the name web now/, 10_000, lines);
    assertEquals(await answerOf(door!), "other: x");
  }),
});

Deno.test({
  name: "a line of the token file says what its client may offer, and the end of that ends its session",
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(banner("user: ")));
    const [file, own] = [`${s.home}/tokens`, `${s.home}/alice`];
    const line = "alice a-token-for-her-alone-1234";
    const put = (path: string, text: string) => Deno.writeTextFile(path, text, { mode: 0o600 });
    await put(file, `${line} services=none reverse=db\n`);
    await put(own, `${line}\n`);
    const doors = ["db", "web"].map((name) => `--reverse-listen=127.0.0.1:0=${name}`);
    const server = await s.start("server", ["--out=127.0.0.1:0", ...doors, `--token-file=${file}`]);
    const [out, db, web] = server.listens.map(({ port }) => port);
    const offers = ["db", "web"].map((name) => `--reverse=${name}=127.0.0.1:${user.port}`);
    const client = await s.start("client", [`--out=127.0.0.1:${out}`, ...offers, `--token-file=${own}`]);
    await client.logged(/takes no service web of this client/, 20_000);
    await server.logged(/\(alice\) offers web in vain/, 5_000);
    assertEquals(await answerOf(db!), "user: x");
    assertEquals(await answerOf(web!).catch(({ code, name }) => code ?? name), "ECONNRESET");

    await put(file, `${line} services=none reverse=web\n`);
    await server.logged(/\(alice\) has the name web/, 20_000);
    assertEquals(await answerOf(web!), "user: x");
    assertEquals(await answerOf(db!).catch(({ code, name }) => code ?? name), "ECONNRESET");
  }),
});
