/**
 * Answers of the status address, as bytes of HTTP/1.1 (RFC 9112).
 *
 * @module
 */
import { concat } from "@std/bytes/concat";

/** The statuses of answers, and their words (RFC 9110, 15). */
export const STATUS_WORDS = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  421: "Misdirected Request",
  500: "Internal Server Error",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
} as const;

/** An answer. */
export interface Answer {
  /** Its status. */
  readonly status: keyof typeof STATUS_WORDS;
  /** What the body is: a media type. */
  readonly type: string;
  /** The body. */
  readonly body: string;
  /** Fields beside the usual ones, as lines. */
  readonly fields?: readonly string[];
}

/** Fields of all answers: nothing is kept by anybody, nothing is guessed, and no other site may load it. */
const FIELDS = [
  "Cache-Control: no-store",
  "X-Content-Type-Options: nosniff",
  "Cross-Origin-Resource-Policy: same-origin",
  "Referrer-Policy: no-referrer",
  "Connection: close",
];

/**
 * The bytes of an answer; without its body for `HEAD`.
 *
 * @example
 * ```ts
 * import { encodeAnswer } from "./answer.ts";
 * import { assert } from "@std/assert";
 *
 * const bytes = encodeAnswer({ status: 200, type: "text/plain; charset=utf-8", body: "ok\n" }, true);
 * assert(new TextDecoder().decode(bytes).startsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"));
 * ```
 */
export function encodeAnswer({ status, type, body, fields = [] }: Answer, hasBody: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(body);
  const head = headOf(status, [`Content-Type: ${type}`, `Content-Length: ${bytes.length}`, ...fields]);
  return hasBody ? concat([head, bytes]) : head;
}

/** The head of an answer that goes on until its connection ends. */
export function streamHead(type: string): Uint8Array<ArrayBuffer> {
  return headOf(200, [`Content-Type: ${type}`]);
}

function headOf(status: Answer["status"], fields: readonly string[]): Uint8Array<ArrayBuffer> {
  const lines = [`HTTP/1.1 ${status} ${STATUS_WORDS[status]}`, ...fields, ...FIELDS, "\r\n"];
  return new TextEncoder().encode(lines.join("\r\n"));
}
