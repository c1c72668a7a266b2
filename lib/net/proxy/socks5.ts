/**
 * SOCKS version 5, from the side of its client.
 *
 * Source: RFC 1928, and RFC 1929 for user names.
 *
 * @module
 */
import { ByteWriter } from "../bytes.ts";
import { TeleError } from "../error.ts";
import { ipBytes } from "../ip_address.ts";
import { type Negotiation, notThatProxy, type ProxyTarget, type Step, strangeAnswer } from "./negotiation.ts";
import type { ProxyLogin } from "./proxy.ts";

/** The version of the protocol, and that of its user names. */
const VERSION = 5;
const LOGIN_VERSION = 1;

/** Ways to tell who one is: not at all, by name and password; and the answer that none will do. */
const NO_LOGIN = 0;
const BY_PASSWORD = 2;
const NONE_WILL_DO = 0xff;

const CONNECT = 1;

/** Kinds of addresses. */
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** Why a proxy does not lead on (RFC 1928, 6): `refused` where somebody must change something. */
const FAILURES: Readonly<Record<number, readonly ["refused" | "carrier-lost", string]>> = {
  1: ["carrier-lost", "cannot lead to there, and does not say why; check the host in --out"],
  2: ["refused", "forbids connections to there: have its administrator allow them"],
  3: ["carrier-lost", "cannot lead to there: network unreachable"],
  4: [
    "carrier-lost",
    "cannot lead to there: it cannot reach that host, or not resolve its name; check the host in --out",
  ],
  5: ["carrier-lost", "cannot lead to there: connection refused"],
  6: ["carrier-lost", "cannot lead to there: nobody answers"],
  7: ["refused", "does not lead TCP connections on: check its host and port"],
  8: ["refused", "takes no such address: give another one of the tele server to --out, such as its IPv4 address"],
};

/** What must come next. */
type State = "method" | "login" | "answer";

/**
 * Asks a SOCKS proxy to lead to `target`, whose name it resolves.
 *
 * @example
 * ```ts
 * import { Socks5Negotiation } from "./socks5.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const negotiation = new Socks5Negotiation({ host: "example.com", port: 40300 });
 * assertEquals(negotiation.hello, new Uint8Array([5, 1, 0]));
 * assertEquals(negotiation.take(new Uint8Array([5, 0])).kind, "send");
 * ```
 */
export class Socks5Negotiation implements Negotiation {
  readonly hello: Uint8Array;
  readonly #target: ProxyTarget;
  readonly #login: ProxyLogin | undefined;
  #state: State = "method";
  #came: Uint8Array = new Uint8Array(0);

  /** Will ask for `target`, and tell `login` if there is one and the proxy wants it. */
  constructor(target: ProxyTarget, login?: ProxyLogin) {
    this.#target = target;
    this.#login = login;
    const methods = login === undefined ? [NO_LOGIN] : [NO_LOGIN, BY_PASSWORD];
    this.hello = new Uint8Array([VERSION, methods.length, ...methods]);
  }

  take(bytes: Uint8Array): Step {
    this.#came = new ByteWriter().bytes(this.#came).bytes(bytes).done();
    switch (this.#state) {
      case "method":
        return this.#takeMethod();
      case "login":
        return this.#takeLogin();
      case "answer":
        return this.#takeAnswer();
    }
  }

  #takeMethod(): Step {
    const [version, method] = this.#came;
    if (version !== VERSION) throw notThatProxy(this.#came, "socks5");
    if (method === undefined) return { kind: "more" };
    this.#came = this.#came.slice(2);
    if (method === NO_LOGIN) return this.#ask();
    if (method === BY_PASSWORD && this.#login !== undefined) return this.#tell(this.#login);
    if (method !== NONE_WILL_DO && method !== BY_PASSWORD) throw strangeAnswer();
    throw new TeleError(
      "refused",
      this.#login === undefined
        ? "wants a user name and a password: put them into its URL, as in socks5://USER:PASSWORD@HOST:PORT"
        : "takes neither a user name and password nor none, and tele knows nothing else: have it allow one of them",
    );
  }

  #tell({ user, password }: ProxyLogin): Step {
    this.#state = "login";
    const writer = new ByteWriter().u8(LOGIN_VERSION);
    for (const text of [user, password]) {
      const bytes = new TextEncoder().encode(text);
      writer.u8(bytes.length).bytes(bytes);
    }
    return { kind: "send", bytes: writer.done() };
  }

  #takeLogin(): Step {
    const [, status] = this.#came;
    if (status === undefined) return { kind: "more" };
    this.#came = this.#came.slice(2);
    if (status === 0) return this.#ask();
    throw new TeleError("refused", "does not accept that user name and password: correct them in its URL");
  }

  #ask(): Step {
    this.#state = "answer";
    const { host, port } = this.#target;
    const writer = new ByteWriter().u8(VERSION).u8(CONNECT).u8(0);
    const address = ipBytes(host);
    if (address === undefined) {
      const name = new TextEncoder().encode(host);
      writer.u8(NAME).u8(name.length).bytes(name);
    } else {
      writer.u8(address.length === 4 ? IPV4 : IPV6).bytes(address);
    }
    return { kind: "send", bytes: writer.u16(port).done() };
  }

  #takeAnswer(): Step {
    const [version, reply, , kind, length] = this.#came;
    if (version !== undefined && version !== VERSION) throw notThatProxy(this.#came, "socks5");
    if (reply !== undefined && reply !== 0) {
      const [code, sentence] = FAILURES[reply] ?? ["carrier-lost", `cannot lead to there (SOCKS failure ${reply})`];
      throw new TeleError(code, sentence);
    }
    if (kind === undefined || length === undefined) return { kind: "more" };
    const end = 4 + addressBytes(kind, length) + 2;
    return this.#came.length < end ? { kind: "more" } : { kind: "open", rest: this.#came.slice(end) };
  }
}

/** Bytes of the address that the proxy connects from, which nobody needs. */
function addressBytes(kind: number, length: number): number {
  if (kind === IPV4) return 4;
  if (kind === IPV6) return 16;
  if (kind === NAME) return 1 + length;
  throw strangeAnswer();
}
