/**
 * A real HAProxy between tele client and tele server, with time-outs of three seconds, as balancers have them: which
 * idle connections live, and which carriers.
 *
 * HAProxy in TCP mode watches each of its two connections (`timeout client`, `timeout server`). What it forwards counts
 * for both: for the one that it came from, and for the one that it goes to. So pings in one direction, the server's,
 * suffice. With `option independent-streams` only what a connection sends counts for it, and both roles must send.
 */
import { assert, assertEquals } from "@std/assert";
import { PROTOCOL, tlsFiles } from "../support/rfd80_peer.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";
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

/** A `listen` section from each port to its target. */
interface Section {
  port: number;
  to: number;
  lines: string[];
}

/** Runs HAProxy until the test ends. */
async function startHaproxy(s: Scenario, sections: Section[]): Promise<void> {
  const file = `${s.home}/haproxy.cfg`;
  const administration = `${s.home}/haproxy.sock`;
  const configuration = [
    "global",
    `  stats socket ${administration}`,
    "defaults",
    "  mode tcp",
    "  timeout connect 5s",
    ...sections.flatMap(({ port, to, lines }) => [
      `listen box${port}`,
      `  bind 127.0.0.1:${port}`,
      ...lines.map((line) => `  ${line}`),
      `  server tele 127.0.0.1:${to}`,
    ]),
    "",
  ];
  await Deno.writeTextFile(file, configuration.join("\n"));
  const child = new Deno.Command(program("haproxy"), {
    args: ["-db", "-f", file],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let ended = false;
  const said = child.stderr.pipeThrough(new TextDecoderStream());
  let text = "";
  const reading = (async () => {
    for await (const part of said) text += part;
    ended = true;
  })();
  s.defer(async () => {
    if (!ended) child.kill("SIGKILL");
    await Promise.all([child.status, reading]);
  });
  await within(
    (async () => {
      while (!ended && !await isServing(administration)) await pause(10);
    })(),
    10_000,
    "HAProxy",
  );
  if (ended) throw new Error(`HAProxy ended: ${text}`);
}

/**
 * Whether HAProxy answers its administrator, which it does once all its ports are bound. (To try one of the ports would
 * either keep HAProxy from binding it, or be a connection that a tele server wonders about.)
 */
async function isServing(administration: string): Promise<boolean> {
  try {
    using connection = await Deno.connect({ transport: "unix", path: administration });
    await connection.write(new TextEncoder().encode("show info\n"));
    return await connection.read(new Uint8Array(64)) !== null;
  } catch {
    return false;
  }
}

/** Ports that are free now, all different. */
function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  return listeners.map((listener) => {
    listener.close();
    return listener.addr.port;
  });
}

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
    const ports = freePorts(CASES.length);
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
