/**
 * Both ends of TLS connections for tests, over real sockets on loopback.
 *
 * @module
 */
import { parseAddress } from "../../lib/net/address.ts";
import { type Clock, systemClock } from "../../lib/net/clock.ts";
import { TeleError } from "../../lib/net/error.ts";
import { silentLog } from "../../lib/net/log.ts";
import { isNodeSound } from "../../lib/net/runtime.ts";
import type { TlsConnection, TlsDialSettings } from "../../lib/net/tls_client.ts";
import { dialTls } from "../../lib/net/tls_dial.ts";
import { listenTls, type TlsListening, type TlsListenSettings } from "../../lib/net/tls_listen.ts";
import { type Pair, TestCa } from "./certificates.ts";
import { requires } from "./skip.ts";
import { within } from "./wait.ts";

let told = false;

/**
 * Defines a test of TLS, which must end within 90 s. On a runtime that is too old there is no test: that it says so is
 * a test of its own, and a skipped test is a failure in CI.
 */
export function tlsTest(name: string, body: () => void | Promise<void>, ...programs: string[]): void {
  if (isNodeSound()) {
    const fn = () => within(Promise.resolve().then(body), 90_000, name);
    return Deno.test({ name: `TLS: ${name}`, ...requires("openssl", ...programs), fn });
  }
  if (!told) console.error(`tests of TLS are left out: they need Deno 2.9, and this is ${Deno.version.deno}`);
  told = true;
}

/** What all tests share, made once: openssl takes its time. */
export interface Certificates {
  ca: TestCa;
  otherCa: TestCa;
  server: Pair;
  client: Pair;
}

let shared: Promise<Certificates> | undefined;

/** The certificates that all tests share. */
export function certificates(): Promise<Certificates> {
  shared ??= (async () => {
    const [ca, otherCa] = await Promise.all([TestCa.make("test CA"), TestCa.make("other CA")]);
    const [server, client] = await Promise.all([ca.issue(), ca.issue({ names: undefined })]);
    return { ca, otherCa, server, client };
  })();
  return shared;
}

/** A listener, who came, and who was refused. */
export class TlsWorld {
  readonly listening: TlsListening;
  /** Peer and reason of each that was refused. */
  readonly refused: string[];
  readonly #arrivals: TlsConnection[];
  readonly #all: TlsConnection[] = [];

  private constructor(listening: TlsListening, arrivals: TlsConnection[], refused: string[]) {
    this.listening = listening;
    this.#arrivals = arrivals;
    this.refused = refused;
  }

  /**
   * Listens, on a free port of 127.0.0.1 unless `address` is another, with the shared certificate unless `settings` say
   * otherwise.
   *
   * @param welcome Told of each connection that was taken, as soon as it was.
   */
  static async start(
    settings: Partial<TlsListenSettings> = {},
    clock: Clock = systemClock,
    welcome?: (connection: TlsConnection) => void,
    address = "127.0.0.1:0",
  ): Promise<TlsWorld> {
    const { server } = await certificates();
    const [arrivals, refused]: [TlsConnection[], string[]] = [[], []];
    const listening = await listenTls(parseAddress(address), { ...server, protocols: ["tele/2"], ...settings }, {
      defaultHosts: ["127.0.0.1"],
      clock,
      log: silentLog,
      onConnection(connection) {
        arrivals.push(connection);
        welcome?.(connection);
      },
      onRefused: (_peer, reason) => void refused.push(reason),
      onLeft: (_peer, reason) => void refused.push(`left: ${reason}`),
    });
    return new TlsWorld(listening, arrivals, refused);
  }

  /** The port. */
  get port(): number {
    return Number(this.listening.addresses[0]!.split(":").at(-1));
  }

  /** Dials, trusting the shared CA unless `settings` say otherwise. */
  async dial(
    settings: Partial<TlsDialSettings> = {},
    host = "127.0.0.1",
    signal?: AbortSignal,
  ): Promise<TlsConnection> {
    const { ca } = await certificates();
    const connection = await dialTls(
      parseAddress(`${host}:${this.port}`),
      { protocols: ["tele/2"], ca: ca.cert, ...settings },
      signal,
    );
    this.#all.push(connection);
    return connection;
  }

  /** The next connection that the listener took. */
  async accept(): Promise<TlsConnection> {
    const deadline = performance.now() + 20_000;
    while (this.#arrivals.length === 0) {
      if (performance.now() > deadline) throw new Error(`nobody came; refused: ${this.refused.join("; ")}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const connection = this.#arrivals.shift()!;
    this.#all.push(connection);
    return connection;
  }

  /** Both ends of one connection: the dialed, the accepted. */
  async pair(settings: Partial<TlsDialSettings> = {}): Promise<[TlsConnection, TlsConnection]> {
    const dialed = await this.dial(settings);
    return [dialed, await this.accept()];
  }

  /** The error of a dial that must fail, as `code: sentence`, the address replaced by `ADDRESS`. */
  async failure(settings: Partial<TlsDialSettings> = {}, host?: string): Promise<string> {
    const attempt = async () => {
      const { duplex } = await this.dial(settings, host);
      // As a client does: a server that refuses it waits a moment for that.
      await duplex.read(new Uint8Array(8)).finally(() => duplex.close());
    };
    return await failureOf(attempt());
  }

  /** The reason of the next refusal. */
  async refusal(): Promise<string> {
    const came = async () => {
      while (this.refused.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      return this.refused.shift()!;
    };
    return await within(came(), 20_000, "a refusal");
  }

  /** Ends everything. */
  close(): void {
    this.listening.close();
    for (const { duplex } of [...this.#all, ...this.#arrivals]) duplex.close();
  }
}

/** The error of what must fail, as `code: sentence`, the address replaced by `ADDRESS`. */
export async function failureOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await within(attempt, 8_000, "the failure");
  } catch (error) {
    if (!(error instanceof TeleError)) throw error;
    return `${error.code}: ${error.message.replace(/^[\w.\[\]:]*:\d+: /, "ADDRESS: ")}`;
  }
  throw new Error("it did not fail");
}
