/**
 * The library's front: sessions and streams as Web Streams.
 *
 * @module
 */
import { systemClock } from "../net/clock.ts";
import { silentLog } from "../net/log.ts";
import { duplexPair } from "../net/pipe.ts";
import { duplexFromStreams, type StreamPair, streamsFromDuplex } from "../net/web.ts";
import { LastTicket } from "../session/fleet/last_ticket.ts";
import type { ServerTokens } from "../session/handshake/token_table.ts";
import { sealed } from "../session/sealing.ts";
import type { ServerLimits } from "../session/session_limits.ts";
import { MuxClient, MuxServer } from "./link.ts";
import type { LinkOptions, MuxClientOptions, MuxServerOptions } from "./link_options.ts";
import type { Wanted } from "./stream_dials.ts";
import { SealedEntrance, type SealOptions, sealsCarriers } from "./web_seal.ts";

/** Options of {@linkcode connectSession}. */
export interface ConnectOptions extends LinkOptions, SealOptions {
  /** Opens a carrier to the server: called at first and in every outage, until one answers. */
  dial: (signal: AbortSignal) => Promise<StreamPair>;
  /** Who this client is across restarts. */
  identity?: MuxClientOptions["identity"];
  /** Name of the token, if the server knows it by one. */
  tokenName?: MuxClientOptions["tokenName"];
  /** Whether streams are for services that have names; see {@linkcode MuxClientOptions.asksByName}. */
  asksByName?: MuxClientOptions["asksByName"];
}

/** A session seen from the client. */
export interface ClientSession {
  /** Whether there is a carrier; without one, streams wait. */
  readonly isAttached: boolean;
  /**
   * Opens a stream. Nothing is waited for: what is written goes out as soon as there is a carrier.
   *
   * The streams error when the stream is reset or cut.
   *
   * @param service Name of the service that it is for, with {@linkcode ConnectOptions.asksByName}; without it, the one
   *   without a name.
   * @throws {TeleError} `refused` if there are too many.
   */
  open(service?: string): StreamPair;
  /** Ends the session and its streams; settles when the server was told and has closed, or 30 s later. */
  close(reason?: string): Promise<void>;
}

/** Options of {@linkcode serveSessions}. */
export interface ServeOptions
  extends
    LinkOptions,
    SealOptions,
    Partial<ServerLimits>,
    Pick<MuxServerOptions, "tokens" | "services" | "hasServices"> {
  /**
   * Takes a stream that a client opened, for the service that is wanted. If it throws, the stream is refused with that
   * message; if it rejects, reset.
   */
  onStream: (stream: StreamPair, wanted: Wanted) => void | Promise<void>;
}

/** All sessions of a server. */
export interface ServerSessions {
  /** Sessions held, with a carrier or without. */
  readonly sessionCount: number;
  /** Other tokens are let in from now on; see {@linkcode MuxServer.renewTokens}. */
  renewTokens(tokens: ServerTokens): Promise<void>;
  /** Takes a carrier; settles when its handshake is done or has failed. */
  accept(carrier: StreamPair, peer?: string): Promise<void>;
  /** Ends all sessions; settles when the clients were told and have closed, or 30 s later. */
  close(reason?: string): Promise<void>;
}

/**
 * Keeps a session with a server over any byte streams that can be opened anew.
 *
 * Source: `PROTOCOL.md`.
 *
 * @throws {TeleError} `bad-input` for a token or an encryption that cannot be.
 *
 * @example A stream that outlives its carrier
 * ```ts
 * import { connectSession, serveSessions } from "./web_link.ts";
 * import { duplexPair } from "../net/pipe.ts";
 * import { streamsFromDuplex } from "../net/web.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const server = serveSessions({ onStream: ({ readable, writable }) => void readable.pipeTo(writable) });
 * const cables: { abort(): void }[] = [];
 * const client = connectSession({
 *   dial: () => {
 *     const [near, far] = duplexPair();
 *     server.accept(streamsFromDuplex(far));
 *     cables.push(near);
 *     return Promise.resolve(streamsFromDuplex(near));
 *   },
 * });
 * const { readable, writable } = client.open();
 * const [writer, reader] = [writable.getWriter(), readable.getReader()];
 * await writer.write(new Uint8Array([1]));
 * assertEquals((await reader.read()).value, new Uint8Array([1]));
 * cables[0].abort(); // the network breaks
 * await writer.write(new Uint8Array([2]));
 * assertEquals((await reader.read()).value, new Uint8Array([2]));
 * await writer.close();
 * assertEquals((await reader.read()).done, true);
 * await client.close();
 * await server.close();
 * ```
 */
export function connectSession(options: ConnectOptions): ClientSession {
  const seals = sealsCarriers(options);
  const client = new MuxClient({
    ...options,
    tickets: new LastTicket(),
    async dial(signal, _connected, _path, ticket) {
      const carrier = duplexFromStreams(await options.dial(signal), "the server");
      return seals ? await sealed(carrier, carrier.peer, signal, ticket) : carrier;
    },
  });
  return {
    get isAttached() {
      return client.isAttached;
    },
    open(service) {
      const [near, far] = duplexPair();
      client.open(far, service);
      return streamsFromDuplex(near);
    },
    close: (reason = "the client closed the session") => client.stop(reason),
  };
}

/**
 * Takes carriers and hands out the streams that clients open on them; {@linkcode connectSession} is the other end.
 *
 * Source: `PROTOCOL.md`.
 *
 * @throws {TeleError} `bad-input` for tokens or an encryption that cannot be.
 *
 * @example See {@linkcode connectSession} for both ends at work
 * ```ts
 * import { serveSessions } from "./web_link.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const server = serveSessions({ onStream: ({ readable, writable }) => void readable.pipeTo(writable) });
 * assertEquals(server.sessionCount, 0);
 * await server.close();
 * ```
 */
export function serveSessions(options: ServeOptions): ServerSessions {
  const { clock = systemClock, log = silentLog } = options;
  const entrance = sealsCarriers(options) ? new SealedEntrance(clock, log) : undefined;
  const server = new MuxServer({
    ...options,
    // deno-lint-ignore require-await -- so that what a handler throws is a rejection
    async dial(_signal, wanted) {
      const [near, far] = duplexPair();
      // Not waited for: a handler may well wait for the end of its own stream.
      const handled = options.onStream(streamsFromDuplex(near), wanted);
      handled?.catch((error) => near.abort(error));
      return far;
    },
  });
  return {
    get sessionCount() {
      return server.sessionCount;
    },
    renewTokens: (tokens) => server.renewTokens(tokens),
    async accept(carrier, peer = "a client") {
      const duplex = duplexFromStreams(carrier, peer);
      const inner = entrance === undefined ? duplex : await entrance.unsealed(duplex);
      if (inner !== undefined) await server.accept(inner);
    },
    close(reason = "the server closed the session") {
      entrance?.stop();
      return server.stop(reason);
    },
  };
}
