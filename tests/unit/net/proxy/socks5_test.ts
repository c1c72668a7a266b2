/** SOCKS version 5: what is asked, and what each answer means, however it is cut. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import type { ProxyLogin } from "../../../../lib/net/proxy/proxy.ts";
import { Socks5Negotiation } from "../../../../lib/net/proxy/socks5.ts";

const TARGET = { host: "example.com", port: 40300 };
const LOGIN = { user: "alice", password: "hush" };
const ASK = [5, 1, 0, 3, 11, ...new TextEncoder().encode("example.com"), 157, 108];
const LOG_IN = [1, 5, ...new TextEncoder().encode("alice"), 4, ...new TextEncoder().encode("hush")];

/** Gives what the proxy says in pieces of `size`; returns what was sent, and the rest behind the last word. */
function talk(said: number[][], size: number, login?: ProxyLogin): { sent: number[][]; rest: number[] | undefined } {
  const negotiation = new Socks5Negotiation(TARGET, login);
  const sent = [[...negotiation.hello]];
  for (const answer of said) {
    for (let at = 0; at < answer.length; at += size) {
      const step = negotiation.take(new Uint8Array(answer.slice(at, at + size)));
      if (step.kind === "send") sent.push([...step.bytes]);
      if (step.kind === "open") return { sent, rest: [...step.rest, ...answer.slice(at + size)] };
    }
  }
  return { sent, rest: undefined };
}

/** The error of what the proxy says. */
function failure(said: number[][], login?: ProxyLogin): string {
  const { code, message } = assertThrows(() => talk(said, 100, login), TeleError);
  assert(!message.includes("hush"), message);
  return `${code}: ${message}`;
}

Deno.test("the way is open behind the proxy's address, of whichever kind, and the rest belongs to the carrier", () => {
  const addresses = [[1, 192, 0, 2, 1], [4, ...Array(16).fill(7)], [3, 3, 97, 98, 99], [3, 0]];
  for (const address of addresses) {
    for (const rest of [[], [5, 0, 0, 9]]) {
      for (const size of [1, 2, 3, 7, 100]) {
        const said = [[5, 0], [5, 0, 0, ...address, 1, 2, ...rest]];
        assertEquals(talk(said, size), { sent: [[5, 1, 0], ASK], rest }, `${address} in pieces of ${size}`);
      }
    }
  }
});

Deno.test("a login is shown where the proxy wants it, and offered beside none", () => {
  for (const size of [1, 2, 100]) {
    const said = [[5, 2], [1, 0], [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]];
    assertEquals(talk(said, size, LOGIN), { sent: [[5, 2, 0, 2], LOG_IN, ASK], rest: [] });
    const free = [[5, 0], [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]];
    assertEquals(talk(free, size, LOGIN), { sent: [[5, 2, 0, 2], ASK], rest: [] });
  }
});

Deno.test("an address is sent as one, and a name as it is", () => {
  const asked = (host: string) => {
    const negotiation = new Socks5Negotiation({ host, port: 258 });
    const step = negotiation.take(new Uint8Array([5, 0]));
    return step.kind === "send" ? [...step.bytes] : [];
  };
  assertEquals(asked("192.0.2.1"), [5, 1, 0, 1, 192, 0, 2, 1, 1, 2]);
  assertEquals(asked("::1"), [5, 1, 0, 4, ...Array(15).fill(0), 1, 1, 2]);
  assertEquals(asked("a"), [5, 1, 0, 3, 1, 97, 1, 2]);
});

Deno.test("a login that is missing, wrong, or that nobody asked for in this way", () => {
  assertStringIncludes(failure([[5, 255]]), "refused: wants a user name and a password");
  assertStringIncludes(failure([[5, 2]]), "refused: wants a user name and a password");
  assertStringIncludes(failure([[5, 255]], LOGIN), "refused: takes neither");
  assertStringIncludes(failure([[5, 1]], LOGIN), "refused: does not answer as a proxy does");
  assertStringIncludes(failure([[5, 2], [1, 1]], LOGIN), "refused: does not accept that user name and password");
});

Deno.test("each failure that SOCKS knows is a sentence, and those that somebody must mend are refusals", () => {
  const expected: [number, string][] = [
    [1, "carrier-lost: cannot lead to there, and does not say why"],
    [2, "refused: forbids connections to there"],
    [3, "carrier-lost: cannot lead to there: network unreachable"],
    [
      4,
      "carrier-lost: cannot lead to there: it cannot reach that host, or not resolve its name; check the host in --out",
    ],
    [5, "carrier-lost: cannot lead to there: connection refused"],
    [6, "carrier-lost: cannot lead to there: nobody answers"],
    [7, "refused: does not lead TCP connections on"],
    [8, "refused: takes no such address"],
    [99, "carrier-lost: cannot lead to there (SOCKS failure 99)"],
  ];
  // Some proxies send no more than this of a failure.
  for (const [reply, sentence] of expected) assertStringIncludes(failure([[5, 0], [5, reply]]), sentence);
});

Deno.test("what is no SOCKS proxy is refused at its first wrong byte", () => {
  const bytes = (text: string) => [...new TextEncoder().encode(text)];
  assertStringIncludes(failure([bytes("HTTP/1.1 400 Bad\r\n\r\n")]), "write http://");
  assertStringIncludes(failure([[0, 0x5b]]), "SOCKS version 4");
  assertStringIncludes(failure([bytes("?")]), "check its host, port and scheme");
  assertStringIncludes(failure([[5, 0], [4, 0]]), "check its host, port and scheme");
  assertStringIncludes(failure([[5, 0], [5, 0, 0, 2, 0]]), "check its host, port and scheme");
});
