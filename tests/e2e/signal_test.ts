/** Signals to a running process: SIGUSR1 to try at once, others to end. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { freePort } from "../support/user_programs.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";
import { scenario } from "../support/scenario.ts";
import { teleCommand } from "../support/tele_process.ts";
import { pause, until } from "../support/wait.ts";

/** Windows has no such signal. */
const ignore = Deno.build.os === "windows";

Deno.test({
  name: "SIGUSR1 ends a pause of many seconds: a client without streams is back within a second",
  ignore,
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { client, server, breaker } = await s.tunnel(user.port);
    await client.logged(/link up/, 10_000);
    // Attempts come as far as the breaker, where they can be counted, and fail.
    breaker.to = freePort();
    const before = breaker.accepted;
    breaker.reset();
    // Without streams pauses double from 50 ms to 15 s, at least halved: the one behind nine failures takes 6.4 s or
    // more, of which less than 1 s has passed when it is asked to hurry.
    await until(() => breaker.accepted === before + 9, 60_000, "nine attempts");
    await pause(300);
    breaker.to = server.port;
    const from = client.log.length;
    client.signal("SIGUSR1");
    await client.logged(/ resumed after /, 5_000, from);
    assertEquals(client.log.slice(from).filter((line) => /SIGUSR1: trying to reconnect at once/.test(line)).length, 1);
  }),
});

const FOUND_OUT: [string, RegExp][] = [
  // The next carrier comes in the place of the one before, which is an outage.
  ["--carriers=1", / resumed after /],
  // It comes beside that one, and the session goes on with it.
  ["--carriers=2", /debug another connection is there beside the one in doubt/],
];
for (const [carriers, found] of FOUND_OUT) {
  Deno.test({
    name: `SIGUSR1 makes a client with a dead carrier find that out, and a server goes on: ${carriers}`,
    ignore,
    fn: scenario(120_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const { client, server, breaker, port } = await s.tunnel(user.port, {
        client: { args: ["--ping-interval=1h", "--log-level=debug", carriers] },
        server: { args: ["--ping-interval=1h", "--log-level=debug"] },
      });
      await client.logged(/link up/, 10_000);
      server.signal("SIGUSR1");
      await server.logged(/debug SIGUSR1 is for clients/, 5_000);
      client.signal("SIGUSR1");
      await client.logged(/SIGUSR1: asking the tele server for a sign of life/, 5_000);
      await pause(1_500);
      assert(!client.log.some((line) => /link lost/.test(line)), "a carrier that answers is kept");
      // Idle, with an hour's silence allowed, nobody would look at it.
      breaker.strand();
      client.signal("SIGUSR1");
      await client.logged(found, 20_000);
      using connection = await connectTo(port);
      await roundTrip(connection, "they both live");
      assertEquals([client.status, server.status], [undefined, undefined]);
    }),
  });
}

Deno.test({
  name: "a signal ends a start that waits, as for a token from a pipe into which nobody writes",
  // Only Linux shows that the process hears the signal already.
  ignore: Deno.build.os !== "linux",
  fn: scenario(60_000, async (s) => {
    for (const args of [["--token-file=/dev/stdin"], ["--tls-cert=/dev/stdin", "--tls-key=/dev/stdin"]]) {
      const { command: [name, ...rest], env } = await teleCommand({
        role: "server",
        args: ["--in=:22", "--out=127.0.0.1:0", ...args],
        home: s.home,
      });
      const streams = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
      const child = new Deno.Command(name!, { args: rest, env, ...streams }).spawn();
      await until(() => catches(child.pid, 15), 20_000, "that it listens for SIGTERM");
      // The system knows of a listener a moment before the program has it.
      await pause(100);
      child.kill("SIGTERM");
      const watchdog = setTimeout(() => child.kill("SIGKILL"), 10_000);
      const { code, stdout, stderr } = await child.output();
      clearTimeout(watchdog);
      await child.stdin.close().catch(() => {});
      assertEquals([code, stdout.length], [0, 0], "it was never ready");
      assertMatch(new TextDecoder().decode(stderr), / info {2}ended by SIGTERM\n$/);
    }
  }),
});

/** Whether a process has a handler for the signal with this number: proc(5). */
function catches(pid: number, signal: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? "0";
  return (BigInt(`0x${mask}`) >> BigInt(signal - 1) & 1n) === 1n;
}

Deno.test({
  name: "the debugger that deno run opens on SIGUSR1 is closed again",
  ignore,
  fn: scenario(60_000, async (s) => {
    const client = await s.client(freePort());
    // Deno looks at the signal only half a second after its start.
    await pause(700);
    for (let time = 0; time < 2; time++) {
      client.signal("SIGUSR1");
      await pause(500);
      // Another program may have that port: only ours must not be there.
      const listed = await fetch("http://127.0.0.1:9229/json/list").then((answer) => answer.text(), () => "");
      const opened = client.log.flatMap((line) => /ws:\/\/127\.0\.0\.1:9229\/([-0-9a-f]+)/.exec(line)?.[1] ?? []);
      for (const id of opened) assert(!listed.includes(id), `${listed}\n${client.report()}`);
    }
    assertEquals(client.status, undefined);
  }),
});

Deno.test({
  name: "Ctrl-C tells the other side, however long that takes; Ctrl-C again ends at once",
  ignore,
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { client, breaker, port } = await s.tunnel(user.port);
    using connection = await connectTo(port);
    await roundTrip(connection, "before");
    breaker.blackHole(true);
    // 64 KiB at the rate that is assumed need 2 s, and twice that is waited for.
    await connection.write(new Uint8Array(128 * 1024));
    await pause(200);
    client.signal("SIGINT");
    await client.logged(/Ctrl-C again ends at once/, 10_000);
    assertEquals(client.status, undefined);
    const { code, tookMs } = await client.stop("SIGINT");
    assertEquals(code, 0);
    assert(tookMs < 5_000, `it took ${tookMs} ms`);
  }),
});
