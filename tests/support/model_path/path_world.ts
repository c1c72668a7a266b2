/**
 * A whole client and server of tele over a path of the model, with a clock that the test moves.
 *
 * @module
 */
import { MuxClient, MuxServer } from "../../../lib/mux/link.ts";
import type { MuxClientOptions } from "../../../lib/mux/link_options.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { FakeClock } from "../fake_clock.ts";
import { ModelNetwork, type ModelNetworkOptions } from "./model_network.ts";
import type { PathSettings } from "./router.ts";

/** Options of a {@linkcode PathWorld}. */
export interface PathWorldOptions extends Omit<ModelNetworkOptions, "clock" | "onConnection" | "up" | "down"> {
  /** Each way. */
  path: PathSettings;
  client?: Partial<MuxClientOptions>;
}

/** What a user at one end has got from the other. */
export interface Received {
  bytes: number;
}

/** The first byte of a user's connection says what its server does: take, send, or send back. */
const UPLOAD = 1, DOWNLOAD = 2, ECHO = 3;

const BLOCK_BYTES = 16 * 1024;

/** Users who send much, or a key now and then. */
export class PathWorld implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly network: ModelNetwork;
  readonly client: MuxClient;
  readonly server: MuxServer;
  /** Log lines as `who level: message`. */
  readonly lines: string[] = [];
  /** What arrived of all uploads, at the server's users. */
  readonly uploaded: Received = { bytes: 0 };

  constructor(options: PathWorldOptions) {
    const { path, control, seed, sendBufferBytes, windowBytes, client } = options;
    const { clock } = this;
    const says = (who: string) => (level: string, message: string) => {
      this.lines.push(`${clock.now()} ${who} ${level}: ${message}`);
    };
    this.server = new MuxServer({
      clock,
      log: says("server"),
      dial: () => {
        const [near, far] = duplexPair();
        this.#serve(near).catch(() => {});
        return Promise.resolve(far);
      },
    });
    this.network = new ModelNetwork({
      clock,
      up: { ...path },
      down: { ...path },
      control,
      seed,
      sendBufferBytes,
      windowBytes,
      onConnection: (carrier) => void this.server.accept(carrier),
    });
    this.client = new MuxClient({ clock, log: says("client"), dial: this.network.dial, ...client });
  }

  /** Log lines of the client and the server that have these words. */
  linesWith(words: string): string[] {
    return this.lines.filter((line) => line.includes(words));
  }

  /** Waits until the client has a carrier. */
  attached(): Promise<void> {
    return this.clock.advanceUntil(() => this.client.isAttached, 60_000, "a carrier");
  }

  /** A user sends without end. */
  upload(): void {
    flood(this.#open(UPLOAD)).catch(() => {});
  }

  /** A user is sent to without end. */
  download(): Received {
    const received = { bytes: 0 };
    take(this.#open(DOWNLOAD), received).catch(() => {});
    return received;
  }

  /** A user who types, and gets back what he types. */
  typist(): { type(): void; received: Received } {
    const user = this.#open(ECHO), received = { bytes: 0 };
    take(user, received).catch(() => {});
    // A pipe has one write at a time: what is typed meanwhile waits.
    let typed = Promise.resolve();
    const type = () => void (typed = typed.then(() => user.write(new Uint8Array(1))).catch(() => {}));
    return { type, received };
  }

  #open(what: number): Duplex {
    const [user, far] = duplexPair();
    this.client.open(far);
    user.write(new Uint8Array([what])).catch(() => {});
    return user;
  }

  async #serve(user: Duplex): Promise<void> {
    const what = new Uint8Array(1);
    await user.read(what);
    if (what[0] === UPLOAD) await take(user, this.uploaded);
    else if (what[0] === DOWNLOAD) await flood(user);
    else await sendBack(user);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stops = [this.client.stop("the test ends"), this.server.stop("the test ends")];
    this.network.connections.forEach(({ client, server }) => {
      client.reset();
      server.reset();
    });
    await this.clock.run(Promise.all(stops), 200_000);
  }
}

async function flood(user: Duplex): Promise<void> {
  while (true) await user.write(new Uint8Array(BLOCK_BYTES));
}

async function take(user: Duplex, received: Received): Promise<void> {
  const into = new Uint8Array(BLOCK_BYTES);
  for (let count = await user.read(into); count !== null; count = await user.read(into)) received.bytes += count;
}

async function sendBack(user: Duplex): Promise<void> {
  const into = new Uint8Array(BLOCK_BYTES);
  for (let count = await user.read(into); count !== null; count = await user.read(into)) {
    await user.write(into.slice(0, count));
  }
}
