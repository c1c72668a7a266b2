/** Several tunnels in one process, from a file that is read again without touching what did not change. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Scenario, scenario } from "../support/scenario.ts";
import { onUnix, requires } from "../support/skip.ts";
import { openShell, startSshd } from "../support/sshd.ts";
import { teleCommand, type TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** What goes through a tunnel and back again and again. */
const PIECE = "0123456789abcdef".repeat(4096);

/** Starts the tunnels of a file. */
async function configured(s: Scenario, file: string, tunnels: number): Promise<TeleProcess> {
  const process = await s.start("config", [`--config=${file}`]);
  await until(() => process.output.length === tunnels, 10_000, `${tunnels} ready lines`);
  return process;
}

/** Runs tele to its end. */
async function tele(s: Scenario, args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { command: [program = "", ...rest], env } = await teleCommand({ role: "config", args, home: s.home });
  const running = new Deno.Command(program, { args: rest, env, stdin: "null" }).output();
  const { code, stdout, stderr } = await within(running, 20_000, `tele ${args.join(" ")}`);
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** A `[[tunnel]]`, its lines after its name and role. */
function tunnel(name: string, role: "server" | "client", ...lines: string[]): string {
  return ["[[tunnel]]", `name = "${name}"`, `role = "${role}"`, ...lines, ""].join("\n");
}

Deno.test({
  name: "connections of a tunnel live through a reload that changes, ends and begins others, and through a wrong one",
  ...onUnix(),
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const [bulkOut, bulkIn, outB, inB, inC, inD] = Array.from({ length: 6 }, freePort);
    const address = (port: number | undefined) => `"127.0.0.1:${port}"`;
    const client = (name: string, port: number | undefined, out: number | undefined, ...lines: string[]) =>
      tunnel(name, "client", `in = ${address(port)}`, `out = ${address(out)}`, ...lines);
    const servers = [
      tunnel("bulk", "server", `in = ${address(user.port)}`, `out = ${address(bulkOut)}`),
      tunnel("small", "server", `in = ${address(user.port)}`, `out = ${address(outB)}`),
    ];
    const [serverFile, clientFile] = [`${s.home}/servers.toml`, `${s.home}/clients.toml`];
    await Deno.writeTextFile(serverFile, servers.join("\n"));
    await Deno.writeTextFile(
      clientFile,
      [client("bulk", bulkIn, bulkOut), client("b", inB, outB), client("c", inC, outB)].join("\n"),
    );
    await configured(s, serverFile, 2);
    const clients = await configured(s, clientFile, 3);
    assertEquals(clients.output.map((line) => line.split(": ")[0]), ["bulk", "b", "c"]);

    using bulk = await connectTo(bulkIn!);
    let [pieces, isOver] = [0, false];
    const transfer = (async () => {
      for (; !isOver; pieces++) await roundTrip(bulk, PIECE);
    })();
    transfer.catch(() => {}); // It is looked at when the reload is over.
    using before = await connectTo(inB!);
    await roundTrip(before, "through b");

    await Deno.writeTextFile(clientFile, client("b", inB, outB).replace("out =", "otu ="));
    clients.signal("SIGHUP");
    const wrong = await clients.logged(/the configuration is wrong/, 10_000);
    assertStringIncludes(wrong, `nothing changes, for the configuration is wrong: ${clientFile}:5:1: unknown key otu`);
    await roundTrip(before, "still through b");

    await Deno.writeTextFile(
      clientFile,
      [client("d", inD, outB), client("b", inB, outB, "max = 1"), "# as before", client("bulk", bulkIn, bulkOut)]
        .join("\n"),
    );
    clients.signal("SIGHUP");
    await clients.logged(/read the configuration again: kept bulk, changed b, new d, gone c$/, 10_000);
    assertEquals(await within(before.read(new Uint8Array(1)).catch(() => null), 10_000, "the end of b"), null);
    await until(() => clients.output.length === 5, 10_000, "the ready lines of b and d");
    for (const port of [inB, inD]) {
      using connection = await connectTo(port!);
      await within(roundTrip(connection, "after the reload"), 10_000, "an echo after the reload");
    }
    const refused = await connectTo(inC!).then((connection) => connection.close(), (error) => error);
    assert(refused instanceof Deno.errors.ConnectionRefused, "nobody listens for c any more");

    await Deno.writeTextFile(
      clientFile,
      [
        'memory = "64MiB"',
        'log-format = "json"',
        'log-level = "debug"',
        client("d", user.port, outB),
        client("bulk", bulkIn, bulkOut),
      ].join("\n"),
    );
    for (const attempt of [1, 2]) {
      const from = clients.log.length;
      clients.signal("SIGHUP");
      const line = await clients.logged(/d: runs as before the change/, 10_000, from);
      assertEquals(JSON.parse(line).tunnel, "d", "the shape of a log line changes at once");
      await clients.logged(
        /memory changed in the configuration: that takes effect when tele starts anew/,
        10_000,
        from,
      );
      using connection = await connectTo(inD!);
      await within(roundTrip(connection, `attempt ${attempt}`), 10_000, "an echo through d as it was");
      await clients.logged(/"d: stream \S+ began/, 10_000, from);
    }
    assert(!clients.log.some((line) => line.includes("identity is kept in memory")), clients.report());

    const so = pieces;
    await until(() => pieces > so + 10, 10_000, "more of the transfer");
    isOver = true;
    await within(transfer, 10_000, "the end of the transfer");
    assertEquals((await clients.stop("SIGTERM")).code, 0);
  }),
});

Deno.test({
  name: "a running ssh keeps its shell while the tunnels beside it change at both ends, several times",
  ...requires("sshd", "ssh", "ssh-keygen", "id"),
  fn: scenario(120_000, async (s) => {
    const [sshd, user] = [await startSshd(s), s.use(new UserServer(echo))];
    const [sshOut, sshIn, webOut, webIn] = Array.from({ length: 4 }, freePort);
    const ends = ["server", "client"] as const;
    const files = { server: `${s.home}/servers.toml`, client: `${s.home}/clients.toml` };
    /** Everything but the tunnel of ssh is another one each time. */
    const write = async (turn: number) => {
      const max = `max = ${100 + turn}`;
      const servers = [
        tunnel("ssh", "server", `in = "127.0.0.1:${sshd.port}"`, `out = "127.0.0.1:${sshOut}"`),
        tunnel("web", "server", `in = "127.0.0.1:${user.port}"`, `out = "127.0.0.1:${webOut}"`, max),
      ];
      const clients = [
        tunnel("web", "client", `in = "127.0.0.1:${webIn}"`, `out = "127.0.0.1:${webOut}"`, max),
        tunnel("ssh", "client", `in = "127.0.0.1:${sshIn}"`, `out = "127.0.0.1:${sshOut}"`),
      ];
      await Deno.writeTextFile(files.server, servers.join("\n"));
      await Deno.writeTextFile(files.client, clients.join("\n"));
    };
    await write(0);
    const processes = [await configured(s, files.server, 2), await configured(s, files.client, 2)];

    const shell = openShell(s, sshd, "-p", String(sshIn));
    await shell.type("stty -echo; unset HISTFILE; PS1=; KEPT=kept-$((20 + 22)); echo shell is $KEPT\n");
    await shell.sees("shell is kept-42", 60_000);
    const pid = await shell.ask("echo pid=$$=", /pid=(\d+)=/);
    for (const turn of [1, 2, 3]) {
      await write(turn);
      for (const [at, process] of processes.entries()) {
        const [from, ready] = [process.log.length, process.output.length];
        process.signal("SIGHUP");
        await process.logged(/read the configuration again: kept ssh, changed web$/, 10_000, from);
        // It begins again when its peer was told of the end.
        await until(() => process.output.length > ready, 10_000, "what changed is ready again");
        assertEquals(await shell.ask(`echo ${ends[at]}${turn}=$KEPT=`, /=(.*?)=/), "kept-42");
      }
      using connection = await connectTo(webIn!);
      await within(roundTrip(connection, `web ${turn}`), 10_000, "an echo through what changed");
    }
    assertEquals(await shell.ask("echo pid=$$=", /pid=(\d+)=/), pid);
    await shell.type("exit 7\n");
    assertEquals((await within(shell.status, 30_000, "the end of ssh")).code, 7);
  }),
});

Deno.test(
  "a file with a mistake, and a tunnel that cannot start, end with 1 and a sentence, and nothing is ready",
  scenario(60_000, async (s) => {
    const file = `${s.home}/tele.toml`;
    const taken = s.use(new UserServer(echo));
    const [free, user] = [freePort(), freePort()];
    const first = tunnel("first", "server", `in = ":${user}"`, `out = "127.0.0.1:${free}"`);
    await Deno.writeTextFile(file, `${first}${tunnel("second", "server", "max = 0")}`);
    const wrong = await tele(s, [`--config=${file}`]);
    assertEquals([wrong.code, wrong.stdout], [1, ""]);
    assertStringIncludes(wrong.stderr, `tele: ${file}:9:7: max takes a whole number from 1 to 1000000`);

    const second = tunnel("second", "server", `in = ":${user}"`, `out = "127.0.0.1:${taken.port}"`);
    await Deno.writeTextFile(file, `${first}${second}`);
    const failed = await tele(s, [`--config=${file}`, "--log-format=json"]);
    assertEquals([failed.code, failed.stdout], [1, ""]);
    const { level, message } = JSON.parse(failed.stderr.trim().split("\n").at(-1)!);
    assertEquals([level, message.startsWith("tunnel second cannot start: ")], ["error", true], message);

    const gone = await tele(s, [`--config=${s.home}/gone.toml`]);
    assertEquals([gone.code, gone.stderr], [
      1,
      `tele: --config=${s.home}/gone.toml cannot be read: there is no such file\n`,
    ]);
  }),
);

Deno.test(
  "--print-config prints a file that reads back the same, and --config-schema a schema",
  scenario(60_000, async (s) => {
    const file = `${s.home}/tele.toml`;
    await Deno.writeTextFile(file, `max = 5\n${tunnel("first", "server", 'in = ":22"')}`);
    const printed = await tele(s, [`--config=${file}`, "--print-config", "--log-level=debug"]);
    assertEquals([printed.code, printed.stderr], [0, ""]);
    assertStringIncludes(printed.stdout, 'log-level = "debug"\n');
    assertStringIncludes(printed.stdout, 'in = ":22"\nmax = 5\n');
    await Deno.writeTextFile(file, printed.stdout);
    assertEquals((await tele(s, [`--config=${file}`, "--print-config"])).stdout, printed.stdout);
    const schema = await tele(s, ["--config-schema"]);
    assertEquals([schema.code, JSON.parse(schema.stdout).required], [0, ["tunnel"]]);
  }),
);
