/**
 * `tele doctor` with what can be wrong on the way to a tele server: each fault is found by the step that meets it, with
 * a sentence that says what to change; and no session is left behind where a server was reached.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startHaproxy } from "../support/haproxy.ts";
import { KeyFiles, makeTestToken } from "../support/key_files.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { onUnix, requires } from "../support/skip.ts";
import { teleCommand, type TeleProcess } from "../support/tele_process.ts";
import { freePort } from "../support/user_programs.ts";
import { until } from "../support/wait.ts";

/** What a doctor has said. */
interface Report {
  code: number;
  /** Its lines, each as `ok STEP` or `FAIL STEP`. */
  steps: string[];
  /** What it says of the step that failed. */
  failure: string;
  errors: string;
}

/** Runs a doctor that is in a hurry. */
async function doctor(s: Scenario, ...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await (await doctorCommand(s, args)).output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  const parts = lines.map((line) => /^(ok|FAIL) +(\S+(?: \S+)?) +[\d.]+ (?:ms|s|min) {2}(.*)$/.exec(line) ?? [line]);
  return {
    code,
    steps: parts.map(([line, verdict, step]) => verdict === undefined ? line : `${verdict} ${step}`),
    failure: parts.find(([, verdict]) => verdict === "FAIL")?.[3] ?? "",
    errors: new TextDecoder().decode(stderr),
  };
}

async function doctorCommand(s: Scenario, args: string[]): Promise<Deno.Command> {
  const role = "client";
  const hurry = ["--idle=1s", "--wait=2s"].filter((option) =>
    !args.some((arg) => arg.startsWith(option.replace(/=.*/, "=")))
  );
  const { command, env } = await teleCommand({ role, args: [...hurry, ...args], home: s.home });
  const [program, ...rest] = command.map((word) => word === `--${role}` ? "doctor" : word);
  return new Deno.Command(program!, { args: rest, env, stdin: "null", stdout: "piped", stderr: "piped" });
}

/** Checks that everything works by these steps. */
function assertWell({ code, steps, errors }: Report, ...way: string[]): void {
  const all = [...way, "handshake", "token", "round trip", "loss", "idle"];
  assertEquals({ code, steps, errors }, { code: 0, steps: all.map((step) => `ok ${step}`), errors: "" });
}

/** Checks which step fails, and what is said of it. */
function assertFails(report: Report, step: string, says: RegExp): void {
  assertEquals([report.code, report.steps.at(-1), report.errors], [1, `FAIL ${step}`, ""], report.steps.join(", "));
  assertMatch(report.failure, says);
}

/** Checks that a server has ended every session that it began. */
async function assertNoneLeft(server: TeleProcess, sessions: number): Promise<void> {
  const count = (words: RegExp) => server.log.filter((line) => words.test(line)).length;
  await until(() => count(/session \w+ ended: tele doctor has seen enough$/) === sessions, 5_000, "the last goodbye");
  assertEquals(count(/session \w+ began/), sessions);
  assertEquals(count(/session \w+ resumed after/), sessions);
}

Deno.test({
  name: "by each way everything is found to work, and no session is left at the server",
  ...onUnix("socat"),
  fn: scenario(60_000, async (s) => {
    const keys = await KeyFiles.make(s.home);
    const [plain, tls] = await Promise.all([
      s.server(1, 0, { args: keys.tokenArgs }),
      s.server(1, 0, { args: [...await keys.serverArgs("server"), ...keys.tokenArgs] }),
    ]);
    const [byName, byWebSocket, byCommand, byTls] = await Promise.all([
      doctor(s, `--out=localhost:${plain.port}`, ...keys.tokenArgs),
      doctor(s, `--out=ws://127.0.0.1:${plain.port}/tele`, ...keys.tokenArgs),
      doctor(s, `--out=exec:socat - TCP:127.0.0.1:${plain.port}`, ...keys.tokenArgs),
      doctor(s, `--out=wss://127.0.0.1:${tls.port}/`, ...keys.clientArgs, ...keys.tokenArgs, "--encryption=always"),
    ]);
    assertWell(byName, "name", "connection", "seal");
    assertWell(byWebSocket, "connection", "websocket", "seal");
    assertWell(byCommand, "command", "seal");
    assertWell(byTls, "connection", "tls", "websocket", "seal");
    await assertNoneLeft(plain, 3);
    await assertNoneLeft(tls, 1);
  }),
});

Deno.test(
  "each fault is found by the step that meets it, with what to change",
  scenario(60_000, async (s) => {
    const keys = await KeyFiles.make(s.home);
    const other = await keys.write("other", makeTestToken());
    const server = await s.server(1, 0, { args: keys.tokenArgs });
    const tls = await s.server(1, 0, { args: await keys.serverArgs("server") });
    const silent = s.use(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    const web = s.use(
      Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response("a page")),
    );
    const proxy = s.use(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    const answering = (async () => {
      for await (const connection of proxy) {
        await connection.read(new Uint8Array(1024));
        const answer = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n";
        await connection.write(new TextEncoder().encode(answer));
        connection.close();
      }
    })();

    const out = (port: number) => `--out=127.0.0.1:${port}`;
    const port = (listener: Deno.Listener) => (listener.addr as Deno.NetAddr).port;
    const byProxy = `--proxy=http://127.0.0.1:${port(proxy)}`;
    const [name, refused, hole, token, none, certificate, asking, page, sealedPage] = await Promise.all([
      doctor(s, "--out=no-such-host.invalid:40300"),
      doctor(s, out(freePort())),
      doctor(s, out(port(silent)), "--wait=500ms"),
      doctor(s, out(server.port), `--token-file=${other}`),
      doctor(s, out(server.port)),
      doctor(s, out(tls.port), "--tls"),
      doctor(s, "--out=tele.example:443", byProxy),
      doctor(s, out(web.addr.port)),
      doctor(s, out(web.addr.port), ...keys.tokenArgs),
    ]);
    assertFails(name, "name", /^no-such-host\.invalid: the name cannot be resolved; correct the name, or this machine/);
    assertFails(refused, "connection", /: connection refused; nobody listens there: start the tele server with --out/);
    assertFails(hole, "handshake", /^the connection is accepted, but no tele server answers on it; is that port the/);
    assertFails(token, "token", /token/);
    assertFails(none, "handshake", /the tele server wants a token: set TELE_TOKEN or --token-file/);
    assertFails(certificate, "tls", /certificate.*--tls-ca/);
    // Whichever option or variable named the proxy.
    assertMatch(asking.errors, /^\S+ info {2}the tele server is reached by the proxy \S+ \(--proxy\)\n$/);
    assertFails(
      { ...asking, errors: "" },
      "connection",
      /the proxy http:\/\/127\.0\.0\.1:\d+ .*(name and password|log in|login|407)/,
    );
    assertFails(page, "handshake", /web server|HTTP/);
    assertFails(sealedPage, "seal", /web server|HTTP/);
    assertEquals(asking.steps, ["ok proxy", "FAIL connection"]);
    assertEquals(token.steps.slice(0, 3), ["ok connection", "ok seal", "ok handshake"]);
    assertEquals(server.log.filter((line) => /session \w+ began/.test(line)), []);
    proxy.close();
    await answering;
  }),
);

Deno.test({
  name: "a middle box that drops idle connections after 3 s is told, with the interval that helps",
  ...requires("haproxy"),
  fn: scenario(60_000, async (s) => {
    const server = await s.server(1);
    const port = freePort();
    await startHaproxy(s, [{ port, to: server.port, lines: ["timeout client 3s", "timeout server 3s"] }]);
    const report = await doctor(s, `--out=127.0.0.1:${port}`, "--idle=4s");
    assertFails(report, "idle", /^a connection that was silent died after (2\.9|3|3\.1|3\.2) s \(it was closed\): /);
    assertMatch(report.failure, /drops idle connections; give --ping-interval=1(s|\d00ms) to both sides/);
    assertEquals(report.steps, [
      ...["connection", "handshake", "token", "round trip", "loss"].map((step) => `ok ${step}`),
      "FAIL idle",
    ]);
    await assertNoneLeft(server, 1);
  }),
});

Deno.test({
  name: "Ctrl-C in the middle ends a doctor with code 1, and the server is told",
  ...onUnix(),
  fn: scenario(60_000, async (s) => {
    const server = await s.server(1);
    const child = (await doctorCommand(s, [`--out=127.0.0.1:${server.port}`, "--idle=8s"])).spawn();
    await until(() => server.log.some((line) => /resumed after/.test(line)), 10_000, "the doctor at work");
    child.kill("SIGINT");
    const { code, stdout } = await child.output();
    assertEquals(code, 1);
    assert(new TextDecoder().decode(stdout).endsWith("ended by SIGINT\n"));
    await assertNoneLeft(server, 1);
  }),
});
