/**
 * The server's end of a WebSocket's beginning (RFC 6455, 4.2), and what it answers to everybody else who speaks HTTP.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Clock } from "../clock.ts";
import type { Duplex } from "../duplex.ts";
import { TeleError } from "../error.ts";
import { hasMember, type HttpHead, readHead } from "../http_head.ts";
import { closeBehindLastWord } from "../last_word.ts";
import { acceptOf, isKey } from "./handshake_key.ts";
import { WebSocketDuplex } from "./websocket_duplex.ts";

/** How long somebody who gets an answer may take to read it, in milliseconds. */
const ANSWERED_MS = 1_000;

/** What who is not a tele client gets to see. */
const PAGE =
  "This is a tele server. Only tele clients connect here; users' programs connect to the tele client's port\n";

/** The path at which who balances asks whether somebody new may come; any other has the page. */
const READINESS = /^\/readyz(?:\?|$)/;

/** What is answered there when nobody new is taken. */
const NOT_READY: Answer = { status: "503 Service Unavailable", text: "this tele server takes nobody new\n" };

/** Methods that the page answers; HAProxy's checks are `OPTIONS`. */
const METHODS = ["GET", "HEAD", "OPTIONS"];

/** An answer that is no WebSocket. */
interface Answer {
  /** Status and its words. */
  readonly status: string;
  /** Its text, without which nobody would know what to change. */
  readonly text: string;
  /** A field beside the usual ones. */
  readonly field?: string;
}

/** What a client asked for. */
type Asked =
  | { readonly kind: "websocket"; readonly key: string }
  | { readonly kind: "page"; readonly hasText: boolean; readonly isReadiness: boolean }
  | { readonly kind: "refused"; readonly answer: Answer };

/**
 * Reads a request and answers it: with a WebSocket, on any path; with a short page, if none was asked for; else with
 * what is wrong.
 *
 * A request that tells its origin comes from a page in a browser, and is refused: else every page could reach, from
 * inside, servers that nobody outside reaches. Who was in front of a proxy is not asked (`X-Forwarded-For`): anybody
 * can write that.
 *
 * @param clock For the time that the client has to read an answer.
 * @param isReady Whether somebody new may come: what `/readyz` tells a balancer. @default yes
 * @returns The WebSocket, or `undefined` if a page was what the client wanted; then `transport` is closed.
 * @throws {TeleError} `protocol` if the request is none that is answered well; then `transport` is closed.
 *
 * @example
 * ```ts
 * import { duplexPair } from "../pipe.ts";
 * import { systemClock } from "../clock.ts";
 * import { acceptWeb } from "./websocket_server.ts";
 * import { openWebSocket } from "./websocket_client.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, far] = duplexPair();
 * const opening = openWebSocket(near, { url: "ws://example.com/", host: "example.com", target: "/" });
 * const [client, server] = await Promise.all([opening, acceptWeb(far, systemClock)]);
 * assertEquals([client.peer, server?.peer], ["in memory", "in memory"]);
 * client.close();
 * ```
 */
export async function acceptWeb(
  transport: Duplex,
  clock: Clock,
  isReady: () => boolean = () => true,
): Promise<Duplex | undefined> {
  const { head, rest } = await readHead(transport).catch((error) => turnAway(transport, clock, error));
  const asked = judge(head);
  if (asked.kind === "websocket") return await accept(transport, asked.key, rest);
  if (asked.kind === "refused") return await refuse(transport, clock, asked.answer);
  const page = asked.isReadiness && !isReady() ? NOT_READY : { status: "200 OK", text: PAGE };
  await answer(transport, clock, page, asked.hasText);
  return undefined;
}

/**
 * Answers a request without a look at it: it came where it has no business.
 *
 * @param clock For the time that the client has to read the answer.
 * @param text What the client has to change.
 * @returns Settles when `transport` is closed.
 */
export async function refuseWeb(transport: Duplex, clock: Clock, text: string): Promise<void> {
  await answer(transport, clock, { status: "400 Bad Request", text: `${text}\n` }, true);
}

/** A head that is none is answered; whoever is gone is not. */
function turnAway(transport: Duplex, clock: Clock, error: unknown): Promise<never> {
  if (error instanceof TeleError && error.code === "protocol") {
    return refuse(transport, clock, { status: "400 Bad Request", text: error.message });
  }
  transport.close();
  return Promise.reject(error);
}

function judge({ startLine, fields }: HttpHead): Asked {
  const [, method = "", target = "", version = ""] = /^([A-Z]+) ([!-~]+) HTTP\/(\d\.\d)$/.exec(startLine) ?? [];
  if (version === "") return refused("400 Bad Request", "the first line is no request");
  if (!version.startsWith("1.")) return refused("505 HTTP Version Not Supported", "this server speaks HTTP/1.1");
  if (!hasMember(fields.get("upgrade"), "websocket")) {
    if (METHODS.includes(method)) {
      return { kind: "page", hasText: method !== "HEAD", isReadiness: READINESS.test(target) };
    }
    return refused(
      "405 Method Not Allowed",
      "only WebSockets and GET are answered here",
      `Allow: ${METHODS.join(", ")}`,
    );
  }
  const hasBody = fields.has("transfer-encoding") || (fields.get("content-length") ?? "0") !== "0";
  const key = fields.get("sec-websocket-key") ?? "";
  if (fields.has("origin")) return refused("403 Forbidden", "a page in a browser may not use this server");
  if (fields.get("sec-websocket-version") !== "13") {
    return refused("426 Upgrade Required", "only WebSockets of version 13 are taken", "Sec-WebSocket-Version: 13");
  }
  const isWhole = method === "GET" && version !== "1.0" && fields.has("host") && isKey(key) && !hasBody &&
    hasMember(fields.get("connection"), "upgrade");
  return isWhole ? { kind: "websocket", key } : refused("400 Bad Request", "the upgrade is not as RFC 6455 has it");
}

function refused(status: string, text: string, field?: string): Asked {
  return { kind: "refused", answer: { status, text, field } };
}

async function accept(transport: Duplex, key: string, rest: Uint8Array): Promise<Duplex> {
  const lines = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${await acceptOf(key)}`];
  try {
    await transport.write(headOf("101 Switching Protocols", lines));
  } catch (error) {
    transport.close();
    throw error;
  }
  return new WebSocketDuplex(transport, "server", rest);
}

/**
 * Answers that it is nothing, and throws why.
 *
 * @param answer What the client is told, and the log.
 */
async function refuse(transport: Duplex, clock: Clock, given: Answer): Promise<never> {
  await answer(transport, clock, { ...given, text: `${given.text}\n` }, true);
  throw new TeleError("protocol", `a web client was refused: ${given.text}`);
}

async function answer(
  transport: Duplex,
  clock: Clock,
  { status, text, field }: Answer,
  hasText: boolean,
): Promise<void> {
  const body = new TextEncoder().encode(text);
  const fields = [
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${body.length}`,
    "Cache-Control: no-store",
    "Connection: close",
    ...field === undefined ? [] : [field],
  ];
  const late = clock.setTimer(() => transport.close(), ANSWERED_MS);
  // Who does not wait for the answer does not get it.
  await transport.write(concat([headOf(status, fields), ...hasText ? [body] : []])).catch(() => {});
  late.cancel();
  await closeBehindLastWord(transport, clock, ANSWERED_MS);
}

function headOf(status: string, fields: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode([`HTTP/1.1 ${status}`, ...fields, "\r\n"].join("\r\n"));
}
