/** What is known of the process. */
import { assertEquals } from "@std/assert";
import type { Session } from "../../../../lib/session/session.ts";
import { MOST_SESSIONS } from "../../../../lib/tunnel/status/report.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { aStatus, StatusWorld } from "../../../support/status_world.ts";

Deno.test("a process with two tunnels tells of both, and their worst state", async () => {
  await using world = new StatusWorld();
  const { role, state, tunnels, version } = world.status.report();
  assertEquals([role, state, version], ["both", "waiting", "1.2.3"]);
  assertEquals(tunnels.map(({ name, state }) => [name, state]), [["near", "waiting"], ["far", "serving"]]);
  await world.mux.attached();
  world.mux.open();
  await world.mux.clock.advance(100);
  const report = world.status.report();
  assertEquals([report.state, report.streamsOpen, report.sessions.length], ["serving", 2, 2]);
  assertEquals(report.memory, { usedBytes: report.memory.usedBytes, limitBytes: 1_000_000 });
  assertEquals(new Set(report.sessions.map(({ tunnel }) => tunnel)), new Set(["near", "far"]));
});

Deno.test("a tunnel that is over is not told of any more", () => {
  const status = aStatus();
  const tunnel = status.add({ name: "one", role: "server" });
  assertEquals(status.report().role, "server");
  status.remove(tunnel);
  assertEquals([status.report().tunnels, status.report().state], [[], "serving"]);
});

Deno.test("lines of the log are in the report", () => {
  const status = aStatus();
  status.beside(() => {})("warn", "link lost");
  assertEquals(status.report().log.map(({ message }) => message), ["link lost"]);
});

/** A session that does nothing. */
function idleSession(name: string): Session {
  const carriers = { remainders: { againBytes: 0 } };
  return { name, takenThereBytes: 0, lastRoundTripMs: 0, carriers, upper: {} } as unknown as Session;
}

Deno.test("of very many sessions those in the longest outages come first, and the rest is counted", async () => {
  const clock = new FakeClock();
  const status = aStatus(clock);
  const tunnel = status.add({ name: undefined, role: "server" });
  const attached = { lane: "quiet", path: 0, way: "TCP" };
  const carrierOf = (number: number) => ({ number, peer: "", taken: 0, silentMs: 0, roundTripMs: 0, log: {} });
  for (let at = 0; at < MOST_SESSIONS + 20; at++) {
    const session = idleSession(String(at));
    tunnel.sessionMade(session);
    const carrier = { ...attached, carrier: carrierOf(at) } as unknown as Parameters<typeof tunnel.carrierAttached>[1];
    tunnel.carrierAttached(session, carrier);
    if (at === 50 || at === 110) tunnel.carrierGone(session, carrier, "reset");
    await clock.advance(10);
  }
  const { sessions, sessionsOmitted } = status.report();
  assertEquals([sessions.length, sessionsOmitted], [MOST_SESSIONS, 20]);
  assertEquals(sessions.slice(0, 4).map(({ id }) => id), ["50", "110", "0", "1"]);
});
