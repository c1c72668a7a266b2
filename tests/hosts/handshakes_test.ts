/** Handshakes that meet or that break, with real processes: what the network does here is exact, by the frame. */
import { readU32 } from "../../lib/net/bytes.ts";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { DenoDuplex } from "../../lib/net/deno_duplex.ts";
import { SessionFrameReader } from "../../lib/session/carrier/frame_reader.ts";
import { readReceipts, receiptsField } from "../../lib/session/handshake/fields.ts";
import { type Accepted, ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { dataFrame } from "../support/frames.ts";
import { open } from "../sim/rogue.ts";
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
// Two joins at once
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
  /** The number of the carrier it has, and the counted bytes sent and taken there. */
  number = 0;
  sent = 0;
  #taken = 0;
  /** Bytes of the stream that were sent on all carriers. */
  #offset = 0;

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
    this.#session = await handshake.commit({ kind: "new", number: 0, lane: "quiet", fields: new Map() }, none);
    await this.#send(handshake, open(1));
    return handshake;
  }

  join(handshake: ClientHandshake, number: number): Promise<Accepted> {
    const fields = receiptsField([{ number: this.number, taken: this.#taken }]);
    return handshake.commit({ kind: "join", number, lane: "quiet", fields }, this.#session!.joinSecret);
  }

  /** It has another carrier now. */
  attached(number: number): void {
    this.number = number;
    this.sent = this.#taken = 0;
  }

  async #send(handshake: ClientHandshake, frame: Uint8Array): Promise<void> {
    this.sent += frame.length;
    await handshake.duplex.write(frame);
  }

  /** Sends a text on the stream and reads until it has come back. */
  async roundTrip(handshake: ClientHandshake, text: string, leftover: Uint8Array = new Uint8Array(0)): Promise<string> {
    const data = new TextEncoder().encode(text);
    const start = this.#offset;
    await this.#send(handshake, dataFrame(1, start, data));
    this.#offset += data.length;
    let back = "";
    const reader = new SessionFrameReader({
      data: (id, offset, bytes) => {
        assertEquals([id, offset], [1, start + back.length]);
        back += new TextDecoder().decode(bytes);
      },
      end: () => {},
      counted: () => {},
      control: () => {},
    });
    const into = new Uint8Array(4096);
    reader.push(leftover);
    while (back.length < text.length) {
      const count = await handshake.duplex.read(into);
      assert(count !== null, "the carrier ended");
      reader.push(into.subarray(0, count));
    }
    this.#taken += reader.countedBytes;
    return back;
  }
}

Deno.test(
  "two valid joins at once, in either order: the newer is attached, and no byte is lost",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port);
    const client = new HandMadeClient(s, server.port);
    assertEquals(await client.roundTrip(await client.begin(), "first"), "first");
    let older = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const number = 2 * round + 1;
      const pair = [await client.challenged(), await client.challenged()];
      // The server checks proofs beside each other: which is done first is decided by these moments.
      const isNewerFirst = round % 2 === 1;
      const commits: Promise<Accepted>[] = [];
      for (const index of isNewerFirst ? [1, 0] : [0, 1]) {
        commits[index] = client.join(pair[index], number + index);
        commits[index].catch(() => {});
        if (round % 4 > 1) await pause(1);
      }
      const [one, other] = await within(Promise.allSettled(commits), 10_000, "the answers to both");
      assert(other.status === "fulfilled", `round ${round}: the newer was refused`);
      if (one.status === "fulfilled") older++;
      const taken = [{ number: client.number, taken: client.sent }];
      assertEquals(readReceipts(other.value.accept.fields), taken, `round ${round}`);
      client.attached(number + 1);
      const text = `round ${round}`;
      assertEquals(await within(client.roundTrip(pair[1], text, other.value.leftover), 10_000, text), text);
      await within(ended(pair[0]), 10_000, "the end of the older one's carrier");
    }
    assertEquals([user.accepted, user.open, user.errors], [1, 1, []]);
    console.log(`  of ${ROUNDS} older joins ${older} were attached for a moment`);
    assert(older > 0 && older < ROUNDS, "both orders were seen");
  }),
);
