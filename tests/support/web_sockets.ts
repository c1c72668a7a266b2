/**
 * WebSockets between two ends, and what other web programs say.
 *
 * @module
 */
import { systemClock } from "../../lib/net/clock.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { openWebSocket, type WebSocketRequest } from "../../lib/net/websocket/websocket_client.ts";
import { acceptWeb } from "../../lib/net/websocket/websocket_server.ts";

/** What clients of tests ask for. */
export const REQUEST: WebSocketRequest = { url: "ws://example.com/tele", host: "example.com", target: "/tele" };

/** A request that is answered with a WebSocket, with some of its fields changed; `undefined` takes one away. */
export function upgradeRequest(changes: Record<string, string | undefined> = {}, first = "GET /any HTTP/1.1"): string {
  const fields: Record<string, string | undefined> = {
    Host: "example.com",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...changes,
  };
  const lines = Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [`${name}: ${value}`]);
  return [first, ...lines, "\r\n"].join("\r\n");
}

/** Turns a connection into a WebSocket by a real upgrade; the client is `near`. */
export async function webSockets(near: Duplex, far: Duplex): Promise<[near: Duplex, far: Duplex]> {
  const [client, server] = await Promise.all([openWebSocket(near, REQUEST), acceptWeb(far, systemClock)]);
  if (server === undefined) throw new Error("a WebSocket was asked for, and a page was given");
  return [client, server];
}
