/**
 * A real HAProxy between tele client and tele server, with time-outs of three seconds, as balancers have them: which
 * idle connections live, and which carriers.
 *
 * HAProxy in TCP mode watches each of its two connections (`timeout client`, `timeout server`). What it forwards counts
 * for both: for the one that it came from, and for the one that it goes to. So pings in one direction, the server's,
 * suffice. With `option independent-streams` only what a connection sends counts for it, and both roles must send.
 */
import { assert, assertEquals } from "@std/assert";
import { startHaproxy } from "../support/haproxy.ts";
import { PROTOCOL, tlsFiles } from "../support/rfd80_peer.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { pause, within } from "../support/wait.ts";

/** How long the connections are idle, in milliseconds. */
const IDLE_MS = 15_000;

/** A balancer: lines of its section in HAProxy's configuration. */
const BOX = ["timeout client 3s", "timeout server 3s"];
/** A balancer for which only what a connection sends counts. */
const STRICT_BOX = [...BOX, "option independent-streams"];
/** A balancer whose time-out is below the second for which a session in use may be silent, so that carriers die. */
const HASTY_BOX = ["timeout client 500ms", "timeout server 500ms"];

/** One idle connection: through what, between which processes, and what becomes of it. */
interface Case {
  name: string;
  box: string[];
  /** The tele server, by its name below. */
  server: "plain 1s" | "plain 30s" | "TLS 1s" | "TLS 30s";
  /** The tele client's arguments beside addresses and files. */
  client: string[];
  lives: boolean;
  /** Whether the tele client loses its carriers; sessions only. */
  losesCarriers?: boolean;
}

const RFD80 = `--protocol=${PROTOCOL}`;
const SECOND = "--ping-interval=1s";
const HALF_MINUTE = "--ping-interval=30s";

const CASES: Case[] = [
  { name: "RFD 80 mode, 1s", box: BOX, server: "TLS 1s", client: [RFD80], lives: true },
  { name: "RFD 80 mode, 30s", box: BOX, server: "TLS 30s", client: [RFD80], lives: false },
  { name: "RFD 80 mode, 1s, strict", box: STRICT_BOX, server: "TLS 1s", client: [RFD80], lives: false },
  { name: "RFD 80 mode, 1s both, strict", box: STRICT_BOX, server: "TLS 1s", client: [RFD80, SECOND], lives: true },
  { name: "session, 1s", box: BOX, server: "plain 1s", client: [SECOND], lives: true, losesCarriers: false },
  { name: "session, 30s", box: BOX, server: "plain 30s", client: [HALF_MINUTE], lives: true },
  { name: "session, TLS, 1s", box: BOX, server: "TLS 1s", client: [SECOND], lives: true, losesCarriers: false },
  { name: "session, TLS, 30s", box: BOX, server: "TLS 30s", client: [HALF_MINUTE], lives: true },
  {
    name: "session, 30s, hasty",
    box: HASTY_BOX,
    server: "plain 30s",
    client: [HALF_MINUTE],
    lives: true,
    losesCarriers: true,
  },
];

/**
 * When an idle connection ended, in milliseconds, or `undefined` if an echo still came back after {@linkcode IDLE_MS}.
 */
async function endOfIdle(port: number): Promise<number | undefined> {
  using connection = await connectTo(port);
  await within(roundTrip(connection, "before"), 20_000, "the echo before");
  const start = performance.now();
  const pending = new Uint8Array(5);
  const reading = connection.read(pending).catch(() => null);
  const first = await Promise.race([reading, pause(IDLE_MS).then(() => "silent" as const)]);
  if (first !== "silent") {
    assertEquals(first, null, "nobody sends anything");
    return performance.now() - start;
  }
  await connection.write(new TextEncoder().encode("after"));
  assertEquals(await within(reading, 10_000, "the echo after"), 5);
  return undefined;
}

Deno.test({
  name: "HAProxy with time-outs of 3 s: pings keep RFD 80's idle connections, and sessions outlive it either way",
  ...requires("haproxy"),
  fn: scenario(90_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const tls = await tlsFiles(s);
    const routes = [`--route=${PROTOCOL}=127.0.0.1:${user.port}`, ...tls.server];
    const servers: Record<Case["server"], TeleProcess> = {
      "plain 1s": await s.server(user.port, 0, { args: [SECOND] }),
      "plain 30s": await s.server(user.port, 0, { args: [HALF_MINUTE] }),
      "TLS 1s": await s.server(user.port, 0, { args: [SECOND, ...routes] }),
      "TLS 30s": await s.server(user.port, 0, { args: [HALF_MINUTE, ...routes] }),
    };
    const ports = CASES.map(() => freePort());
    const sections = CASES.map(({ box, server }, index) => ({
      port: ports[index],
      to: servers[server].port,
      lines: box,
    }));
    await startHaproxy(s, sections);
    const clients: TeleProcess[] = [];
    for (const [index, { server, client }] of CASES.entries()) {
      const addresses = ["--in=127.0.0.1:0", `--out=localhost:${sections[index].port}`];
      clients.push(
        await s.start("client", [...addresses, ...client, ...server.startsWith("TLS") ? tls.client : []], {}),
      );
    }
    const ends = await Promise.all(clients.map((client) => endOfIdle(client.port)));
    for (const [index, { name, lives, losesCarriers }] of CASES.entries()) {
      const [end, log] = [ends[index], clients[index].log];
      const told = `${name}: ${end}\n${log.join("\n")}`;
      if (lives) assertEquals(end, undefined, told);
      else assert(end !== undefined && end > 2_000 && end < 6_000, told);
      if (losesCarriers !== undefined) {
        assertEquals(log.some((line) => line.includes("link lost")), losesCarriers, told);
      }
    }
  }),
});
