/** HTTP's CONNECT: what is asked, and what each answer means, however it is cut. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { ConnectNegotiation } from "../../../../lib/net/proxy/connect.ts";
import type { Step } from "../../../../lib/net/proxy/negotiation.ts";

const TARGET = { host: "example.com", port: 40300 };
const LOGIN = { user: "alice", password: "hush" };
const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const text = (from: Uint8Array) => new TextDecoder().decode(from);

/** The outcome of an answer that comes in these pieces. */
function outcome(pieces: string[], negotiation = new ConnectNegotiation(TARGET)): Step {
  for (const piece of pieces) {
    const step = negotiation.take(bytes(piece));
    if (step.kind !== "more") return step;
  }
  return { kind: "more" };
}

/** The error of an answer: its code and sentence. */
function failure(answer: string, negotiation = new ConnectNegotiation(TARGET)): string {
  const { code, message } = assertThrows(() => outcome([answer], negotiation), TeleError);
  return `${code}: ${message}`;
}

Deno.test("CONNECT asks for the name as it is, an IPv6 address in brackets, and shows the login as Basic", () => {
  assertEquals(
    text(new ConnectNegotiation(TARGET).hello),
    "CONNECT example.com:40300 HTTP/1.1\r\nHost: example.com:40300\r\n\r\n",
  );
  assertStringIncludes(
    text(new ConnectNegotiation({ host: "2001:db8::1", port: 1 }).hello),
    "CONNECT [2001:db8::1]:1 ",
  );
  const { hello } = new ConnectNegotiation(TARGET, { user: "Aladdin", password: "open sesame" });
  // The example of RFC 7617.
  assertStringIncludes(text(hello), "\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
  const beyond = new ConnectNegotiation(TARGET, { user: "test", password: "123\u00a3" });
  // Its example of UTF-8.
  assertStringIncludes(text(beyond.hello), "Basic dGVzdDoxMjPCow==\r\n");
});

Deno.test("an answer that opens the way opens it wherever it is cut, and what comes behind it belongs to the carrier", () => {
  const answers = [
    "HTTP/1.1 200 Connection established\r\n\r\n",
    "HTTP/1.0 200 OK\r\nVia: 1.1 proxy\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200\n\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nX: \x00\xff\r\n\r\n",
  ];
  for (const answer of answers) {
    for (const rest of ["", "\r\n\r\nframes"]) {
      const whole = answer + rest;
      for (let cut = 0; cut <= whole.length; cut++) {
        const negotiation = new ConnectNegotiation(TARGET);
        const first = negotiation.take(bytes(whole.slice(0, cut)));
        if (cut < answer.length) assertEquals(first.kind, "more", `${cut} of ${JSON.stringify(whole)}`);
        const last = first.kind === "more" ? negotiation.take(bytes(whole.slice(cut))) : first;
        const came = first.kind === "more" ? rest : rest.slice(0, cut - answer.length);
        assertEquals(last, { kind: "open", rest: bytes(came) }, `${cut} of ${JSON.stringify(whole)}`);
      }
      assertEquals(outcome([...answer]), { kind: "open", rest: bytes("") });
    }
  }
});

Deno.test("407 tells whether a login is missing or wrong, or of a kind that tele does not know", () => {
  const basic =
    'HTTP/1.1 407 Denied\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm="x, y"\r\n\r\n';
  assertStringIncludes(failure(basic), "refused: wants a user name and a password (407)");
  const known = failure(basic, new ConnectNegotiation(TARGET, LOGIN));
  assertStringIncludes(known, "refused: does not accept that user name and password (407)");
  assert(!known.includes("hush"), known);
  assertStringIncludes(failure("HTTP/1.1 407 Denied\r\n\r\n"), "wants a user name and a password");
  const others = "HTTP/1.1 407 Denied\r\nproxy-authenticate: NTLM, Digest realm=r, nonce=n\r\n\r\n";
  assertStringIncludes(failure(others), "wants to know its user by NTLM or Digest (407), and tele knows only Basic");
});

Deno.test("each refusal is a sentence that says what to change", () => {
  assertStringIncludes(failure("HTTP/1.1 403 Forbidden\r\n\r\n"), "many allow only port 443");
  assertStringIncludes(failure("HTTP/1.1 403 Forbidden\r\n\r\n"), "allow CONNECT to port 40300");
  const secure = new ConnectNegotiation({ host: "example.com", port: 443 });
  assertStringIncludes(failure("HTTP/1.1 403 Forbidden\r\n\r\n", secure), "allow CONNECT to example.com");
  for (const status of [400, 404, 405, 501]) {
    assertStringIncludes(failure(`HTTP/1.1 ${status} No\r\n\r\n`), `refused: does not know CONNECT (${status})`);
  }
  assertStringIncludes(failure("HTTP/1.1 302 Found\r\nLocation: x\r\n\r\n"), "protocol: answers with a web page (302)");
  assertStringIncludes(failure("HTTP/1.1 511 Log in\r\n\r\n"), "protocol: wants its user to log in");
  assertEquals(failure("HTTP/1.1 429 Too Many\r\n\r\n"), "refused: cannot lead to there (429)");
});

Deno.test("why a proxy cannot lead on is told where it says so", () => {
  const told: [string, string][] = [
    ["X-Squid-Error: ERR_DNS_FAIL 0", ": it cannot resolve the name; check the host in --out"],
    ["X-Squid-Error: ERR_CONNECT_FAIL 111", ": connection refused"],
    ["X-Squid-Error: ERR_CONNECT_FAIL 110", ": nobody answers there"],
    ["X-Squid-Error: ERR_CONNECT_FAIL 101", ": there is no way to there"],
    ["Proxy-Status: proxy.example; error=dns_error", ": it cannot resolve the name; check the host in --out"],
    ["Proxy-Status: proxy.example; error=connection_refused", ": connection refused"],
    ["Proxy-Status: proxy.example; error=connection_timeout", ": nobody answers there"],
    ["X-Other: dns_error", ""],
  ];
  for (const [field, reason] of told) {
    const sentence = `carrier-lost: cannot lead to there (503)${reason}`;
    assertEquals(failure(`HTTP/1.1 503 Service Unavailable\r\n${field}\r\n\r\n<html>`), sentence);
  }
});

Deno.test("what is no answer of a proxy is refused at its first wrong byte, and what has no end at 16 KiB", () => {
  assertStringIncludes(failure("SSH-2.0-OpenSSH\r\n"), "an SSH server answers there");
  assertStringIncludes(failure("HTTP/2 200\r\n\r\n"), "a web (HTTP) server answers there");
  assertStringIncludes(failure("?"), "check its host, port and scheme");
  assertStringIncludes(failure("\x05\x00"), "write socks5://");
  for (const line of ["HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 000 OK", "HTTP/1.1  200 OK", "HTTP/1.x 200"]) {
    assertEquals(
      failure(`${line}\r\n\r\n`),
      "refused: does not answer as a proxy does: check its host, port and scheme",
    );
  }
  const endless = new ConnectNegotiation(TARGET);
  assertEquals(endless.take(bytes("HTTP/1.1 200 OK\r\n")), { kind: "more" });
  const piece = bytes("X-Padding: 0123456789\r\n".repeat(100));
  const { message } = assertThrows(() => {
    for (let pieces = 0; pieces < 100; pieces++) endless.take(piece);
  }, TeleError);
  assertStringIncludes(message, "answers without end");
  const interim = new ConnectNegotiation(TARGET);
  assertThrows(() => interim.take(bytes("HTTP/1.1 102 Wait\r\n\r\n".repeat(1000))), TeleError, "answers without end");
});
