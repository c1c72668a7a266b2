/** Requests: which of them become WebSockets, which get a page, and which are refused. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { acceptWeb, refuseWeb } from "../../../../lib/net/websocket/websocket_server.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { collect, readExactly } from "../../../support/reading.ts";
import { upgradeRequest } from "../../../support/web_sockets.ts";
import { within } from "../../../support/wait.ts";

/** Each character is a byte. */
const encode = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** What comes of a request, and what its client reads until the end. */
async function answered(
  request: string,
  isReady?: () => boolean,
): Promise<{ answer: string; socket?: Duplex; error?: TeleError }> {
  const [near, far] = duplexPair();
  const accepting = acceptWeb(near, new FakeClock(), isReady).then(
    (socket) => ({ socket }),
    (error) => ({ error }),
  );
  const reading = collect(far);
  await far.write(encode(request)).catch(() => {});
  await far.closeWrite().catch(() => {});
  const result = await within(accepting, 2_000, "an answer");
  if ("socket" in result) result.socket?.close();
  const { bytes } = await reading;
  return { answer: new TextDecoder().decode(bytes), ...result };
}

Deno.test("an upgrade becomes a WebSocket on any path, in pieces of any size, with what comes behind it", async () => {
  const request = encode(`${upgradeRequest()}\x82\x82\0\0\0\0hi`);
  for (const size of [1, 2, 3, 7, 100, request.length]) {
    const [near, far] = duplexPair();
    const accepting = acceptWeb(near, new FakeClock());
    const sending = (async () => {
      for (let at = 0; at < request.length; at += size) await far.write(request.slice(at, at + size));
    })();
    const answer = new TextDecoder().decode(await readExactly(far, 129));
    assertStringIncludes(answer, "HTTP/1.1 101 Switching Protocols\r\n");
    assert(answer.endsWith("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"), answer);
    const socket = (await accepting)!;
    assertEquals(await readExactly(socket, 2), encode("hi"));
    await sending;
    socket.close();
  }
});

Deno.test("at /readyz a balancer hears when nobody new is taken; every other path has the page, and upgrades go on", async () => {
  const statusOf = async (path: string, isReady?: () => boolean) =>
    (await answered(`GET ${path} HTTP/1.0\r\n\r\n`, isReady)).answer.split("\r\n")[0];
  for (const path of ["/", "/readyz", "/readyz?from=haproxy"]) assertEquals(await statusOf(path), "HTTP/1.1 200 OK");
  const not = () => false;
  for (const path of ["/", "/healthz", "/readyzz", "/a/readyz"]) {
    assertEquals(await statusOf(path, not), "HTTP/1.1 200 OK");
  }
  for (const path of ["/readyz", "/readyz?from=haproxy"]) {
    assertEquals(await statusOf(path, not), "HTTP/1.1 503 Service Unavailable");
  }
  const { answer } = await answered("OPTIONS /readyz HTTP/1.1\r\nHost: a\r\n\r\n", not);
  assert(answer.endsWith("this tele server takes nobody new\n"), answer);
  const { socket } = await answered(upgradeRequest({}, "GET /readyz HTTP/1.1"), not);
  assert(socket !== undefined);
});

Deno.test("an upgrade that is written in another way, or came through proxies, is one all the same", async () => {
  for (
    const request of [
      upgradeRequest({ Connection: "keep-alive, Upgrade", Upgrade: "WebSocket" }),
      upgradeRequest({ "X-Forwarded-For": "192.0.2.7", "Content-Length": "0", Via: "1.1 front" }),
      upgradeRequest({ "Sec-WebSocket-Extensions": "permessage-deflate", "Sec-WebSocket-Protocol": "tele" }),
      upgradeRequest({}, "GET /?a=b HTTP/1.1"),
    ]
  ) {
    const { socket, answer } = await answered(request);
    assert(socket !== undefined, request);
    assert(!/extensions|protocol:/i.test(answer), "nothing is agreed on");
  }
});

Deno.test("who wants no WebSocket sees a page, and a check without a body sees that it is there", async () => {
  for (const first of ["GET / HTTP/1.1", "GET /health?x HTTP/1.0", "OPTIONS / HTTP/1.0", "GET /tele HTTP/1.1"]) {
    const { answer, socket, error } = await answered(`${first}\r\nHost: example.com\r\nUpgrade: h2c\r\n\r\n`);
    assertEquals([socket, error], [undefined, undefined]);
    const [head, text] = answer.split("\r\n\r\n");
    assertStringIncludes(head!, "HTTP/1.1 200 OK\r\n");
    assertStringIncludes(head!, `\r\nContent-Length: ${text!.length}\r\n`);
    assertStringIncludes(head!, "\r\nConnection: close");
    assertStringIncludes(text!, "This is a tele server.");
  }
  const { answer, error } = await answered("HEAD / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  assert(answer.startsWith("HTTP/1.1 200 OK\r\n") && answer.endsWith("\r\n\r\n"), answer);
  assertEquals(error, undefined);
});

Deno.test("each request that is no good is answered with what is wrong, and told", async () => {
  const plain = (first: string) => `${first}\r\nHost: example.com\r\n\r\n`;
  const faults: [request: string, status: string, part: string][] = [
    [upgradeRequest({ Origin: "https://example.com" }), "403 Forbidden", "a page in a browser may not use this"],
    [upgradeRequest({ "Sec-WebSocket-Version": "8" }), "426 Upgrade Required", "version 13"],
    [upgradeRequest({ "Sec-WebSocket-Version": undefined }), "426 Upgrade Required", "Sec-WebSocket-Version: 13\r\n"],
    [upgradeRequest({ "Sec-WebSocket-Key": undefined }), "400 Bad Request", "not as RFC 6455 has it"],
    [upgradeRequest({ "Sec-WebSocket-Key": "short" }), "400 Bad Request", "not as RFC 6455 has it"],
    [upgradeRequest({ Connection: "keep-alive" }), "400 Bad Request", "not as RFC 6455 has it"],
    [upgradeRequest({ Host: undefined }), "400 Bad Request", "not as RFC 6455 has it"],
    [upgradeRequest({ "Content-Length": "5" }), "400 Bad Request", "not as RFC 6455 has it"],
    [upgradeRequest({ "Transfer-Encoding": "chunked" }), "400 Bad Request", "not as RFC 6455 has it"],
    [upgradeRequest({}, "POST / HTTP/1.1"), "400 Bad Request", "not as RFC 6455 has it"],
    [upgradeRequest({}, "GET / HTTP/1.0"), "400 Bad Request", "not as RFC 6455 has it"],
    [plain("POST / HTTP/1.1"), "405 Method Not Allowed", "Allow: GET, HEAD, OPTIONS\r\n"],
    [plain("PRI * HTTP/2.0"), "505 HTTP Version Not Supported", "speaks HTTP/1.1"],
    [plain("GET /a b HTTP/1.1"), "400 Bad Request", "the first line is no request"],
    [plain("GET /"), "400 Bad Request", "the first line is no request"],
    ["GET / HTTP/1.1\r\nHost : example.com\r\n\r\n", "400 Bad Request", "a line that is no field"],
    ["GET / HTTP/1.1\nHost: example.com\n\n", "400 Bad Request", "does not end in CR and LF"],
    [`GET / HTTP/1.1\r\nCookie: ${"x".repeat(16_384)}`, "400 Bad Request", "is longer than 16 KiB"],
  ];
  for (const [request, status, part] of faults) {
    const { answer, error } = await answered(request);
    assert(answer.startsWith(`HTTP/1.1 ${status}\r\n`), answer || "no answer");
    assertStringIncludes(answer, part);
    assertEquals(error?.code, "protocol", request);
  }
});

Deno.test("who leaves before the end of the request gets no answer, and that is no breach of a protocol", async () => {
  const { answer, error } = await answered("GET / HTTP/1.1\r\nHost:");
  assertEquals([answer, error?.code], ["", "carrier-lost"]);
});

Deno.test("who does not read the answer is closed after a second", async () => {
  const clock = new FakeClock();
  const [near, far] = duplexPair();
  const accepting = acceptWeb(near, clock);
  await far.write(encode("GET / HTTP/1.1\r\n\r\n"));
  const reading = collect(far);
  await clock.advance(999);
  assertEquals(clock.pendingTimers, 1);
  await clock.advance(1);
  assertEquals(await accepting, undefined);
  assertStringIncludes(new TextDecoder().decode((await reading).bytes), "This is a tele server.");
});

Deno.test("who never takes a byte of the answer is closed after a second too", async () => {
  const clock = new FakeClock();
  const [near, far] = duplexPair();
  const refusing = assertRejects(() => acceptWeb(near, clock), TeleError);
  await far.write(encode("POST / HTTP/1.1\r\n\r\n"));
  await clock.advance(1_000);
  await within(refusing, 1_000, "the end");
  await assertRejects(() => far.read(new Uint8Array(1)));
});

Deno.test("a web client in the wrong place is told what to change", async () => {
  const [near, far] = duplexPair();
  const [{ bytes }] = await Promise.all([
    collect(far),
    refuseWeb(near, new FakeClock(), "This port takes TLS."),
    far.write(encode("GET / HTTP/1.1\r\n\r\n")).then(() => far.closeWrite()),
  ]);
  const answer = new TextDecoder().decode(bytes);
  assert(
    answer.startsWith("HTTP/1.1 400 Bad Request\r\n") && answer.endsWith("\r\n\r\nThis port takes TLS.\n"),
    answer,
  );
});
