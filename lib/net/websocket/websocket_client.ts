/**
 * The client's end of a WebSocket's beginning: the upgrade that it asks for (RFC 6455, 4.1).
 *
 * @module
 */
import type { Duplex } from "../duplex.ts";
import { reasonOf, TeleError } from "../error.ts";
import { foreignProtocolOf } from "../foreign_protocol.ts";
import { hasMember, type HttpHead, readHead } from "../http_head.ts";
import { PrefixedDuplex } from "../prefixed_duplex.ts";
import { tlsRecordKind } from "../tls_record.ts";
import { acceptOf, makeKey } from "./handshake_key.ts";
import { explainStatus } from "./upgrade_failure.ts";
import { WebSocketDuplex } from "./websocket_duplex.ts";

/** What is asked for. */
export interface WebSocketRequest {
  /** The whole URL, for sentences. */
  readonly url: string;
  /** Host, and port unless it is the usual one: what a web server tells its sites apart by. */
  readonly host: string;
  /** Path and query, from the slash on. */
  readonly target: string;
}

/** Enough of an answer to see that it is HTTP, in bytes. */
const FIRST_BYTES = 64;

/**
 * Asks for a WebSocket over `transport`, which from now on belongs to the result and is closed if it fails.
 *
 * @param signal Gives up, and closes `transport` at once, when it aborts.
 * @throws {TeleError} `refused` if somebody must change something before it can work, `protocol` for what may be the
 * portal of a hotel, `carrier-lost` for what time mends; `signal`'s reason.
 *
 * @example
 * ```ts
 * import { duplexPair } from "../pipe.ts";
 * import { openWebSocket } from "./websocket_client.ts";
 * import { assertRejects } from "@std/assert";
 *
 * const [near, far] = duplexPair();
 * const opening = openWebSocket(near, { url: "ws://example.com/", host: "example.com", target: "/" });
 * const failing = assertRejects(() => opening, Error, "ws://example.com/: ");
 * far.close();
 * await failing;
 * ```
 */
export async function openWebSocket(
  transport: Duplex,
  request: WebSocketRequest,
  signal?: AbortSignal,
): Promise<Duplex> {
  const onAbort = () => transport.close();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    return await ask(transport, request);
  } catch (error) {
    transport.close();
    if (signal?.aborted) throw signal.reason;
    throw explained(request.url, error);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

async function ask(transport: Duplex, request: WebSocketRequest): Promise<Duplex> {
  const key = makeKey();
  await transport.write(new TextEncoder().encode(requestOf(request, key)));
  const { head, rest } = await readHead(await expectHttp(transport));
  const status = Number(/^HTTP\/1\.[01] (\d{3})( |$)/.exec(head.startLine)?.[1]);
  if (status !== 101) throw explainStatus(status, head.fields, request.target);
  checkUpgrade(head, await acceptOf(key));
  return new WebSocketDuplex(transport, "client", rest);
}

function requestOf({ host, target }: WebSocketRequest, key: string): string {
  return [
    `GET ${target} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    // Some web servers turn away who names no program.
    "User-Agent: tele",
    "\r\n",
  ].join("\r\n");
}

/** Looks at the first bytes, since another protocol may have no end of a head to wait for. */
async function expectHttp(transport: Duplex): Promise<Duplex> {
  const bytes = new Uint8Array(FIRST_BYTES);
  const count = await transport.read(bytes);
  if (count === null) throw new TeleError("carrier-lost", "the connection was closed in place of an answer");
  const first = bytes.subarray(0, count);
  if ("HTTP/".startsWith(String.fromCharCode(...first.subarray(0, 5)))) return new PrefixedDuplex(transport, first);
  if (tlsRecordKind(first) !== undefined) {
    throw new TeleError("refused", "the server speaks TLS there: write wss:// in place of ws://");
  }
  const who = foreignProtocolOf(first);
  if (who === undefined) throw new TeleError("protocol", "what answers there is no web server");
  throw new TeleError("refused", `${who} server answers there, not a web server: give the host and port of that`);
}

/** Anything else than this agreement may change what the frames mean. */
function checkUpgrade({ fields }: HttpHead, accept: string): void {
  const isAgreed = hasMember(fields.get("upgrade"), "websocket") && hasMember(fields.get("connection"), "upgrade") &&
    fields.get("sec-websocket-accept") === accept && !fields.has("sec-websocket-extensions") &&
    !fields.has("sec-websocket-protocol");
  if (!isAgreed) throw new TeleError("refused", "it answers to a WebSocket's upgrade, but not as RFC 6455 has it");
}

function explained(url: string, error: unknown): TeleError {
  const code = error instanceof TeleError ? error.code : "carrier-lost";
  return new TeleError(code, `${url}: ${reasonOf(error)}`, { cause: error });
}
