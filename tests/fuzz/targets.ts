/**
 * All fuzz targets.
 *
 * @module
 */
import { clientHellos } from "./client_hello.ts";
import { fleetWords } from "./fleet_words.ts";
import { peer } from "./peer.ts";
import { windows } from "./mux_decoders.ts";
import { joins } from "./joins.ts";
import { moved } from "./moved.ts";
import { pingCodec, pingStreams } from "./ping.ts";
import { clientHandshake } from "./client_handshake.ts";
import { streams } from "./streams.ts";
import { messages, sessionFrames } from "./session_decoders.ts";
import { proxies } from "./proxies.ts";
import { relayed } from "./relay.ts";
import { serverHandshake } from "./server_handshake.ts";
import { splicedHandshake } from "./spliced_handshake.ts";
import type { Target } from "./target.ts";
import { webCrypto } from "./webcrypto.ts";
import { httpHeads, webSocketFrames } from "./websocket.ts";

/** In the order of the layers. */
export const TARGETS: readonly Target[] = [
  httpHeads,
  webSocketFrames,
  proxies,
  clientHellos,
  pingCodec,
  pingStreams,
  sessionFrames,
  messages,
  fleetWords,
  windows,
  moved,
  streams,
  serverHandshake,
  splicedHandshake,
  webCrypto,
  clientHandshake,
  joins,
  peer,
  relayed,
];
