/**
 * What proxies answer, in any pieces.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { ConnectNegotiation } from "../../lib/net/proxy/connect.ts";
import type { Negotiation } from "../../lib/net/proxy/negotiation.ts";
import { Socks5Negotiation } from "../../lib/net/proxy/socks5.ts";
import type { Choices } from "./choices.ts";
import { mangled, pieces } from "./mangle.ts";
import { check, hex, type Target, teleErrorOf } from "./target.ts";

const TARGET = { host: "example.com", port: 40300 };
const LOGIN = { user: "alice", password: "hush-hush" };

/** What an HTTP proxy says, mostly right, with what comes behind it. */
function httpAnswer(choices: Choices): Uint8Array {
  const end = choices.chance(0.1) ? "\n" : "\r\n";
  const head = () => {
    const status = choices.pick([100, 102, 200, 200, 200, 204, 302, 400, 403, 407, 429, 503, 511]);
    const fields = [
      "Via: 1.1 proxy",
      "Proxy-Authenticate: Basic realm=x",
      "X-Squid-Error: ERR_DNS_FAIL 0",
      "A:",
      ": b",
    ];
    const lines = Array.from({ length: choices.upTo(4) }, () => choices.pick(fields));
    return [`HTTP/1.${choices.upTo(1)} ${status} Words`, ...lines, "", ""].join(end);
  };
  const heads = Array.from({ length: choices.between(1, 3) }, head).join("");
  return concat([new TextEncoder().encode(heads), choices.bytes(choices.upTo(40))]);
}

/** What a SOCKS proxy says, mostly right, with what comes behind it. */
function socksAnswer(choices: Choices, hasLogin: boolean): Uint8Array {
  const isAsked = hasLogin && choices.chance(0.5);
  const address = choices.pick([[1, 192, 0, 2, 1], [4, ...Array(16).fill(1)], [3, 2, 97, 98]]);
  const login = isAsked ? [1, choices.chance(0.9) ? 0 : 1] : [];
  const reply = choices.chance(0.8) ? 0 : choices.upTo(20);
  const answer = [5, isAsked ? 2 : 0, ...login, 5, reply, 0, ...address, 0, 80];
  return concat([new Uint8Array(answer), choices.bytes(choices.upTo(40))]);
}

/** Gives a negotiation what came; what became of it. The rest is what came behind the opening, in later pieces too. */
function outcome(negotiation: Negotiation, cut: Uint8Array[]): string {
  let sent = hex(negotiation.hello);
  let rest: Uint8Array[] | undefined;
  const error = teleErrorOf(["refused", "carrier-lost", "protocol"], () => {
    for (const piece of cut) {
      if (rest !== undefined) {
        rest.push(piece);
        continue;
      }
      let step = negotiation.take(piece);
      while (step.kind === "send") {
        sent += ` ${hex(step.bytes)}`;
        // The proxy had said more already.
        step = negotiation.take(new Uint8Array());
      }
      if (step.kind === "open") rest = [step.rest];
    }
  });
  check(!error?.message.includes(LOGIN.password), () => `a password: ${error?.message}`);
  if (error !== undefined) return `failed: ${error.code}`;
  return `${sent}, ${rest === undefined ? "waits" : `open, ${hex(concat(rest))}`}`;
}

/** Answers of proxies. */
export const proxies: Target = {
  name: "proxies",
  about: "answers of HTTP and SOCKS proxies, mangled answers and noise, in any pieces",
  quickStreams: 1500,
  run(choices, trace) {
    const [isHttp, login] = [choices.chance(0.5), choices.chance(0.5) ? LOGIN : undefined];
    const right = isHttp ? httpAnswer(choices) : socksAnswer(choices, login !== undefined);
    const bytes = choices.chance(0.4) ? right : mangled(choices, right);
    const cut = pieces(choices, bytes);
    const make = () => isHttp ? new ConnectNegotiation(TARGET, login) : new Socks5Negotiation(TARGET, login);
    trace(() => `${isHttp ? "HTTP" : "SOCKS"}${login ? " with a login" : ""}: ${hex(bytes)} in ${cut.length} pieces`);
    const [whole, got] = [outcome(make(), bytes.length > 0 ? [bytes] : []), outcome(make(), cut)];
    check(whole === got, () => `${got} in pieces, whole ${whole}`);
  },
};
