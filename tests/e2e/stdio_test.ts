/** Standard input and output as a connection: real processes, and a network that breaks. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { isNodeSound } from "../../lib/net/runtime.ts";
import { writeCertificate } from "../../lib/tunnel/files/make_cert.ts";
import { parseHostNames } from "../../lib/tunnel/values/host_name.ts";
import { type Exchange, exchanger, flood, freePort, receiveText, ResettableServer } from "../support/user_programs.ts";
import { banner, echo, UserServer, writeAll } from "../support/user_programs.ts";
import { SeededData } from "../support/random.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import { openShell, outliveOutage, startSshd } from "../support/sshd.ts";
import { teleCommand } from "../support/tele_process.ts";
import { pause, until, within } from "../support/wait.ts";

const SECRET = "a token that nobody guesses";

/** Answers the text it has read to its end. */
async function answer(connection: Deno.TcpConn): Promise<void> {
  const request = await receiveText(connection);
  await writeAll(connection, new TextEncoder().encode(`you said ${request}`));
}

/** A tele server in front of the user's server on `to`, with a breaker in front. */
async function serve(s: Scenario, to: number) {
  const server = await s.server(to);
  return { server, breaker: await s.breaker(server.port) };
}

Deno.test(
  "echo request | tele --stdio: the answer on standard output, nothing else, and the end when it is complete",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(answer));
    const { breaker } = await serve(s, user.port);
    const stdio = await s.stdio(breaker.port, { args: ["--log-level=debug"] });
    await stdio.type("request\n");
    await stdio.endInput();
    assertEquals(await stdio.end(), 0);
    assertEquals(stdio.output, "you said request\n");
    assert(stdio.log.some((line) => / debug tele client ready: standard input and output, tele server is /.test(line)));
    await assertRejects(
      () => Deno.stat(`${s.home}/state`),
      Deno.errors.NotFound,
      undefined,
      "its identity is in memory",
    );
    await until(() => user.open === 0, 5_000, "the end of the user's connection");
    assertEquals(user.errors, []);
  }),
);

Deno.test(
  "with only errors shown, why nobody answers at first contact is told, and nothing of later outages",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(answer));
    const { breaker } = await serve(s, user.port);
    await breaker.refuse(true);
    const stdio = await s.stdio(breaker.port, { args: ["--log-level=error"] });
    await until(() => stdio.log.length > 0, 10_000, "a word about the server that is not there");
    assertMatch(stdio.log[0]!, / error no tele server yet: /);
    await breaker.refuse(false);
    await stdio.type("request\n");
    await until(() => user.open === 1, 10_000, "the connection to the user's server");
    const told = stdio.log.length;
    await breaker.refuse(true);
    breaker.reset();
    await pause(1_500);
    await breaker.refuse(false);
    await stdio.endInput();
    assertEquals([await stdio.end(), stdio.output], [0, "you said request\n"]);
    assertEquals(stdio.log.slice(told), []);
  }),
);

Deno.test(
  "an empty standard input, and a user's server that speaks first",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(banner("220 mail.example ready\r\n")));
    const { breaker } = await serve(s, user.port);
    const { command: [name, ...args], env } = await teleCommand({
      role: "client",
      args: ["--stdio", `--out=127.0.0.1:${breaker.port}`],
      home: s.home,
    });
    const running = new Deno.Command(name!, { args, env, stdin: "null" }).output();
    const { code, stdout } = await within(running, 20_000, "tele --stdio </dev/null");
    assertEquals([code, new TextDecoder().decode(stdout)], [0, "220 mail.example ready\r\n"]);
  }),
);

Deno.test(
  "24 MiB both ways at once through outages have the right checksums",
  scenario(180_000, async (s) => {
    const bytes = 24 << 20;
    let seen: Exchange | undefined;
    const user = s.use(new UserServer(exchanger(bytes, 2, (exchange) => seen = exchange)));
    const { breaker } = await serve(s, user.port);
    const stdio = await s.stdio(breaker.port);
    const data = new SeededData(bytes, 1);
    const sending = (async () => {
      for (let block = data.next(); block; block = data.next()) await stdio.type(block);
      await stdio.endInput();
    })();
    for (let outage = 1; outage <= 4; outage++) {
      await within(breaker.reached(outage * bytes / 3), 60_000, `outage ${outage}`);
      breaker.reset();
    }
    await within(sending, 60_000, "the upload");
    assertEquals(await stdio.end(60_000), 0);
    assertEquals(stdio.outputBytes, bytes);
    await until(() => seen !== undefined, 10_000, "the end of the upload");
    assertEquals([stdio.sha256, seen!.receivedSha256], [seen!.sentSha256, data.sha256()]);
    assert(breaker.broken >= 4, `${breaker.broken} carriers were reset`);
  }),
);

Deno.test({
  name: "standard output that nobody reads any more ends it at once, with exit code 0",
  ...requires("bash"),
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(flood));
    const { breaker } = await serve(s, user.port);
    const { command, env } = await teleCommand({
      role: "client",
      args: ["--stdio", `--out=127.0.0.1:${breaker.port}`],
      home: s.home,
    });
    // Standard input stays open: a sleep holds it.
    const start = performance.now();
    const child = new Deno.Command(program("bash"), {
      args: [
        "-c",
        'exec 9< <(exec sleep 60); "$@" <&9 | head -c 10; echo " ${PIPESTATUS[0]}"; kill $!',
        "bash",
        ...command,
      ],
      env,
      stdin: "null",
    }).output();
    const { stdout } = await within(child, 30_000, "tele | head");
    assertEquals(new TextDecoder().decode(stdout), "ZZZZZZZZZZ 0\n");
    assert(performance.now() - start < 15_000, "it did not wait for standard input");
    await until(() => user.open === 0, 5_000, "the end of the user's connection");
  }),
});

Deno.test(
  "SIGHUP, SIGTERM and SIGINT end it at once with exit code 0, during an outage too",
  scenario(120_000, async (s) => {
    const user = s.use(new UserServer(banner("hello")));
    const { breaker } = await serve(s, user.port);
    for (
      const [signal, outage] of [["SIGHUP", false], ["SIGTERM", false], ["SIGINT", false], ["SIGHUP", true]] as const
    ) {
      const stdio = await s.stdio(breaker.port);
      await stdio.says("hello");
      breaker.blackHole(outage);
      const start = performance.now();
      stdio.signal(signal);
      assertEquals(await stdio.end(), 0, signal);
      assert(performance.now() - start < 5_000, signal);
      assertEquals(stdio.output, "hello");
      assertEquals(stdio.log.filter((line) => / warn /.test(line)), [], "to be ended as asked is nothing to warn of");
      assertMatch(stdio.log.at(-1)!, new RegExp(`ended by ${signal}$`));
      if (!outage) await until(() => user.open === 0, 5_000, "the end of the user's connection");
    }
  }),
);

Deno.test(
  "what was written before the signal that ends it arrives, then the end, and nobody is warned",
  scenario(120_000, async (s) => {
    const heard: string[] = [];
    const user = s.use(
      new UserServer(async (connection) => {
        await writeAll(connection, new TextEncoder().encode("hello"));
        heard.push(await receiveText(connection));
      }),
    );
    const { server, breaker } = await serve(s, user.port);
    for (const signal of ["SIGHUP", "SIGTERM", "SIGINT"] as const) {
      const stdio = await s.stdio(breaker.port, { args: ["--log-level=warn"] });
      await stdio.says("hello");
      await stdio.type(`goodbye at ${signal}`);
      stdio.signal(signal);
      assertEquals(await stdio.end(), 0, signal);
      await server.logged(new RegExp(`session .* ended: the tele client ended \\(${signal}\\)`), 5_000);
      assertEquals([heard.at(-1), stdio.log], [`goodbye at ${signal}`, []]);
    }
    assertEquals(user.errors, []);
    const about = server.log.filter((line) => / warn /.test(line) && !line.includes("anyone who can reach"));
    assertEquals(about, [], "a clean end is nothing to warn of");
  }),
);

Deno.test(
  "a refused, a reset and a cut connection end it with exit code 1, and a line that says why",
  scenario(120_000, async (s) => {
    const nobody = await serve(s, freePort());
    const refused = await s.stdio(nobody.breaker.port);
    assertEquals(await refused.end(), 1);
    assertMatch(refused.log.at(-1)!, / error stream refused \(standard input and output\): .*connection refused$/);

    const resetting = s.use(await ResettableServer.start());
    const other = await serve(s, resetting.port);
    const reset = await s.stdio(other.breaker.port);
    await reset.type("hello");
    await until(() => resetting.connections[0]?.received === "hello", 10_000, "the first bytes");
    resetting.connections[0]!.reset();
    assertEquals(await reset.end(), 1);
    assertMatch(reset.log.at(-1)!, / error stream reset \(standard input and output\), at the other end: /);

    const cut = await s.stdio(other.breaker.port);
    await cut.type("hello");
    await until(() => resetting.connections[1]?.received === "hello", 10_000, "the first bytes");
    await other.server.stop();
    assertEquals(await cut.end(), 1);
    assert(cut.log.some((line) => / error stream cut \(standard input and output\): /.test(line)));
    assertEquals([refused.output, reset.output, cut.output], ["", "", ""]);
  }),
);

/** A server that ends its direction at once, and reads when it is told. */
function deafServer(s: Scenario) {
  const { promise: reads, resolve: read } = Promise.withResolvers<void>();
  const got: string[] = [];
  const user = s.use(
    new UserServer(async (connection) => {
      await writeAll(connection, new TextEncoder().encode("that is all"));
      await connection.closeWrite();
      await reads;
      got.push(await receiveText(connection));
    }),
  );
  s.defer(read);
  return { user, got, read };
}

Deno.test(
  "an outage when only the acknowledgement of the last bytes misses is waited for; then it ends with exit code 0",
  scenario(120_000, async (s) => {
    const { user, got, read } = deafServer(s);
    const { breaker } = await serve(s, user.port);
    const stdio = await s.stdio(breaker.port);
    await stdio.says("that is all");
    await pause(200);
    read();
    breaker.blackHole(true);
    breaker.strand();
    await stdio.type("the last bytes");
    await stdio.endInput();
    await pause(2_000);
    assert(!stdio.hasEnded, "it waits");
    assertEquals(got, []);
    breaker.blackHole(false);
    assertEquals(await stdio.end(), 0);
    await until(() => got.length > 0, 5_000, "the last bytes at the user's server");
    assertEquals(got, ["the last bytes"]);
  }),
);

Deno.test(
  "a tele server that never comes back with the session in that phase ends it with exit code 1",
  scenario(120_000, async (s) => {
    const { user } = deafServer(s);
    const { server, breaker } = await serve(s, user.port);
    const stdio = await s.stdio(breaker.port);
    await stdio.says("that is all");
    await pause(200);
    breaker.blackHole(true);
    await stdio.type("the last bytes");
    await stdio.endInput();
    await server.kill();
    const next = await s.server(user.port);
    breaker.to = next.port;
    breaker.reset();
    breaker.blackHole(false);
    assertEquals(await stdio.end(), 1);
    assertMatch(stdio.log.join("\n"), / error stream cut \(standard input and output\): .* does not know the session/);
  }),
);

Deno.test(
  "what a slow user's server has not read yet when tele ends is not cut, and it sees a clean end",
  scenario(60_000, async (s) => {
    // On a unix socket: over TCP, Deno 2.9.6 fails to write to a peer that has ended its own direction once buffers are
    // full.
    const path = `${s.home}/user.sock`;
    const listener = s.use(Deno.listen({ transport: "unix", path }));
    // More than the kernel's buffers hold, so that some of it still waits in the tele server at the end.
    const [bytes, unread] = [4 << 20, 1 << 20];
    let got = 0;
    const over = Promise.withResolvers<void>();
    const serving = (async () => {
      using connection = await listener.accept();
      await connection.closeWrite();
      const buffer = new Uint8Array(64 << 10);
      for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
        got += n;
        if (got >= bytes - unread) await over.promise;
      }
    })();
    serving.catch(() => {});
    const server = await s.start("server", [`--in=unix:${path}`, "--out=127.0.0.1:0"]);
    const stdio = await s.stdio(server.port);
    await stdio.type(new Uint8Array(bytes));
    await stdio.endInput();
    assertEquals(await stdio.end(30_000), 0);
    await server.logged(/session .* ended: the tele client ended/, 5_000);
    over.resolve();
    await within(serving, 20_000, "a clean end at the user's server");
    assertEquals(got, bytes);
    assert(!server.log.some((line) => / cut /.test(line)));
  }),
);

Deno.test(
  "with a token and TLS it works as any client",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    await writeCertificate(`${s.home}/tls`, parseHostNames("127.0.0.1"));
    await Deno.writeTextFile(`${s.home}/token`, `${SECRET}\n`, { mode: 0o600 });
    const tls = [`--tls-cert=${s.home}/tls/cert.pem`, `--tls-key=${s.home}/tls/key.pem`];
    const server = await s.server(user.port, 0, { args: [...tls, `--token-file=${s.home}/token`] });
    const ca = `--tls-ca=${s.home}/tls/cert.pem`;
    for (
      const options of [{ args: [ca, `--token-file=${s.home}/token`] }, { args: [ca], env: { TELE_TOKEN: SECRET } }]
    ) {
      const stdio = await s.stdio(server.port, options);
      await stdio.type("over TLS");
      await stdio.endInput();
      assertEquals([await stdio.end(), stdio.output], [0, "over TLS"]);
    }
    const wrong = await s.stdio(server.port, { args: [ca], env: { TELE_TOKEN: "another token of 16 bytes" } });
    assertEquals([await wrong.end(), wrong.output], [1, ""]);
    assert(wrong.log.some((line) => /token/.test(line)), wrong.report());
    assert(!wrong.log.some((line) => /trying again/.test(line)), wrong.report());
  }),
);

/** The value of ssh's `ProxyCommand` that leads to the tele server on `port`. */
async function proxyCommand(s: Scenario, port: number): Promise<string> {
  const args = ["--stdio", `--out=127.0.0.1:${port}`];
  const { command, env } = await teleCommand({ role: "client", args, home: s.home });
  return ["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...command].join(" ");
}

Deno.test(
  "a user's server that ends first ends it, though standard input stays open",
  scenario(60_000, async (s) => {
    const refusal = "Not allowed at this time\r\n";
    const user = s.use(new UserServer((connection) => writeAll(connection, new TextEncoder().encode(refusal))));
    const { breaker } = await serve(s, user.port);
    const stdio = await s.stdio(breaker.port);
    await stdio.says(refusal);
    // It takes half a second.
    assertEquals(await stdio.end(5_000), 0);
    assertEquals(stdio.output, refusal);
    assertEquals(stdio.log.filter((line) => / (warn|error) /.test(line)), []);
  }),
);

Deno.test(
  "a user's server that half-closes and reads on gets all that standard input gives, as long as it gives something",
  scenario(60_000, async (s) => {
    let got = "";
    const user = s.use(
      new UserServer(async (connection) => {
        await writeAll(connection, new TextEncoder().encode("go on"));
        await connection.closeWrite();
        got = await receiveText(connection);
      }),
    );
    const { breaker } = await serve(s, user.port);
    const stdio = await s.stdio(breaker.port);
    await stdio.says("go on");
    for (let word = 0; word < 8; word++) {
      await stdio.type(`${word} `);
      // One of them meets an outage: what is on its way then is waited for.
      if (word === 4) breaker.reset();
      await pause(250);
    }
    assertEquals(stdio.hasEnded, false);
    assertEquals(await stdio.end(10_000), 0);
    await until(() => got !== "", 5_000, "the end of the upload");
    assertEquals(got, "0 1 2 3 4 5 6 7 ");
    assertEquals(user.errors, []);
  }),
);

/** Runs a command whose standard output does not block, and reads it slowly: how much came, its hash, the exit code. */
const NON_BLOCKING = `
import hashlib, os, subprocess, sys, time
r, w = os.pipe()
os.set_blocking(w, False)
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=w)
os.close(w)
count, seen = 0, hashlib.sha256()
while True:
    part = os.read(r, 65536)
    if not part: break
    if count < 1 << 20: time.sleep(0.03)
    count += len(part)
    seen.update(part)
print(count, seen.hexdigest(), child.wait())
`;

Deno.test({
  name: "standard output that does not block is waited for, and all of it arrives once",
  // Only Linux tells whether standard output blocks, and handles before Deno 2.9 cannot wait.
  ...(Deno.build.os === "linux" && isNodeSound() ? requires("python3") : { ignore: true }),
  fn: scenario(60_000, async (s) => {
    const bytes = 8 << 20;
    const data = new SeededData(bytes, 1);
    const user = s.use(
      new UserServer(async (connection) => {
        for (let block = data.next(); block; block = data.next()) await writeAll(connection, block);
      }),
    );
    const { breaker } = await serve(s, user.port);
    const args = ["--stdio", `--out=127.0.0.1:${breaker.port}`];
    const { command, env } = await teleCommand({ role: "client", args, home: s.home });
    const child = new Deno.Command(program("python3"), { args: ["-c", NON_BLOCKING, ...command], env, stdin: "null" });
    const { stdout, stderr } = await within(child.output(), 40_000, "the slow reader");
    assertEquals(new TextDecoder().decode(stdout), `${bytes} ${data.sha256()} 0\n`, new TextDecoder().decode(stderr));
  }),
});

Deno.test({
  name: "ssh through ProxyCommand ends when the host's session process is killed, with no keepalive of its own",
  ...requires("sshd", "ssh", "ssh-keygen", "id"),
  fn: scenario(60_000, async (s) => {
    const sshd = await startSshd(s);
    const { breaker } = await serve(s, sshd.port);
    const proxy = await proxyCommand(s, breaker.port);
    const shell = openShell(s, sshd, "-o", `ProxyCommand=${proxy} 2>${s.home}/proxy.log`);
    const asked = await shell.ask("echo pids=$PPID,$(ps -o ppid= -p $PPID)=", /pids=(\d+, *\d+)=/);
    // As root sshd separates privileges: two processes, below the one that listens.
    for (const pid of asked.split(",").map(Number)) if (pid !== sshd.pid) Deno.kill(pid, "SIGKILL");
    assertEquals((await within(shell.status, 10_000, "the end of ssh")).code, 255);
  }),
});

Deno.test({
  name: "behind setsid, Ctrl-C in one login does not end the connection that others share by ControlMaster",
  ...requires("sshd", "ssh", "ssh-keygen", "id", "setsid"),
  fn: scenario(60_000, async (s) => {
    const sshd = await startSshd(s);
    const { breaker } = await serve(s, sshd.port);
    const host = `${sshd.user}@127.0.0.1`;
    const shared = [...sshd.options, "-o", `ControlPath=${s.home}/ctl`];
    const ssh = async (...args: string[]) => {
      const running = new Deno.Command(program("ssh"), { args: [...shared, ...args], stdin: "null" }).output();
      const { code, stdout, stderr } = await within(running, 10_000, `ssh ${args.join(" ")}`);
      return { code, said: new TextDecoder().decode(stdout), why: new TextDecoder().decode(stderr) };
    };
    s.defer(() => ssh("-O", "exit", host));
    const proxy = `setsid ${await proxyCommand(s, breaker.port)} 2>${s.home}/proxy.log`;
    const master = ["-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", `ProxyCommand=${proxy}`];
    // A session of its own, in place of a terminal's: its process group is what Ctrl-C reaches.
    const first = new Deno.Command(program("setsid"), {
      args: [program("ssh"), ...shared, ...master, host, "echo up; exec sleep 30"],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const { value } = await within(first.stdout.getReader().read(), 20_000, "the first login");
    assertEquals(new TextDecoder().decode(value), "up\n");
    Deno.kill(-first.pid, "SIGINT");
    await within(first.status, 10_000, "the end of the first login");
    await pause(1_000);
    const { code, said, why } = await ssh("-o", "ProxyCommand=false", host, "echo second");
    assertEquals([code, said], [0, "second\n"], why);
  }),
});

Deno.test({
  name: "ssh through ProxyCommand keeps its shell through an outage",
  ...requires("sshd", "ssh", "ssh-keygen", "id"),
  fn: scenario(120_000, async (s) => {
    const sshd = await startSshd(s);
    const { server, breaker } = await serve(s, sshd.port);
    const proxy = await proxyCommand(s, breaker.port);
    const shell = openShell(s, sshd, "-o", `ProxyCommand=${proxy} 2>${s.home}/proxy.log`);
    await outliveOutage(shell, breaker);
    await shell.type("exit 7\n");
    assertEquals((await within(shell.status, 30_000, "the end of ssh")).code, 7);
    // Its proxy ends with it, by the end of its streams or by SIGHUP.
    await server.logged(/session .* ended: the tele client ended/, 10_000);
    assertMatch(await Deno.readTextFile(`${s.home}/proxy.log`), / resumed after /);
  }),
});
