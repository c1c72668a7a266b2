/**
 * HTTP's CONNECT, from the side of its client.
 *
 * Source: RFC 9110, 9.3.6 and 11.7; RFC 9112; RFC 7617.
 *
 * Answers are read leniently, unlike other heads here (`http_head.ts`): proxies of all ages send them, and nobody reads
 * one a second time who could see another in it.
 *
 * @module
 */
import { formatAddress } from "../address.ts";
import { TeleError } from "../error.ts";
import { MOST_HEAD_BYTES } from "../http_head.ts";
import { type Negotiation, notThatProxy, type ProxyTarget, type Step, strangeAnswer } from "./negotiation.ts";
import type { ProxyLogin } from "./proxy.ts";

/** How every answer begins. */
const BEGINNING = "HTTP/1.";

/** An answer without what the other side sends behind it. */
interface Head {
  readonly status: number;
  /** Values by name in small letters. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

/**
 * Asks an HTTP proxy to lead to `target`.
 *
 * @example
 * ```ts
 * import { ConnectNegotiation } from "./connect.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const negotiation = new ConnectNegotiation({ host: "example.com", port: 40300 });
 * const answer = new TextEncoder().encode("HTTP/1.1 200 Connection established\r\n\r\nhello");
 * assertEquals(negotiation.take(answer), { kind: "open", rest: new TextEncoder().encode("hello") });
 * ```
 */
export class ConnectNegotiation implements Negotiation {
  readonly hello: Uint8Array;
  readonly #target: ProxyTarget;
  readonly #hasLogin: boolean;
  readonly #came = new Uint8Array(MOST_HEAD_BYTES);
  #length = 0;
  /** Where the head begins that is not whole yet: behind interim answers. */
  #start = 0;

  /** Will ask for `target`, and show `login` if there is one. */
  constructor(target: ProxyTarget, login?: ProxyLogin) {
    this.#target = target;
    this.#hasLogin = login !== undefined;
    const place = formatAddress({ kind: "tcp", ...target });
    const lines = [`CONNECT ${place} HTTP/1.1`, `Host: ${place}`];
    if (login !== undefined) lines.push(`Proxy-Authorization: Basic ${basic(login)}`);
    this.hello = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  }

  take(bytes: Uint8Array): Step {
    const room = this.#came.length - this.#length;
    const taken = bytes.subarray(0, room);
    this.#came.set(taken, this.#length);
    this.#length += taken.length;
    this.#refuseOthers();
    for (let end = this.#endOfHead(); end !== undefined; end = this.#endOfHead()) {
      const head = readHead(this.#came.subarray(this.#start, end));
      const rest = this.#came.slice(end, this.#length);
      if (head.status >= 200) return this.#judge(head, joined(rest, bytes.subarray(room)));
      // An interim answer (RFC 9110, 15.2): the final one follows.
      this.#start = end;
    }
    if (this.#length === this.#came.length) {
      throw new TeleError("refused", "answers without end: it is no proxy; check its host, port and scheme");
    }
    return { kind: "more" };
  }

  #refuseOthers(): void {
    const first = this.#came.subarray(0, this.#length);
    const beginning = String.fromCharCode(...first.subarray(0, BEGINNING.length));
    if (BEGINNING.startsWith(beginning)) return;
    throw notThatProxy(first, "http");
  }

  /** The index behind the empty line that ends a head; a lone line feed ends a line too (RFC 9112, 2.2). */
  #endOfHead(): number | undefined {
    for (let at = this.#came.indexOf(LF, this.#start); at !== -1 && at < this.#length;) {
      const next = this.#came[at + 1] === CR ? at + 2 : at + 1;
      if (next < this.#length && this.#came[next] === LF) return next + 1;
      at = this.#came.indexOf(LF, at + 1);
    }
    return undefined;
  }

  #judge(head: Head, rest: Uint8Array): Step {
    // Fields that would tell of a body mean nothing here (RFC 9110, 9.3.6).
    if (head.status < 300) return { kind: "open", rest };
    throw explain(head, this.#target, this.#hasLogin);
  }
}

const LF = 10;
const CR = 13;

function basic({ user, password }: ProxyLogin): string {
  return btoa(
    Array.from(new TextEncoder().encode(`${user}:${password}`), (byte) => String.fromCharCode(byte)).join(""),
  );
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (second.length === 0) return first;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function readHead(bytes: Uint8Array): Head {
  const [line = "", ...lines] = String.fromCharCode(...bytes).split(/\r?\n/);
  const [, status] = /^HTTP\/1\.\d ([1-9]\d\d)(?: |$)/.exec(line) ?? [];
  if (status === undefined) throw strangeAnswer();
  const fields = new Map<string, string[]>();
  for (const text of lines) {
    const [, name, value] = /^([^:\s]+):\s*(.*?)\s*$/.exec(text) ?? [];
    if (name === undefined || value === undefined) continue;
    const values = fields.get(name.toLowerCase());
    if (values === undefined) fields.set(name.toLowerCase(), [value]);
    else values.push(value);
  }
  return { status: Number(status), fields };
}

/** Why a proxy does not lead on, and what to change. */
function explain({ status, fields }: Head, target: ProxyTarget, hasLogin: boolean): TeleError {
  switch (status) {
    case 407:
      return new TeleError("refused", explainLogin(fields.get("proxy-authenticate") ?? [], hasLogin));
    case 401:
    case 403:
      return new TeleError(
        "refused",
        target.port === 443
          ? `forbids connections to there (${status}): have its administrator allow CONNECT to ${target.host}`
          : `forbids connections to there (${status}): many allow only port 443, so let the tele server listen on that, ` +
            `or have the proxy's administrator allow CONNECT to port ${target.port}`,
      );
    case 400:
    case 404:
    case 405:
    case 501:
      return new TeleError(
        "refused",
        `does not know CONNECT (${status}): it is a web server, or a proxy for web pages only; check its host and port`,
      );
    case 511:
      return new TeleError("protocol", "wants its user to log in to the network first, in a browser (511)");
  }
  if (status < 400) {
    return new TeleError("protocol", `answers with a web page (${status}), as networks do before one has logged in`);
  }
  const reason = reasonOf(fields);
  return new TeleError(
    status < 500 ? "refused" : "carrier-lost",
    `cannot lead to there (${status})${reason === undefined ? "" : `: ${reason}`}`,
  );
}

function explainLogin(challenges: readonly string[], hasLogin: boolean): string {
  // One field may hold several, and parameters of each: what is not followed by "=" is the name of one.
  const schemes = challenges.flatMap((text) => [...text.matchAll(/(?:^|,)\s*([A-Za-z][\w-]*)(?=\s|,|$)/g)])
    .map(([, scheme = ""]) => scheme.slice(0, 20));
  if (schemes.length > 0 && !schemes.some((scheme) => scheme.toLowerCase() === "basic")) {
    return `wants to know its user by ${schemes.slice(0, 4).join(" or ")} (407), and tele knows only Basic: have it ` +
      "allow that, or run a proxy on this machine that knows the other, such as px or cntlm";
  }
  return hasLogin
    ? "does not accept that user name and password (407): correct them in its URL"
    : "wants a user name and a password (407): put them into its URL, as in http://USER:PASSWORD@HOST:PORT";
}

/** What a proxy tells of its own attempt: in a field of the standard (RFC 9209), or in Squid's. */
function reasonOf(fields: Head["fields"]): string | undefined {
  const told = [...fields.get("proxy-status") ?? [], ...fields.get("x-squid-error") ?? []].join(" ");
  if (/dns_(error|timeout)|ERR_DNS_FAIL/.test(told)) return "it cannot resolve the name; check the host in --out";
  if (/connection_refused|ERR_CONNECT_FAIL (111|61)\b/.test(told)) return "connection refused";
  if (/connection_timeout|ERR_CONNECT_FAIL (110|60)\b/.test(told)) return "nobody answers there";
  if (/destination_ip_unroutable|ERR_CONNECT_FAIL/.test(told)) return "there is no way to there";
  if (/ERR_CANNOT_FORWARD/.test(told)) return "it cannot resolve the name, or may not; check the host in --out";
  return undefined;
}
