/** Carriers by commands: real programs, what is left of them, and what is told when they fail. */
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { systemClock } from "../../lib/net/clock.ts";
import { Commands } from "../../lib/net/command/commands.ts";
import { silentLog } from "../../lib/net/log.ts";
import { parseWay } from "../../lib/net/way.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { onUnix, program } from "../support/skip.ts";
import { openShell, outliveOutage, startSshd } from "../support/sshd.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { teleWords } from "../support/tele_program.ts";
import { connectTo, echo, endingOf, roundTrip, UserServer } from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";
import { endsWhatIsSilent, standsEverything, startWay } from "../support/way_trials.ts";

const ONLY_LINUX = { ignore: Deno.build.os !== "linux" };

/** The processes whose command line has `text`, and those that this process has not taken the exit code of. */
function processes(text: string): { pid: number; parent: number; isZombie: boolean; isIt: boolean }[] {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).flatMap(({ name }) => {
    try {
      const isIt = Deno.readTextFileSync(`/proc/${name}/cmdline`).replaceAll("\0", " ").includes(text);
      const [, state, parent] = /\) (\w) (\d+)/.exec(Deno.readTextFileSync(`/proc/${name}/stat`)) ?? [];
      return [{ pid: Number(name), parent: Number(parent), isZombie: state === "Z", isIt }];
    } catch {
      return [];
    }
  });
}

/** The commands that a client runs, without itself. */
function commandsOf(client: TeleProcess, text: string): number[] {
  return processes(text).filter(({ pid, isIt }) => isIt && pid !== client.pid).map(({ pid }) => pid);
}

/** Waits until nothing is left of a client's commands. */
async function nothingIsLeft(client: TeleProcess, text: string): Promise<void> {
  await until(() => commandsOf(client, text).length === 0, 5_000, `the end of ${text}`);
}

Deno.test({
  name: "socat with a time-out of 3 s, and ssh -W to an sshd that has one: carriers stand everything",
  ...onUnix("socat", "ssh", "sshd", "ssh-keygen"),
  fn: scenario(120_000, async (s) => {
    const sshd = await startSshd(s, { config: ["ChannelTimeout direct-tcpip=3s"] });
    const ssh = [program("ssh"), ...sshd.options, "-p", String(sshd.port), `${sshd.user}@127.0.0.1`];
    const commands = [
      (port: number) => `exec:${program("socat")} -T 3 - TCP:127.0.0.1:${port}`,
      (port: number) => `exec:${ssh.map((word) => `'${word}'`).join(" ")} -W "127.0.0.1:${port}"`,
    ];
    const ways = await Promise.all(commands.map((command) => startWay(s, (port) => [`--out=${command(port)}`])));
    const controls = commands.map((command) => endsWhatIsSilent((port) => parseWay(command(port))));
    await Promise.all([...controls, ...ways.map(standsEverything)]);
    for (const [at, { client, breaker }] of ways.entries()) {
      const text = `127.0.0.1:${breaker.port}`;
      // A path that a busy machine makes slow may have several for bulk, which go 10 s later.
      const count = commandsOf(client, text).length;
      assert(count >= 1 && count <= 6, `one command for each carrier, not ${count}`);
      const zombies = processes(text).filter(({ parent, isZombie }) => isZombie && parent === client.pid);
      assertEquals(zombies, []);
      assert(client.log.some((line) => /debug .*the command ended with exit code/.test(line)));
      assertEquals((await client.stop(at === 0 ? "SIGTERM" : "SIGINT")).code, 0);
      assertEquals(commandsOf(client, text), [], "nothing is left when the client has ended");
    }
  }),
});

Deno.test({
  name: "an ssh login through exec:ssh -W, with no port of tele open on the server, outlives an outage",
  ...onUnix("ssh", "sshd", "ssh-keygen"),
  fn: scenario(120_000, async (s) => {
    const sshd = await startSshd(s);
    const server = await s.server(sshd.port);
    const breaker = await s.breaker(sshd.port);
    const ssh = [program("ssh"), ...sshd.options, "-p", String(breaker.port), `${sshd.user}@127.0.0.1`].join(" ");
    const client = await s.start("client", ["--in=127.0.0.1:0", `--out=exec:${ssh} -W 127.0.0.1:${server.port}`]);
    const shell = openShell(s, sshd, "-p", String(client.port));
    await outliveOutage(shell, breaker);
    await shell.type("exit\n");
    await within(shell.status, 20_000, "the end of the login");
  }),
});

/** A client with one command, and a user's echo through it. */
async function startEcho(s: Scenario, command: (port: number) => string) {
  const server = await s.server(s.use(new UserServer(echo)).port);
  const client = await s.start("client", ["--in=127.0.0.1:0", `--out=exec:${command(server.port)}`]);
  const user = await connectTo(client.port);
  s.defer(() => user.close());
  await within(roundTrip(user, "hello"), 20_000, "an echo");
  return { client, text: String(server.port), server };
}

Deno.test({
  name: "a command that does not obey, and what it has started, is ended with the client, whatever ends that",
  ...onUnix("sh", "socat"),
  ...ONLY_LINUX,
  fn: scenario(90_000, async (s) => {
    // What it starts first has no end of file to end at, and neither obeys.
    const stubborn = (port: number) =>
      `sh -c 'trap "" TERM INT HUP; sleep 300.${port} & exec socat - TCP:127.0.0.1:${port}'`;
    const plain = (port: number) => `${program("socat")} - TCP:127.0.0.1:${port}`;
    const ended = await startEcho(s, stubborn);
    const { length } = commandsOf(ended.client, ended.text);
    // More where a machine was so busy that the first carrier took too long.
    assert(length >= 2, `${length} processes`);
    assertEquals((await ended.client.stop("SIGTERM")).code, 0);
    await nothingIsLeft(ended.client, ended.text);

    const killed = await startEcho(s, plain);
    await killed.client.kill();
    await nothingIsLeft(killed.client, killed.text);

    const hasty = await startEcho(s, stubborn);
    // The server answers no word any more, so that the client's end waits; its user does not.
    hasty.server.signal("SIGSTOP");
    hasty.client.signal("SIGINT");
    await pause(700);
    hasty.client.signal("SIGINT");
    await within(hasty.client.ended, 5_000, "the end of the client");
    await nothingIsLeft(hasty.client, hasty.text);
    hasty.server.signal("SIGCONT");
  }),
});

Deno.test({
  name: "a command that fails is told with its last line, and one that does not exist ends the user's connection",
  ...onUnix("sh"),
  fn: scenario(60_000, async (s) => {
    const start = (command: string) => s.start("client", ["--in=127.0.0.1:0", `--out=exec:${command}`]);
    const failing = await start(`sh -c 'echo "a first line" >&2; echo "ssh: no route to host" >&2; exit 255'`);
    await failing.logged(/no tele server yet: the command ended with exit code 255: ssh: no route to host; /, 20_000);
    assertFalse(failing.log.some((line) => line.includes("a first line")), "the others are for level debug");
    const silent = await start("true");
    await silent.logged(
      /the command ended with exit code 0 and wrote nothing to it: is it one that leads there/,
      20_000,
    );
    const missing = await start("no-such-program-of-tele -W");
    using user = await connectTo(missing.port);
    await within(endingOf(user), 10_000, "the end of the user's connection");
    await missing.stop();
    assertStringIncludes(missing.log.join("\n"), 'there is no program "no-such-program-of-tele": install it');
  }),
});

Deno.test({
  name: "TLS over a command, and a server's end by the command's end of file",
  ...onUnix("socat", "openssl"),
  fn: scenario(60_000, async (s) => {
    const [path = "", ...words] = teleWords();
    const { success } = await new Deno.Command(path, {
      args: [...words, `--make-cert=${s.home}/tls`, "--host=a.test"],
    }).output();
    assert(success);
    const [cert, key] = [`${s.home}/tls/cert.pem`, `${s.home}/tls/key.pem`];
    const server = await s.server(s.use(new UserServer(echo)).port, 0, {
      args: [`--tls-cert=${cert}`, `--tls-key=${key}`],
    });
    const command = `exec:${program("socat")} - TCP:127.0.0.1:${server.port}`;
    const args = ["--in=127.0.0.1:0", `--out=${command}`, `--tls-ca=${cert}`, "--tls-name=a.test"];
    const client = await s.start("client", args);
    using user = await connectTo(client.port);
    await within(roundTrip(user, "hello"), 20_000, "an echo");
    const ending = endingOf(user);
    await server.stop();
    await within(ending, 10_000, "the end of the user's connection");
    await client.logged(/the tele server ended/, 10_000);
  }),
});

Deno.test({
  name: "memory of a write to a command is its own until that settles: nothing that comes behind is ever sent",
  ...onUnix("socat"),
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const commands = new Commands({ clock: systemClock, log: silentLog });
    const duplex = commands.open([program("socat"), "-", `TCP:127.0.0.1:${listener.addr.port}`], "exec:socat");
    using far = await listener.accept();
    const bytes = new Uint8Array(16 << 20).fill(65);
    const writing = duplex.write(bytes).catch(() => {}).then(() => void bytes.fill(66));
    await pause(300);
    assertEquals([bytes[0], bytes.at(-1)], [65, 65], "it waits");
    const reading = duplex.read(new Uint8Array(8)).catch((error) => error.message);
    duplex.close();
    assertEquals(await within(reading, 1_000, "the end of the read"), "the connection was closed");
    const into = new Uint8Array(256 * 1024);
    let strange = 0;
    for (let count = await far.read(into); count !== null; count = await far.read(into)) {
      for (let at = 0; at < count; at++) if (into[at] !== 65) strange++;
    }
    await within(writing, 10_000, "the end of the write");
    assertEquals(strange, 0);
    await commands.stop();
  },
});
