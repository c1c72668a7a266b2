/** Handshakes that meet or that break, with real processes: what the network does here is exact, by the frame. */
import { readU32 } from "../../lib/net/bytes.ts";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { DenoDuplex } from "../../lib/net/deno_duplex.ts";
import { RecordType } from "../../lib/mux/mux_constants.ts";
import { writeDataHeader } from "../../lib/mux/records.ts";
import { FrameDecoder } from "../../lib/ping/codec.ts";
import { FrameType, MAX_SESSION_FRAME_BYTES } from "../../lib/session/session_constants.ts";
import { type Accepted, ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { counted, open } from "../sim/rogue.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { closeQuietly, connectTo, echo, roundTrip, UserServer, writeAll } from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";

// ---------------------------------------------------------------------------------------------------------------------
// A carrier that dies in the middle of a handshake
// ---------------------------------------------------------------------------------------------------------------------

/** Where a carrier ends. */
interface Death {
  /** The direction whose second frame does not arrive: the client's is its commit, the server's is the accept. */
  missing: "commit" | "accept";
  /** Whether the ends learn of it. */
  isSilent: boolean;
}

const DEATHS: Death[] = [
  { missing: "accept", isSilent: false },
  { missing: "commit", isSilent: false },
  { missing: "accept", isSilent: true },
  { missing: "commit", isSilent: true },
  { missing: "accept", isSilent: false },
];

/** A relay whose first carriers die as they are told, one after the other. */
class DeadlyRelay implements Disposable {
  readonly port: number;
  /** Carriers that have died as they were told. */
  died = 0;
  readonly #listener: Deno.TcpListener;
  readonly #connections: Deno.TcpConn[] = [];

  constructor(to: number, deaths: Death[]) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#serve(to, [...deaths]).catch(() => {});
  }

  async #serve(to: number, deaths: Death[]): Promise<void> {
    for await (const near of this.#listener) {
      const far = await connectTo(to);
      this.#connections.push(near, far);
      const death = deaths.shift();
      this.#relay(near, far, death?.missing === "commit" ? death : undefined).catch(() => {});
      this.#relay(far, near, death?.missing === "accept" ? death : undefined).catch(() => {});
    }
  }

  async #relay(from: Deno.TcpConn, into: Deno.TcpConn, death?: Death): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    let frameLeft: number | undefined;
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        frameLeft ??= 4 + readU32(buffer, 0);
        if (death !== undefined && n > frameLeft) {
          this.died++;
          if (death.isSilent) return await new Promise(() => {});
          return;
        }
        frameLeft = Math.max(0, frameLeft - n);
        await writeAll(into, buffer.subarray(0, n));
      }
    } finally {
      closeQuietly(from);
      closeQuietly(into);
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.#connections.forEach(closeQuietly);
  }
}

Deno.test(
  "carriers that die between the proof of a new session and its acceptance leave one session and one connection",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port);
    const relay = s.use(new DeadlyRelay(server.port, DEATHS));
    const client = await s.client(relay.port);
    using connection = await connectTo(client.port);
    // A silent carrier costs seconds, until an attempt that was challenged meanwhile takes its place. Of several
    // attempts only the last is committed, and the others do not come to where they die.
    await within(roundTrip(connection, "through the sixth"), 40_000, "the first echo");
    assertGreaterOrEqual(relay.died, 3);
    assertEquals([user.accepted, user.open], [1, 1]);
    await pause(1_000);
    await roundTrip(connection, "later");
    assertEquals([user.accepted, user.errors], [1, []]);
    assertEquals(client.log.filter((line) => line.includes("link up: new session")).length, 1, client.log.join("\n"));
    connection.close();
    await until(() => user.open === 0, 10_000, "the end of the upstream connection");
  }),
);

// ---------------------------------------------------------------------------------------------------------------------
// Two resumes at once
// ---------------------------------------------------------------------------------------------------------------------

const ROUNDS = 40;

async function ended({ duplex }: ClientHandshake): Promise<void> {
  const into = new Uint8Array(4096);
  try {
    while (await duplex.read(into) !== null);
  } catch {
    // A reset is an end as well.
  }
}

/** A tele client by hand, with one stream to an echo: its handshakes meet as the test likes. */
class HandMadeClient {
  readonly #s: Scenario;
  readonly #port: number;
  #session: Accepted | undefined;
  /** Counted bytes sent and received. */
  sent = 0;
  received = 0;

  constructor(s: Scenario, port: number) {
    this.#s = s;
    this.#port = port;
  }

  /** A carrier whose handshake has come to the challenge. */
  async challenged(): Promise<ClientHandshake> {
    const connection = await connectTo(this.#port);
    this.#s.defer(() => closeQuietly(connection));
    return await ClientHandshake.begin(new DenoDuplex(connection), this.#session?.accept.sessionId);
  }

  async begin(): Promise<ClientHandshake> {
    const handshake = await this.challenged();
    const none = new Uint8Array(0);
    this.#session = await handshake.commit({ kind: "new", attempt: 0, received: 0, fields: new Map() }, none);
    await this.#send(handshake, open(1));
    return handshake;
  }

  resume(handshake: ClientHandshake, attempt: number): Promise<Accepted> {
    const commit = { kind: "resume", attempt, received: this.received, fields: new Map() } as const;
    return handshake.commit(commit, this.#session!.resumeSecret);
  }

  async #send(handshake: ClientHandshake, record: Uint8Array): Promise<void> {
    this.sent += record.length;
    await handshake.duplex.write(counted(record));
  }

  /** Sends a text on the stream and reads until it has come back. */
  async roundTrip(handshake: ClientHandshake, text: string, leftover: Uint8Array = new Uint8Array(0)): Promise<string> {
    const data = new TextEncoder().encode(text);
    const record = new Uint8Array(9 + data.length);
    writeDataHeader(record, 0, 1, data.length);
    record.set(data, 9);
    await this.#send(handshake, record);
    const bytes: number[] = [];
    let isCounted: boolean | undefined;
    const decoder = new FrameDecoder(MAX_SESSION_FRAME_BYTES, {
      frameStart: () => isCounted = undefined,
      frameData: (piece) => {
        const rest = isCounted === undefined ? piece.subarray(1) : piece;
        isCounted ??= piece[0] === FrameType.data;
        if (isCounted) bytes.push(...rest);
      },
      frameEnd: () => {},
    });
    const into = new Uint8Array(4096);
    let back = "";
    decoder.push(leftover);
    while (back.length < text.length) {
      const count = await handshake.duplex.read(into);
      assert(count !== null, "the carrier ended");
      decoder.push(into.subarray(0, count));
      while (bytes.length >= 9 && bytes.length >= 9 + readU32(Uint8Array.from(bytes), 5)) {
        const [type, id, length] = [bytes[0], readU32(Uint8Array.from(bytes), 1), readU32(Uint8Array.from(bytes), 5)];
        assertEquals([type, id], [RecordType.data, 1]);
        const whole = Uint8Array.from(bytes.splice(0, 9 + length));
        this.received += whole.length;
        back += new TextDecoder().decode(whole.subarray(9));
      }
    }
    return back;
  }
}

Deno.test(
  "two valid resumes at once, in either order: the newer is attached, and no byte is lost",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port);
    const client = new HandMadeClient(s, server.port);
    assertEquals(await client.roundTrip(await client.begin(), "first"), "first");
    let older = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const attempt = 2 * round + 1;
      const pair = [await client.challenged(), await client.challenged()];
      // The server checks proofs beside each other: which is done first is decided by these moments.
      const isNewerFirst = round % 2 === 1;
      const commits: Promise<Accepted>[] = [];
      for (const index of isNewerFirst ? [1, 0] : [0, 1]) {
        commits[index] = client.resume(pair[index], attempt + index);
        commits[index].catch(() => {});
        if (round % 4 > 1) await pause(1);
      }
      const [one, other] = await within(Promise.allSettled(commits), 10_000, "the answers to both");
      assert(other.status === "fulfilled", `round ${round}: the newer was refused`);
      if (one.status === "fulfilled") older++;
      assertEquals(other.value.accept.received, client.sent, `round ${round}`);
      const text = `round ${round}`;
      assertEquals(await within(client.roundTrip(pair[1], text, other.value.leftover), 10_000, text), text);
      await within(ended(pair[0]), 10_000, "the end of the older one's carrier");
    }
    assertEquals([user.accepted, user.open, user.errors], [1, 1, []]);
    console.log(`  of ${ROUNDS} older resumes ${older} were attached for a moment`);
    assert(older > 0 && older < ROUNDS, "both orders were seen");
  }),
);
