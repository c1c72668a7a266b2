/** `--status` of real processes, through an outage. */
import { assert, assertEquals } from "@std/assert";
import type { StatusReport } from "../../lib/tunnel/status/report.ts";
import { scenario } from "../support/scenario.ts";
import { onUnix, requires } from "../support/skip.ts";
import { teleCommand } from "../support/tele_process.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";

/** Asks a status address. */
async function ask(port: number, path: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, text: await answer.text() };
}

/** Asks ten times a second until it is so, for ten seconds at the most. */
async function eventually(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !await isSo(); tries++) {
    assert(tries < 100, `${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The report of a process. */
async function reportOf(port: number): Promise<StatusReport> {
  return JSON.parse((await ask(port, "/api/sessions")).text);
}

Deno.test(
  "an outage shows at both ends while it lasts, and stays in the history",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const [near, far] = [freePort(), freePort()];
    const { breaker, port } = await s.tunnel(user.port, {
      client: { args: [`--status=:${near}`] },
      server: { args: [`--status=127.0.0.1:${far}`] },
    });
    await eventually(async () => (await ask(near, "/healthz")).status === 200, "a healthy client");
    using connection = await connectTo(port);
    await roundTrip(connection, "before");
    const [client, server] = [await reportOf(near), await reportOf(far)];
    assertEquals([client.role, server.role, client.sessions[0]?.id], ["client", "server", server.sessions[0]?.id]);
    assertEquals(client.sessions[0]?.streams.map(({ id, sentBytes }) => [id, sentBytes]), [[1, 6]]);
    assertEquals(server.sessions[0]?.streams.map(({ id, receivedBytes }) => [id, receivedBytes]), [[1, 6]]);

    await breaker.refuse(true);
    breaker.reset();
    await eventually(async () => (await reportOf(near)).sessions[0]?.state === "outage", "an outage");
    const health = await ask(near, "/healthz");
    assertEquals([health.status, health.text], [503, "this tele client has no connection to its tele server\n"]);
    assertEquals((await ask(far, "/readyz")).status, 200);
    await breaker.refuse(false);
    await roundTrip(connection, "after");
    for (const port of [near, far]) {
      await eventually(
        async () => (await reportOf(port)).sessions[0]?.state === "connected",
        "the end of the outage",
      );
      const { sessions: [session], log } = await reportOf(port);
      assertEquals([session?.outages, session?.streamsOpen], [1, 1]);
      assertEquals(session?.timeline.slice(-3).map(({ kind, to }) => [kind, to === null]), [
        ["carrier", false],
        ["outage", false],
        ["carrier", true],
      ]);
      assert(log.some(({ message }) => message.includes("resumed after")), JSON.stringify(log));
    }
  }),
);

Deno.test(
  "a crowd at the status address takes nothing from the tunnel",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const status = freePort();
    const { port } = await s.tunnel(user.port, { server: { args: [`--status=:${status}`], openFiles: 256 } });
    const crowd: Deno.Conn[] = [];
    s.defer(() => crowd.forEach((connection) => connection.close()));
    for (let count = 0; count < 500; count++) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: status });
      crowd.push(connection);
      await connection.write(new TextEncoder().encode("GET /api/sessions HT")).catch(() => {});
    }
    using connection = await connectTo(port);
    await roundTrip(connection, "through the crowd");
    assertEquals((await ask(status, "/healthz")).status, 200);
  }),
);

/** What `promtool check metrics` finds in a text. */
async function promtool(text: string): Promise<{ code: number; said: string }> {
  const process = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { code, stdout, stderr } = await process.output();
  return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test({
  name: "Prometheus's own check finds no fault in what both ends tell in an outage and behind it",
  ...requires("promtool"),
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const [near, far] = [freePort(), freePort()];
    const { breaker, port } = await s.tunnel(user.port, {
      client: { args: [`--status=:${near}`] },
      server: { args: [`--status=:${far}`] },
    });
    using connection = await connectTo(port);
    await roundTrip(connection, "before");
    const sound = { code: 0, said: "" };
    const check = async (what: string) => {
      for (const port of [near, far]) assertEquals(await promtool((await ask(port, "/metrics")).text), sound, what);
    };
    await check("while all is well");
    await breaker.refuse(true);
    breaker.reset();
    await eventually(async () => (await ask(near, "/metrics")).text.includes("\ntele_tunnel_up 0\n"), "an outage");
    await check("in an outage");
    await breaker.refuse(false);
    await roundTrip(connection, "after");
    await check("behind it");
    const { text } = await ask(near, "/metrics");
    for (const line of ["tele_resumes_total 1", 'tele_carriers_total{way="TCP"} 2', "tele_outage_seconds_count 1"]) {
      assert(text.includes(`\n${line}\n`), `${line} is not in ${text}`);
    }
    assert(/^tele_carriers_lost_total\{way="TCP",reason="reset"\} 1$/m.test(text), text);
  }),
});

Deno.test(
  "one stream's life is told at both ends by the same name",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const args = ["--log-level=debug", "--log-format=json"];
    const { client, server, port } = await s.tunnel(user.port, { client: { args }, server: { args } });
    const connection = await connectTo(port);
    await roundTrip(connection, "hello");
    connection.close();
    const lives = await Promise.all([client, server].map(async (process) => {
      const began = await process.logged(/"stream \w{8}\/1 began /, 10_000);
      const went = await process.logged(/"stream \w{8}\/1 finished /, 10_000);
      return [began, went].map((line) => JSON.parse(line));
    }));
    const [[began, went], [beganThere, wentThere]] = lives as [[Fields, Fields], [Fields, Fields]];
    assertEquals([began.session, began.stream], [beganThere.session, beganThere.stream]);
    for (const { session, stream, sentBytes, receivedBytes, end } of [went, wentThere]) {
      assertEquals([session, stream, sentBytes, receivedBytes, end], [began.session, 1, 5, 5, "finished"]);
    }
  }),
);

Deno.test({
  name: "one address tells of all tunnels of a configuration, and a reload changes them and not the address",
  ...onUnix(),
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const [status, out, inner] = [freePort(), freePort(), freePort()];
    const file = `${s.home}/tele.toml`;
    const table = (name: string, role: string, ...lines: string[]) =>
      ["[[tunnel]]", `name = "${name}"`, `role = "${role}"`, ...lines, ""].join("\n");
    const far = table("far", "server", `in = "127.0.0.1:${user.port}"`, `out = "127.0.0.1:${out}"`);
    const near = table("near", "client", `in = "127.0.0.1:${inner}"`, `out = "127.0.0.1:${out}"`);
    await Deno.writeTextFile(file, `status = "127.0.0.1:${status}"\n${far}${near}`);
    const process = await s.start("config", [`--config=${file}`]);
    await eventually(async () => (await ask(status, "/healthz")).status === 200, "health");
    using connection = await connectTo(inner);
    await roundTrip(connection, "hello");
    const { role, tunnels, sessions } = await reportOf(status);
    assertEquals([role, tunnels.map(({ name }) => name).toSorted()], ["both", ["far", "near"]]);
    assertEquals(sessions.map(({ tunnel, streamsOpen }) => [tunnel, streamsOpen]).toSorted(), [["far", 1], [
      "near",
      1,
    ]]);

    await Deno.writeTextFile(file, `status = "127.0.0.1:${freePort()}"\n${far}`);
    process.signal("SIGHUP");
    await process.logged(/status changed in the configuration: that takes effect when tele starts anew/, 10_000);
    await eventually(async () => (await reportOf(status)).tunnels.length === 1, "a report of one tunnel");
    assertEquals((await process.stop("SIGTERM")).code, 0);
  }),
});

Deno.test(
  "beyond loopback a process without a secret does not start, and says what to give",
  scenario(30_000, async (s) => {
    const args = ["--server", "--in=127.0.0.1:22", "--out=127.0.0.1:0", "--status=0.0.0.0:0"];
    const { command: [program = "", ...rest], env } = await teleCommand({ role: "config", args, home: s.home });
    const { code, stderr } = await new Deno.Command(program, { args: rest, env, stdin: "null" }).output();
    assertEquals(code, 1);
    assert(new TextDecoder().decode(stderr).includes("give --status-token-file=FILE"));
  }),
);

/** A log line in JSON. */
type Fields = Record<string, string | number>;
