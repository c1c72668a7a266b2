import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ownToken } from "../../../../lib/session/handshake/own_token.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { DoctorWorld } from "../../../support/doctor_world.ts";

const ALL = ["connection", "handshake", "token", "round trip", "loss", "idle"];

/** The last thing that was found. */
function last(world: DoctorWorld): string {
  return world.findings.at(-1)?.text ?? "";
}

Deno.test("where all is well each step says so, and nothing is left at the server", async () => {
  const world = new DoctorWorld();
  assertEquals(await world.clock.run(world.examine()), true);
  assertEquals(world.steps, ALL.map((step) => `ok ${step}`));
  assertEquals(world.findings[2]!.text, "the server begins a session; neither side has a token");
  assertStringIncludes(world.findings[3]!.text, "20 ms; of 5 the shortest 20 ms");
  assertEquals(last(world), "a connection lives through 4 s of silence");
  assertEquals([world.server.sessionCount, world.findings[5]!.tookMs >= 4_000], [0, true]);
});

Deno.test("a name is resolved first, and one that cannot be is the end", async () => {
  const world = new DoctorWorld();
  const resolve = (host: string) => Promise.resolve(host === "example.com" ? ["192.0.2.1", "2001:db8::1"] : []);
  await world.clock.run(world.examine({ resolve }, ["--out=example.com:1"]));
  assertEquals(world.findings[0]!.text, "example.com is 192.0.2.1, 2001:db8::1");
  const other = new DoctorWorld();
  assertEquals(await other.clock.run(other.examine({}, ["--out=example.com:1"])), false);
  assertEquals([other.steps, other.network.dials], [["FAIL name"], 0]);
  assertStringIncludes(last(other), "example.com: the name cannot be resolved; correct the name");
});

Deno.test("name servers that do not answer are told as that, and not as a host that is off", async () => {
  const world = new DoctorWorld();
  const resolve = () => new Promise<string[]>(() => {});
  assertEquals(await world.clock.run(world.examine({ resolve }, ["--out=example.com:1"])), false);
  assertEquals([world.steps, world.network.dials], [["FAIL name"], 0]);
  const advice = "is this machine's network up, and does its DNS work?";
  assertEquals(last(world), `example.com: no name server answers; ${advice}`);
});

Deno.test("a black hole fails the connection after the limit for a step", async () => {
  const world = new DoctorWorld();
  world.network.state = "unreachable";
  assertEquals(await world.clock.run(world.examine({ waitMs: 700 })), false);
  assertEquals([world.steps, world.findings[0]!.tookMs], [["FAIL connection"], 700]);
  assertMatch(last(world), /^nobody answers the attempts to connect, .*; is the host on, is the address right/);
});

Deno.test("a wrong token fails its own step", async () => {
  const token = new Uint8Array(32).fill(1);
  const world = new DoctorWorld({ token });
  const other = ownToken({ token: new Uint8Array(32).fill(2) });
  assertEquals(await world.clock.run(world.examine({ token: other, isGuarded: true })), false);
  assertEquals(world.steps, ["ok connection", "ok handshake", "FAIL token"]);
  const right = new DoctorWorld({ token });
  await right.clock.run(right.examine({ token: ownToken({ token }), isGuarded: true }));
  assertEquals(right.findings[2]!.text, "the server has the same token");
});

Deno.test("a server that knows no services fails a client that asks for one by its name", async () => {
  const args = ["--out=192.0.2.1:1", "--forward=:5432=db"];
  const world = new DoctorWorld();
  assertEquals(await world.clock.run(world.examine({ idleMs: 1_000 }, args)), false);
  assertEquals(world.steps, ["ok connection", "ok handshake", "FAIL token"]);
  assertStringIncludes(last(world), "start this side without --forward");
  const other = new DoctorWorld({ hasServices: true });
  assertEquals(await other.clock.run(other.examine({ idleMs: 1_000 }, args)), true);
});

Deno.test("a balancer that leads the second connection to another server is found by the loss of the first", async () => {
  const world = new DoctorWorld();
  const first = world.server;
  world.network.onPipe = (_, index) => {
    if (index === 1) world.server = world.makeServer();
  };
  assertEquals(await world.clock.run(world.examine({ idleMs: 1_000 })), false);
  assertEquals(world.steps.at(-1), "FAIL loss");
  assertMatch(last(world), /a tele server that does not know the session; let a balancer lead/);
  // Nobody could tell the first one.
  assertEquals(first.sessionCount, 1);
});

Deno.test("a box that closes idle connections after 3 s is found, to the second, and the session is ended", async () => {
  const world = new DoctorWorld();
  world.network.onPipe = (pipe, index) => {
    if (index >= 2) world.clock.setTimer(() => pipe.b.close(), 3_020);
  };
  assertEquals(await world.clock.run(world.examine()), false);
  assertEquals(world.steps, [...ALL.slice(0, 5).map((step) => `ok ${step}`), "FAIL idle"]);
  assertMatch(last(world), /^a connection that was silent died after 3 s \(it was closed\): .*--ping-interval=1\d00ms/);
  assertEquals(world.server.sessionCount, 0);
});

Deno.test("a box that forgets idle connections silently is found by the next sign of life", async () => {
  const world = new DoctorWorld();
  world.network.onPipe = (pipe, index) => {
    if (index >= 2) world.clock.setTimer(() => pipe.blackHole(), 3_020);
  };
  assertEquals(await world.clock.run(world.examine()), false);
  // Of 1, 2 and 4 s the last is the first that dies.
  assertMatch(last(world), /^a connection that was silent died after 4 s \(nothing comes back on it\): /);
  assertEquals(world.server.sessionCount, 0);
});

Deno.test("a long wait holds an idle connection as a client would, and tells when it is lost", async () => {
  const world = new DoctorWorld();
  assertEquals(await world.clock.run(world.examine({ idleMs: 300_000 }), 1_000_000), true);
  assertEquals(last(world), "a connection lives for 5 min idle, with --ping-interval=30s here");
  const other = new DoctorWorld();
  other.network.onPipe = (pipe, index) => {
    if (index === 1) other.clock.setTimer(() => pipe.cut(), 100_000);
  };
  assertEquals(await other.clock.run(other.examine({ idleMs: 300_000 }), 1_000_000), false);
  assertMatch(last(other), /^an idle connection was lost after 1 min 3\d s \(connection reset\), with/);
  assertEquals(other.server.sessionCount, 0);
});

Deno.test("who gives up in the middle has the server told", async () => {
  const world = new DoctorWorld();
  const giveUp = new AbortController();
  const examining = world.examine({ signal: giveUp.signal });
  await world.clock.advanceUntil(() => world.findings.length === 5, 10_000);
  giveUp.abort(new TeleError("closed", "ended by SIGINT"));
  assertEquals(await world.clock.run(examining), false);
  assertEquals([last(world), world.server.sessionCount], ["ended by SIGINT", 0]);
});
