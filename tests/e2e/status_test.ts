/** `--status` of real processes, through an outage. */
import { assert, assertEquals } from "@std/assert";
import type { StatusReport } from "../../lib/tunnel/status/report.ts";
import { scenario } from "../support/scenario.ts";
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
