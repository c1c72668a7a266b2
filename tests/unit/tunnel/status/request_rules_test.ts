/** Which requests the status address answers. */
import { assertEquals } from "@std/assert";
import { judge, type RequestRules } from "../../../../lib/tunnel/status/request_rules.ts";

const OPEN: RequestRules = { host: undefined, isReachedByBrowsers: true, token: undefined };
const GUARDED: RequestRules = { ...OPEN, host: "0.0.0.0", token: "correct-horse-battery" };

/** The path that is answered, or the status of the refusal. */
function verdict(fields: Record<string, string>, rules = OPEN, startLine = "GET /metrics HTTP/1.1"): string | number {
  const judged = judge({ startLine, fields: new Map(Object.entries(fields)) }, rules);
  return judged.kind === "asked" ? judged.path : judged.answer.status;
}

Deno.test("who asks by an IP address or as localhost is answered, who asks by another name is not", () => {
  for (const host of ["127.0.0.1:40380", "localhost:40380", "LOCALHOST", "[::1]:40380", "[::1]", "192.0.2.7:1"]) {
    assertEquals(verdict({ host }), "/metrics", host);
  }
  for (
    const host of ["evil.example:40380", "127.0.0.1.evil.example", "localhost.evil.example", "", "[evil]", "a:b:c"]
  ) {
    assertEquals(verdict({ host }), 421, host);
  }
});

Deno.test("the name that --status gives is a host too", () => {
  assertEquals(verdict({ host: "Tele.internal:40380" }, { ...OPEN, host: "tele.internal" }), "/metrics");
});

Deno.test("behind a secret, and at a unix socket, any host is taken, for no page can come there", () => {
  const authorization = `Bearer ${GUARDED.token}`;
  assertEquals(verdict({ host: "tele.example", authorization }, GUARDED), "/metrics");
  assertEquals(verdict({ host: "whatever" }, { ...OPEN, isReachedByBrowsers: false }), "/metrics");
});

Deno.test("a request of HTTP/1.1 without a host is none, one of HTTP/1.0 is", () => {
  assertEquals(verdict({}), 400);
  assertEquals(verdict({}, OPEN, "GET /metrics HTTP/1.0"), "/metrics");
  assertEquals(verdict({ host: "localhost" }, OPEN, "GET /metrics HTTP/2.0"), 505);
});

Deno.test("a target with a scheme is for the host that it names, whatever Host says", () => {
  const asked = (target: string) => verdict({ host: "localhost" }, OPEN, `GET ${target} HTTP/1.1`);
  assertEquals(asked("http://127.0.0.1:40380/metrics?debug"), "/metrics");
  assertEquals([asked("HTTP://localhost"), asked("http://localhost?debug")], ["/", "/"]);
  assertEquals([asked("http://evil.example/metrics"), asked("http:///metrics")], [421, 421]);
  assertEquals(verdict({}, OPEN, "GET http://localhost/metrics HTTP/1.1"), 400);
});

Deno.test("a page of another origin is refused, one of this address is not", () => {
  const host = "localhost:40380";
  assertEquals(verdict({ host, origin: "http://localhost:40380" }), "/metrics");
  for (const origin of ["http://evil.example", "http://localhost:8080", "null"]) {
    assertEquals(verdict({ host, origin }), 403, origin);
  }
});

Deno.test("only GET and HEAD are answered, and HEAD without a body", () => {
  const fields = new Map([["host", "localhost"]]);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get"]) {
    const judged = judge({ startLine: `${method} / HTTP/1.1`, fields }, OPEN);
    assertEquals(judged.kind === "refused" && [judged.answer.status, judged.answer.fields], [405, [
      "Allow: GET, HEAD",
    ]]);
  }
  assertEquals(judge({ startLine: "HEAD / HTTP/1.1", fields }, OPEN), { kind: "asked", path: "/", hasBody: false });
});

Deno.test("a line that is no request is refused, and what stands behind a question mark is nobody's path", () => {
  assertEquals(verdict({ host: "localhost" }, OPEN, "hello"), 400);
  assertEquals(verdict({ host: "localhost" }, OPEN, "GET /a b HTTP/1.1"), 400);
  assertEquals(verdict({ host: "localhost" }, OPEN, "GET /metrics?x=1 HTTP/1.1"), "/metrics");
});

Deno.test("a secret is shown as a bearer's or as a password, and nothing else lets in", () => {
  const host = "localhost";
  const asked = (authorization: string) => verdict({ host, authorization }, GUARDED);
  const basic = (text: string) => `Basic ${btoa(text)}`;
  for (const right of [`Bearer ${GUARDED.token}`, `bearer  ${GUARDED.token}`, basic(`any:${GUARDED.token}`)]) {
    assertEquals(asked(right), "/metrics", right);
  }
  const wrong = ["", "Bearer", "Bearer correct-horse", `Bearer ${GUARDED.token}x`, `Digest ${GUARDED.token}`];
  for (const one of [...wrong, basic(`${GUARDED.token}:`), basic("any:other"), "Basic %%%", "Basic a"]) {
    assertEquals(asked(one), 401, one);
  }
  assertEquals(verdict({ host }, GUARDED), 401);
});
