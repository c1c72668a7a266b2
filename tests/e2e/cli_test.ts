/** The program as a user starts it: what it prints where, and its exit codes. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { onUnix, program, requires } from "../support/skip.ts";
import { teleWords } from "../support/tele_program.ts";
import { freePort } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

const [DENO = "", ...START] = teleWords();

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs tele to its end. */
async function tele(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const command = new Deno.Command(DENO, {
    args: [...START, ...args],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...env },
    stdin: "null",
  });
  const { code, stdout, stderr } = await within(command.output(), 20_000, `tele ${args.join(" ")}`);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Checks that a wrong command line gets exit code 2 and one line, on standard error, that includes all of `words`. */
async function isRefused(args: string[], words: string[], env?: Record<string, string>): Promise<void> {
  const { code, stdout, stderr } = await tele(args, env);
  const line = JSON.stringify(args) + " " + stderr;
  assertEquals([code, stdout], [2, ""], line);
  assertMatch(stderr, /^tele: [^\n]+\n$/, line);
  assert(!/\bat .*\.m?[jt]s|Error:/.test(stderr), `no stack trace: ${line}`);
  for (const word of words) assertStringIncludes(stderr, word, line);
}

/** Waits for all, so that a failure leaves no process behind; then throws the first. */
async function allOf(checks: Promise<void>[]): Promise<void> {
  await Promise.allSettled(checks);
  await Promise.all(checks);
}

Deno.test("tele alone and --help print the same help, with the diagram, to standard output", async () => {
  const [alone, help] = await Promise.all([tele([]), tele(["--client", "--help", "--nonsense"])]);
  assertEquals([alone.code, help.code, alone.stderr, help.stderr], [0, 0, "", ""]);
  assertEquals(alone.stdout, help.stdout);
  assertStringIncludes(help.stdout, "user's client → [tele client] ~~~ network ~~~ [tele server] → user's server");
  assertStringIncludes(help.stdout, "--resume-timeout=DUR");
});

Deno.test("--version prints the version of deno.json", async () => {
  const spellings = await Promise.all([tele(["--version"]), tele(["-version"])]);
  for (const outcome of spellings) {
    assertEquals(outcome, { code: 0, stdout: `tele ${config.version}\n`, stderr: "" });
  }
});

Deno.test({
  name: "what cannot be written is exit code 1 and a line: a full disk leaves no empty token behind without a word",
  // No other system has /dev/full.
  ignore: Deno.build.os !== "linux" || requires("sh").ignore,
  async fn() {
    for (const flag of ["--make-token", "--help"]) {
      const args = ["-c", 'exec "$@" >/dev/full', "sh", ...teleWords(), flag];
      const running = new Deno.Command(program("sh"), { args, stdin: "null" }).output();
      const { code, stderr } = await within(running, 20_000, `tele ${flag}`);
      const said = "tele: cannot write to standard output: no space left on device\n";
      assertEquals([code, new TextDecoder().decode(stderr)], [1, said], flag);
    }
  },
});

Deno.test("wrong command lines get exit code 2 and one line that says what to write", async () => {
  await allOf([
    isRefused(["--server"], ["--server needs --in=ADDR", "--in=:22"]),
    isRefused(["--client", "--in=:2222"], ["--client needs --out=ADDR", "tele server"]),
    isRefused(["--in=:22"], ["--server", "--client", "--help"]),
    isRefused(["-server", "-in=:22", "-otu=:40300"], ["--otu", "--out"]),
    isRefused(["--server", "--in=22"], ["--in", ":22"]),
    isRefused(["--client", "--out=:1", "--ping-interval=soon"], ["--ping-interval", "30s"]),
  ]);
  await allOf([
    isRefused(["--server", "--client"], ["--server and --client"]),
    isRefused(["--client", "--out=:1", "--stdio", "--max=2"], ["--max is for many connections"]),
    isRefused(["--server", "--route=mysql=:3306"], ["--route needs TLS", "--tls-cert=FILE"]),
    isRefused(["--client", "--out=:1"], ["TELE_TOKEN is set but empty"], { TELE_TOKEN: "" }),
    isRefused(["--client", "--out=:1", "--protocol=x"], ["TELE_TOKEN"], { TELE_TOKEN: "secret" }),
    isRefused(["--server", "--in=two\nlines:22"], ["two\\nlines"]),
    isRefused(["--server", "--in=:22", "extra"], ['"extra"']),
  ]);
});

Deno.test("--make-cert writes two files and says what to do next; the second time it changes nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const args = [`--make-cert=${folder}/tls`, "--host=example.com,localhost"];
    // A token in the environment has nothing to do with it.
    const first = await tele(args, { TELE_TOKEN: "secret" });
    assertEquals([first.code, first.stderr], [0, ""]);
    assertStringIncludes(first.stdout, `wrote ${folder}/tls/cert.pem and ${folder}/tls/key.pem\n`);
    assertStringIncludes(first.stdout, "tele --client --in=:2222 --out=example.com:40300 --tls-ca=cert.pem\n");
    const written = await Deno.readTextFile(`${folder}/tls/key.pem`);
    const second = await tele(args);
    assertEquals([second.code, second.stdout], [1, ""]);
    assertMatch(second.stderr, /^tele: [^\n]+\/key\.pem exists and is left as it is; nothing was written[^\n]*\n$/);
    assertEquals(await Deno.readTextFile(`${folder}/tls/key.pem`), written);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a port that is taken gets exit code 1 and one line", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${taken.addr.port}`;
  const [server, client, swapped] = await Promise.all([
    tele(["--server", "--in=:22", `--out=${address}`]),
    tele(["--client", `--in=${address}`, "--out=127.0.0.1:1"]),
    tele(["--client", "--in=192.0.2.1:40300", "--out=127.0.0.1:1"]),
  ]);
  const sentence = `tele: cannot listen on ${address}: another program does; choose another port`;
  const hint = "; if it is the user's server, give its address to --in, and to --out a port for tele clients";
  assertEquals(server, { code: 1, stdout: "", stderr: `${sentence}${hint}\n` });
  assertEquals(client, { code: 1, stdout: "", stderr: `${sentence}\n` });
  assertEquals([swapped.code, swapped.stdout], [1, ""]);
  assertStringIncludes(
    swapped.stderr,
    "tele: cannot listen on 192.0.2.1:40300: this machine does not have that address",
  );
  assertStringIncludes(swapped.stderr, "--out is the tele server: are the two swapped?\n");
});

Deno.test("a unix socket that cannot be made gets exit code 1 and one line that names it", onUnix(), async () => {
  const { code, stdout, stderr } = await tele(["--server", "--in=:22", "--out=unix:/no/such/folder/tele.sock"]);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^tele: cannot listen on unix:\/no\/such\/folder\/tele\.sock: [^\n]+\n$/);
});

/** Runs a role for as long as it takes to say `lines` lines, in the order in which a terminal would show them. */
async function onScreen(args: string[], lines: number): Promise<string[]> {
  const command = '"$@" 2>&1 & trap "kill $!" TERM; wait; wait';
  const child = new Deno.Command(program("sh"), {
    args: ["-c", command, "sh", ...teleWords(), ...args],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let screen = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) screen += text;
  })();
  try {
    await until(() => screen.split("\n").length > lines, 20_000, `${lines} lines of tele ${args.join(" ")}: ${screen}`);
  } finally {
    child.kill("SIGTERM");
    await within(Promise.all([child.status, reading]), 10_000, "the end");
  }
  return screen.split("\n").slice(0, lines);
}

Deno.test("the ready line comes first, and below it what stands open to everyone", onUnix("sh"), async () => {
  const port = freePort();
  const [server, client] = await Promise.all([
    onScreen(["--server", "--in=:22", "--out=0.0.0.0:0"], 2),
    onScreen(["--client", `--in=0.0.0.0:${port}`, "--out=127.0.0.1:1"], 2),
  ]);
  assertMatch(server[0]!, /^tele server ready: /);
  assertMatch(
    server[1]!,
    / warn {2}anyone who can reach 0\.0\.0\.0:\d+ can connect to :22 through it: --token-file=FILE/,
  );
  assertMatch(client[0]!, /^tele client ready: /);
  assertStringIncludes(
    client[1]!,
    ` warn  anyone who can reach 0.0.0.0:${port} can use this tunnel: --in=:${port} listens for this machine's`,
  );
});

Deno.test("a client that listens on loopback warns of nobody", onUnix("sh"), async () => {
  const lines = await onScreen(["--client", "--in=:0", "--out=127.0.0.1:1"], 3);
  assertMatch(lines[0]!, /^tele client ready: /);
  assertStringIncludes(lines.join("\n"), "no tele server yet: 127.0.0.1:1: connection refused");
  assertEquals(lines.filter((line) => line.includes("anyone who can reach")), []);
});

Deno.test("with --log-format=json the ready line is an object too", onUnix("sh"), async () => {
  const lines = await onScreen(["--server", "--in=:22", "--out=0.0.0.0:0", "--log-format=json"], 2);
  const [ready, warning] = lines.map((line) => JSON.parse(line));
  assertEquals(Object.keys(ready), ["time", "level", "message", "listens"]);
  assertMatch(ready.listens, /^0\.0\.0\.0:\d+$/);
  assertStringIncludes(ready.message, `tele server ready: tele clients connect to ${ready.listens},`);
  assertEquals(warning.level, "warn");
});

Deno.test("with --log-format=json why a role cannot start is an object too", async () => {
  const { code, stdout, stderr } = await tele(["--server", "--in=:22", "--token-file=/nowhere", "--log-format=json"]);
  assertEquals([code, stdout], [1, ""]);
  const { level, message } = JSON.parse(stderr);
  assertEquals(level, "error");
  assertStringIncludes(message, "cannot read the token from --token-file=/nowhere: there is no such file");
});

Deno.test(
  "a role says on one line of standard output that it is ready, and ends with 0 when asked to",
  onUnix(),
  async () => {
    const child = new Deno.Command(DENO, {
      args: [...START, "--server", "--in=:22", "--out=127.0.0.1:0"],
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await within(reader.read(), 20_000, "the ready line");
    assertMatch(value ?? "", /^tele server ready: tele clients connect to 127\.0\.0\.1:\d+, user's server is :22\n$/);
    child.kill("SIGTERM");
    const [{ code }, rest, log] = await within(
      Promise.all([child.status, reader.read(), new Response(child.stderr).text()]),
      10_000,
      "the end",
    );
    assertEquals([code, rest.done], [0, true]);
    assertMatch(log, /^\S+ info +ended by SIGTERM\n$/);
  },
);
