/** Unix sockets in all four places, with real processes. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Breaker } from "../support/breaker.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import { openShell, outliveOutage, startSshd } from "../support/sshd.ts";
import { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, roundTrip, UserServer, writeAll } from "../support/user_programs.ts";
import { within } from "../support/wait.ts";

/** An echo server on a unix socket. */
function echoOn(s: Scenario, path: string): void {
  const listener = Deno.listen({ transport: "unix", path });
  s.defer(() => listener.close());
  (async () => {
    for await (const connection of listener) {
      echo(connection as unknown as Deno.TcpConn).catch(() => {}).finally(() => connection.close());
    }
  })().catch(() => {});
}

/** Sends `text` to an echo server on the unix socket and waits for it to come back. */
async function echoes(path: string, text: string): Promise<void> {
  using connection = await Deno.connect({ transport: "unix", path });
  await within(roundTrip(connection as unknown as Deno.TcpConn, text), 20_000, `an echo on ${path}`);
}

const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

Deno.test(
  "a tunnel of nothing but unix sockets: at both user ends, and where tele ends meet",
  scenario(60_000, async (s) => {
    const [user, outer, near] = ["user", "outer", "near"].map((name) => `${s.home}/${name}.sock`);
    echoOn(s, user!);
    const server = await s.start("server", [`--in=unix:${user}`, `--out=unix:${outer}`]);
    const client = await s.start("client", [`--in=unix:${near}`, `--out=unix:${outer}`]);
    assertEquals(
      server.readyLine,
      `tele server ready: tele clients connect to unix:${outer}, user's server is unix:${user}`,
    );
    assertEquals(
      client.readyLine,
      `tele client ready: user's clients connect to unix:${near}, tele server is unix:${outer}`,
    );
    await echoes(near!, "through four sockets");
    assertEquals([modeOf(outer!), modeOf(near!)], [0o600, 0o600], "nobody else may connect");
    assert(!server.log.some((line) => /anyone who can reach/.test(line)), "a socket of mode 0600 is open to nobody");
    // A path lasts, so its client is known again: a restart must not leave old connections behind.
    const identities = [...Deno.readDirSync(`${s.home}/state/tele`)].filter(({ name }) => name.startsWith("identity-"));
    assertEquals(identities.length, 1);
    assertEquals([(await client.stop()).code, (await server.stop()).code], [0, 0]);
    for (const path of [outer!, near!]) assertEquals(await exists(path), false, `${path} is removed at the end`);
  }),
);

Deno.test(
  "half-close and 8 MiB through unix user ends and an outage",
  scenario(60_000, async (s) => {
    const [user, near] = ["user", "near"].map((name) => `${s.home}/${name}.sock`);
    echoOn(s, user!);
    const server = await s.start("server", [`--in=unix:${user}`, "--out=127.0.0.1:0"]);
    const breaker = s.use(await Breaker.start({ to: server.port }));
    await s.start("client", [`--in=unix:${near}`, `--out=127.0.0.1:${breaker.port}`]);
    using connection = await Deno.connect({ transport: "unix", path: near! });
    const bytes = crypto.getRandomValues(new Uint8Array(1 << 16));
    const blocks = 128;
    const sending = (async () => {
      for (let block = 0; block < blocks; block++) await writeAll(connection as unknown as Deno.TcpConn, bytes);
      await connection.closeWrite();
    })();
    breaker.reached(bytes.length * blocks / 2).then(() => breaker.reset());
    let got = 0;
    const buffer = new Uint8Array(1 << 16);
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      for (let at = 0; at < n; at++) {
        if (buffer[at] !== bytes[(got + at) % bytes.length]) throw new Error("another byte");
      }
      got += n;
    }
    await sending;
    assertEquals(got, bytes.length * blocks);
    assert(breaker.broken > 0, "there was an outage");
  }),
);

Deno.test(
  "a stale socket is replaced; a live one, and a file that is none, are left alone with exit code 1",
  scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const [near, outer, file] = ["near.sock", "outer.sock", "file"].map((name) => `${s.home}/${name}`);
    await Deno.writeTextFile(file!, "precious");
    const serverArgs = [`--in=127.0.0.1:${user.port}`, `--out=unix:${outer}`];
    const clientArgs = [`--in=unix:${near}`, `--out=unix:${outer}`];
    const killed = [await s.start("server", serverArgs), await s.start("client", clientArgs)];
    await echoes(near!, "before");
    for (const process of killed) await process.kill();
    assertEquals([await exists(near!), await exists(outer!)], [true, true], "a killed process leaves its socket");

    await s.start("server", serverArgs);
    await s.start("client", clientArgs);
    await echoes(near!, "after");
    assertEquals([modeOf(outer!), modeOf(near!)], [0o600, 0o600]);

    const other = "--out=127.0.0.1:1";
    await isRefused(
      s,
      "server",
      serverArgs,
      `cannot listen on unix:${outer}: another program does; choose another path`,
    );
    await isRefused(
      s,
      "client",
      clientArgs,
      `cannot listen on unix:${near}: another program does; choose another path`,
    );
    await isRefused(
      s,
      "client",
      [`--in=unix:${file}`, other],
      `cannot listen on unix:${file}: a file that is no socket is there`,
    );
    assertEquals(await Deno.readTextFile(file!), "precious");
    await echoes(near!, "still there");
  }),
);

/** Checks that it ends with exit code 1 and one line. */
async function isRefused(s: Scenario, role: "server" | "client", args: string[], sentence: string): Promise<void> {
  const error = await TeleProcess.start({ role, args, home: s.home }).then(() => undefined, (error: Error) => error);
  assertMatch(error?.message ?? "it runs", /ended with code 1/);
  assert(error!.message.includes(`tele: ${sentence}`), error!.message);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

Deno.test(
  "a user's server on a unix socket that is not there refuses, and its client restarts without leaving connections behind",
  scenario(60_000, async (s) => {
    const near = `${s.home}/near.sock`;
    const server = await s.start("server", [`--in=unix:${s.home}/nobody.sock`, "--out=127.0.0.1:0"]);
    const client = await s.start("client", [`--in=unix:${near}`, `--out=127.0.0.1:${server.port}`]);
    using connection = await Deno.connect({ transport: "unix", path: near });
    const ending = connection.read(new Uint8Array(1)).catch(() => null);
    assertEquals(await within(ending, 10_000, "the end"), null);
    await client.logged(/stream refused \(.*\): unix:.*nobody\.sock: /, 5_000);

    const user = s.use(new UserServer(echo));
    const second = await s.server(user.port);
    const args = [`--in=unix:${near}2`, `--out=127.0.0.1:${second.port}`];
    const killed = await s.start("client", args);
    using held = await Deno.connect({ transport: "unix", path: `${near}2` });
    await roundTrip(held as unknown as Deno.TcpConn, "held");
    await killed.kill();
    await s.start("client", args);
    await second.logged(/stream cut/, 10_000);
    using direct = await connectTo(user.port);
    await roundTrip(direct, "the user's server is fine");
  }),
);

Deno.test({
  name: "ssh through a unix socket keeps its shell through an outage",
  ...requires("sshd", "ssh", "ssh-keygen", "id", "socat"),
  fn: scenario(120_000, async (s) => {
    const sshd = await startSshd(s);
    const server = await s.server(sshd.port);
    const breaker = s.use(await Breaker.start({ to: server.port }));
    const near = `${s.home}/near.sock`;
    const client = await s.start("client", [`--in=unix:${near}`, `--out=127.0.0.1:${breaker.port}`]);
    const shell = openShell(s, sshd, "-o", `ProxyCommand=${program("socat")} - UNIX-CONNECT:${near}`);
    await outliveOutage(shell, breaker);
    await client.logged(/ resumed after /, 5_000);
    await shell.type("exit 7\n");
    assertEquals((await within(shell.status, 30_000, "the end of ssh")).code, 7);
  }),
});
