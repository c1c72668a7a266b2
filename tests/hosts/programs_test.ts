/** Programs that everyone uses, between two hosts whose network really breaks. */
import { assert, assertEquals } from "@std/assert";
import { type Hosts, hostScenario } from "../support/hosts.ts";
import { requiresHosts } from "../support/namespace.ts";
import { SeededData, sha256 } from "../support/random.ts";
import type { Scenario } from "../support/scenario.ts";
import { type Case, sideBySide } from "../support/side_by_side.ts";
import { pause, until, within } from "../support/wait.ts";

/** How long the outages last under a login. Liveness needs 3 s to notice. */
const OUTAGE_MS = 10_000;

/** Where the user's programs are, each on its own host. */
const USER_SERVER = "127.0.0.1:4000";
const USER_CLIENT_PORT = 4001;
const USER_CLIENT = `127.0.0.1:${USER_CLIENT_PORT}`;

const OUTAGES: { name: string; begin: (hosts: Hosts) => Promise<void>; end: (hosts: Hosts) => Promise<void> }[] = [
  {
    name: "the client's link is down",
    begin: (hosts) => hosts.linkDown("client"),
    end: (hosts) => hosts.linkUp("client"),
  },
  {
    name: "the server's link is down",
    begin: (hosts) => hosts.linkDown("server"),
    end: (hosts) => hosts.linkUp("server"),
  },
  {
    name: "the client is without a network and returns with another address",
    begin: (hosts) => hosts.linkDown("client"),
    end: (hosts) => hosts.moveClient(),
  },
];

const PIPED = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;

/** They wait more than they compute. */
const CASES: Case[] = [];

for (const { name, begin, end } of OUTAGES) {
  CASES.push({
    name: `ssh keeps its shell and a variable while ${name} for 10 s`,
    ...requiresHosts("sshd", "ssh", "ssh-keygen", "id"),
    fn: hostScenario(240_000, async (s, hosts) => {
      const login = await startSshd(s, hosts);
      await hosts.tunnel(s.home, USER_SERVER, USER_CLIENT);
      const ssh = typeInto(s, hosts.spawn("client", ["ssh", ...login], PIPED), "ssh");
      await ssh.type("stty -echo; unset HISTFILE; PS1=; KEPT=kept-$((20 + 22)); echo shell is $KEPT\n");
      await ssh.sees(/shell is kept-42/, 60_000);

      await begin(hosts);
      await pause(1_000);
      await ssh.type("DURING=typed-into-the-$((1 + 1))nd-outage\n");
      await pause(OUTAGE_MS - 1_000);
      await end(hosts);

      await ssh.type("echo after=$KEPT,$DURING=\n");
      await ssh.sees(/after=kept-42,typed-into-the-2nd-outage=/, 60_000);
      await ssh.type("exit 7\n");
      assertEquals((await within(ssh.ended, 60_000, "the end of ssh")).code, 7);
    }),
  });
}

CASES.push({
  name: "rsync of 8 MiB goes on after a black hole in the router",
  ...requiresHosts("rsync"),
  fn: hostScenario(240_000, async (s, hosts) => {
    const [from, to] = [`${s.home}/from`, `${s.home}/to`];
    await Deno.mkdir(from);
    await Deno.mkdir(to);
    const wanted = await Promise.all([1, 2, 3, 4].map((seed) => writeData(`${from}/${seed}`, 2 << 20, seed)));
    const config = `${s.home}/rsyncd.conf`;
    await Deno.writeTextFile(config, `[there]\npath = ${to}\nread only = no\nuse chroot = no\nuid = 0\ngid = 0\n`);
    await daemon(s, hosts, [
      "rsync",
      "--daemon",
      "--no-detach",
      "--address=127.0.0.1",
      "--port=4000",
      `--config=${config}`,
    ]);
    await hosts.limit("16mbit", 100);
    await hosts.tunnel(s.home, USER_SERVER, USER_CLIENT);

    const args = ["rsync", "--archive", "--whole-file", `${from}/`, `rsync://${USER_CLIENT}/there/`];
    const rsync = typeInto(s, hosts.spawn("client", args, PIPED), "rsync");
    const arrived = () =>
      [...Deno.readDirSync(to)].reduce((sum, { name }) => sum + Deno.statSync(`${to}/${name}`).size, 0);
    await until(() => arrived() > 2 << 20, 60_000, "a part of the files");
    await hosts.blackHole();
    await pause(5_000);
    const before = arrived();
    await pause(500);
    assert(arrived() === before && before < 8 << 20, `${before} bytes arrived before the outage's end`);
    await hosts.mend();

    const { code } = await within(rsync.ended, 60_000, "the end of rsync");
    assertEquals(code, 0, rsync.screen());
    const got = [1, 2, 3, 4].map((seed) => sha256(Deno.readFileSync(`${to}/${seed}`)));
    assertEquals(got, wanted);
  }),
});

for (const direction of ["to-client", "to-server"] as const) {
  CASES.push({
    name: `curl's download goes on after every packet ${direction.replace("-", " the ")} was lost for 5 s`,
    ...requiresHosts("curl"),
    fn: hostScenario(240_000, async (s, hosts) => {
      const bytes = 8 << 20;
      const [source, copy] = [`${s.home}/source`, `${s.home}/copy`];
      const wanted = await writeData(source, bytes, 5);
      const socket = `${s.home}/web.sock`;
      const web = Deno.serve({ path: socket, onListen: () => {} }, async () => {
        const { readable } = await Deno.open(source);
        return new Response(readable, { headers: { "content-length": String(bytes) } });
      });
      s.defer(() => web.shutdown());
      await hosts.limit("16mbit", 100);
      await hosts.tunnel(s.home, `unix:${socket}`, USER_CLIENT);

      const args = ["curl", "--silent", "--show-error", "--output", copy, `http://${USER_CLIENT}/`];
      const curl = typeInto(s, hosts.spawn("client", args, PIPED), "curl");
      const size = () => {
        try {
          return Deno.statSync(copy).size;
        } catch {
          return 0;
        }
      };
      await until(() => size() > 2 << 20, 60_000, "a part of the file");
      await hosts.blackHole(direction);
      await pause(5_000);
      const before = size();
      assert(before < bytes, "the download was over before the outage");
      await hosts.mend(direction);

      const { code } = await within(curl.ended, 60_000, "the end of curl");
      assertEquals(code, 0, curl.screen());
      assertEquals(sha256(Deno.readFileSync(copy)), wanted);
    }),
  });
}

CASES.push({
  name: "a message that is published after the router forgot all connections reaches a waiting redis-cli",
  ...requiresHosts("redis-server", "redis-cli"),
  fn: hostScenario(240_000, async (s, hosts) => {
    const args = ["--bind", "127.0.0.1", "--port", "4000", "--save", "", "--dir", s.home, "--timeout", "0"];
    await daemon(s, hosts, ["redis-server", ...args]);
    const publish = (text: string) => hosts.run("server", "redis-cli", "-p", "4000", "publish", "news", text);
    const { client } = await hosts.tunnel(s.home, USER_SERVER, USER_CLIENT);
    const subscribe = ["redis-cli", "-p", String(USER_CLIENT_PORT), "subscribe", "news"];
    const redis = typeInto(s, hosts.spawn("client", subscribe, PIPED), "redis-cli");
    await redis.sees(/subscribe/, 60_000);
    await publish("first");
    await redis.sees(/first/, 60_000);

    // Both ends send a sign of life each second: within this time each meets the router's RST.
    for (const told of ["server", "client"] as const) {
      await hosts.startReset(told);
      await pause(1_500);
      await hosts.stopReset(told);
    }
    await client.logged(/reset|lost/i, 60_000);
    assertEquals((await publish("second")).trim(), "1", "the subscription is still there");
    await redis.sees(/second/, 60_000);
    assertEquals(redis.screen().match(/first|second/g), ["first", "second"]);
  }),
});

sideBySide("programs that everyone uses", CASES);

/** A program at work, as whoever sits in front of it sees it. */
interface Program {
  ended: Promise<Deno.CommandStatus>;
  screen(): string;
  type(text: string): Promise<void>;
  sees(pattern: RegExp, ms: number): Promise<void>;
}

function typeInto(s: Scenario, child: Deno.ChildProcess, name: string): Program {
  let screen = "";
  let hasEnded = false;
  const reading = Promise.all([child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) screen += text;
  }));
  const ended = child.status.then(async (status) => {
    await reading;
    hasEnded = true;
    return status;
  });
  const keyboard = child.stdin.getWriter();
  s.defer(async () => {
    if (!hasEnded) child.kill("SIGKILL");
    await ended;
    await keyboard.close().catch(() => {});
  });
  return {
    ended,
    screen: () => screen,
    type: (text) => keyboard.write(new TextEncoder().encode(text)),
    async sees(pattern, ms) {
      try {
        await until(() => pattern.test(screen) || hasEnded, ms, `${pattern} on the screen of ${name}`);
        assert(pattern.test(screen), `${name} has ended`);
      } catch (error) {
        throw new Error(`${(error as Error).message}\nscreen:\n${screen}`);
      }
    },
  };
}

/** Runs a user's server on the server's host until the test ends; settles when it listens. */
async function daemon(s: Scenario, hosts: Hosts, command: string[]): Promise<void> {
  const child = hosts.spawn("server", command, { stdin: "null", stdout: "null", stderr: "null" });
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  s.defer(async () => {
    if (!hasEnded) child.kill("SIGKILL");
    await child.status;
  });
  while (await hosts.run("server", "ss", "-Hltn", "sport = :4000") === "") {
    assert(!hasEnded, `${command[0]} has ended`);
    await pause(20);
  }
}

/** Starts an sshd on the server's host; returns the arguments of an `ssh` that logs in to it through the tunnel. */
async function startSshd(s: Scenario, hosts: Hosts): Promise<string[]> {
  const folder = `${s.home}/ssh`;
  await Deno.mkdir(folder, { mode: 0o700 });
  // Debian's sshd, when it runs as root, wants this folder, which only the service makes.
  await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  for (const key of ["host_key", "user_key"]) {
    await hosts.run("server", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${folder}/${key}`);
  }
  const options = {
    ListenAddress: USER_SERVER,
    HostKey: `${folder}/host_key`,
    AuthorizedKeysFile: `${folder}/user_key.pub`,
    PidFile: "none",
    StrictModes: "no",
    UsePAM: "no",
    PermitRootLogin: "yes",
    PrintMotd: "no",
    ClientAliveInterval: "0",
  };
  const set = (options: Record<string, string>) =>
    Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  await daemon(s, hosts, ["sshd", "-D", "-e", "-f", "/dev/null", ...set(options)]);
  const client = {
    IdentitiesOnly: "yes",
    BatchMode: "yes",
    StrictHostKeyChecking: "no",
    UserKnownHostsFile: `${folder}/known_hosts`,
    LogLevel: "ERROR",
    ServerAliveInterval: "0",
  };
  const user = (await hosts.run("client", "id", "-un")).trim();
  const port = String(USER_CLIENT_PORT);
  return ["-F", "none", "-i", `${folder}/user_key`, ...set(client), "-tt", "-p", port, `${user}@127.0.0.1`];
}

/** Writes a file of generated data; returns its SHA-256. */
async function writeData(path: string, bytes: number, seed: number): Promise<string> {
  const data = new SeededData(bytes, seed);
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let block = data.next(); block; block = data.next()) await file.write(block);
  return data.sha256();
}
