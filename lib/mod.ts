/**
 * Byte streams that outlive the network, for programs: ping framing, and sessions of many streams over any carriers,
 * all as Web Streams.
 *
 * The wire format is described in `PROTOCOL.md`, which stands beside this file.
 *
 * @module
 */
export { type Clock, systemClock, type Timer } from "./net/clock.ts";
export { TeleError, type TeleErrorCode } from "./net/error.ts";
export { type Log, type LogFields, type LogLevel, silentLog } from "./net/log.ts";
export type { Duplex } from "./net/duplex.ts";
export { duplexPair } from "./net/pipe.ts";
export { duplexFromStreams, type StreamPair, streamsFromDuplex } from "./net/web.ts";
export {
  type PingDecoderOptions,
  PingDecoderStream,
  type PingEncoderOptions,
  PingEncoderStream,
} from "./ping/streams.ts";
export { FrameDecoder, type FrameSink, FrameTooLargeError, writeFrameHeader } from "./ping/codec.ts";
export { type Identity, makeIdentityKeys } from "./session/handshake/keys.ts";
export type { NamedToken, ServerTokens } from "./session/handshake/token_table.ts";
export type { ServerLimits, SessionLimits } from "./session/session_limits.ts";
export type { LinkOptions } from "./mux/link_options.ts";
export type { StreamEnd } from "./mux/stream_host.ts";
export type { Wanted } from "./mux/stream_dials.ts";
export type { SealOptions } from "./mux/web_seal.ts";
export {
  type ClientSession,
  type ConnectOptions,
  connectSession,
  type ServeOptions,
  type ServerSessions,
  serveSessions,
} from "./mux/web_link.ts";
