/**
 * What every way to the tele server must stand: cuts, a black hole, idleness, a half-close, and many bytes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { dialWay } from "../../lib/net/dial_way.ts";
import type { Way } from "../../lib/net/way.ts";
import type { Breaker } from "./breaker.ts";
import { sha256 } from "./random.ts";
import type { ProcessOptions, Scenario } from "./scenario.ts";
import type { TeleProcess } from "./tele_process.ts";
import {
  byFirstByte,
  connectTo,
  echo,
  endingOf,
  type Exchange,
  type Handler,
  receive,
  receiveText,
  roundTrip,
  send,
  sum,
  UserServer,
  writeAll,
} from "./user_programs.ts";
import { pause, until, within } from "./wait.ts";

/** Bytes that the user's server and the user's client send while the way is cut. */
const [DOWN_BYTES, UP_BYTES] = [32 << 20, 4 << 20];

/** How long nothing is sent, in milliseconds: more than the time-out of the middle boxes that tests set up. */
export const IDLE_MS = 6_000;

/** A tunnel whose client reaches the server by the way under test, and has a breaker in front of the server. */
export interface WayUnderTest {
  /** Stands in for the tele server. */
  breaker: Breaker;
  /** The tele client. */
  client: TeleProcess;
  /** The user's server, which takes the first byte for what is asked of it. */
  user: UserServer;
  /** What it said of each exchange. */
  reports: Exchange[];
}

/**
 * Starts the tele server, a breaker in front of it, and the tele client.
 *
 * @param clientArgs How the client reaches the breaker, by its port; the rest is set here.
 */
export async function startWay(
  s: Scenario,
  clientArgs: (port: number) => string[] | Promise<string[]>,
  options: { server?: ProcessOptions; client?: ProcessOptions } = {},
): Promise<WayUnderTest> {
  const reports: Exchange[] = [];
  const exchanges: Handler = async (connection) => {
    const [sentSha256, received] = await Promise.all([send(connection, DOWN_BYTES, 2), receive(connection)]);
    reports.push({ sentSha256, receivedSha256: received.sha256, receivedBytes: received.bytes });
  };
  const user = s.use(new UserServer(byFirstByte({ e: echo, s: sum, x: exchanges })));
  const server = await s.server(user.port, 0, options.server);
  const breaker = await s.breaker(server.port);
  const args = ["--in=127.0.0.1:0", "--ping-interval=1s", "--log-level=debug", ...await clientArgs(breaker.port)];
  const client = await s.start("client", args, options.client);
  return { breaker, client, user, reports };
}

/** A connection to the user's server, which is to do what `letter` says. */
async function open({ client }: WayUnderTest, letter: string): Promise<Deno.TcpConn> {
  const connection = await connectTo(client.port);
  await writeAll(connection, new TextEncoder().encode(letter));
  return connection;
}

/**
 * A connection that idles while the middle box's time-out passes, and a half-close beside it; then 32 MiB, against 4
 * the other way, through three cuts and a black hole. The user's programs see nothing but time.
 */
export async function standsEverything(way: WayUnderTest): Promise<void> {
  using idle = await open(way, "e");
  await within(roundTrip(idle, "before"), 20_000, "the first echo");
  const lostBefore = losses(way);
  await Promise.all([pause(IDLE_MS), halfCloses(way)]);
  await within(roundTrip(idle, "after"), 20_000, "the echo behind the idleness");
  assertEquals(losses(way), lostBefore, "pings keep an idle carrier");
  await within(exchangeThroughCuts(way), 60_000, "32 MiB through cuts and a black hole");
  await within(roundTrip(idle, "at the end"), 20_000, "the last echo");
  assertEquals(way.user.errors, []);
}

/**
 * That the middle box ends what is silent for less than carriers have to idle, or their idleness would try nothing.
 *
 * @param to The way, by a port of 127.0.0.1.
 */
export async function endsWhatIsSilent(to: (port: number) => Way): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const duplex = await dialWay(to(listener.addr.port));
  try {
    using accepted = await within(accepting, 10_000, "a connection by the middle box");
    await accepted.write(new Uint8Array(1));
    await duplex.read(new Uint8Array(1));
    assertEquals(await within(duplex.read(new Uint8Array(1)), IDLE_MS, "the end of what is silent"), null);
  } finally {
    duplex.close();
  }
}

/** The log lines of the client about carriers that it lost. */
function losses({ client }: WayUnderTest): string[] {
  return client.log.filter((line) => line.includes("link lost"));
}

async function halfCloses(way: WayUnderTest): Promise<void> {
  using connection = await open(way, "s");
  await writeAll(connection, new TextEncoder().encode("all of it"));
  await connection.closeWrite();
  const answer = await within(receiveText(connection), 20_000, "the answer behind the half-close");
  assertEquals(answer, await sha256(new TextEncoder().encode("all of it")));
}

async function exchangeThroughCuts(way: WayUnderTest): Promise<void> {
  const { breaker, reports } = way;
  using connection = await open(way, "x");
  const bytesBefore = breaker.bytes;
  const exchanging = Promise.all([send(connection, UP_BYTES, 1), receive(connection)]);
  exchanging.catch(() => {});
  for (let outage = 1; outage <= 4; outage++) {
    await breaker.reached(bytesBefore + outage * DOWN_BYTES / 6);
    assert(breaker.open > 0, `no carrier at outage ${outage}`);
    if (outage === 4) breaker.strand();
    else if (outage === 2) breaker.close();
    else breaker.reset();
  }
  const [sentSha256, received] = await exchanging;
  await until(() => reports.length === 1, 10_000, "the user's server's report");
  const [report] = reports;
  assertEquals([received.bytes, report!.receivedBytes], [DOWN_BYTES, UP_BYTES]);
  assertEquals([received.sha256, sentSha256], [report!.sentSha256, report!.receivedSha256]);
}

/** The first warning of a client that cannot reach its server, whose user is told by an end at once. */
export async function refusal(s: Scenario, ...args: string[]): Promise<string> {
  const client = await s.start("client", ["--in=127.0.0.1:0", ...args]);
  // The client may know already, and reset a connection that this side has not seen yet.
  using user = await connectTo(client.port).catch((error) => {
    if (error instanceof Deno.errors.ConnectionReset) return undefined;
    throw error;
  });
  if (user !== undefined) await within(endingOf(user), 10_000, "the end of the user's connection");
  await client.stop();
  return client.log.find((line) => / (warn|error) /.test(line)) ?? "";
}
