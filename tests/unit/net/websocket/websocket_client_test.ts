/** Asking for a WebSocket: answers that come in pieces, answers that are none, and giving up. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { readHead } from "../../../../lib/net/http_head.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { acceptOf } from "../../../../lib/net/websocket/handshake_key.ts";
import { openWebSocket } from "../../../../lib/net/websocket/websocket_client.ts";
import { readExactly } from "../../../support/reading.ts";
import { within } from "../../../support/wait.ts";
import { REQUEST } from "../../../support/web_sockets.ts";

/** Each character is a byte. */
const encode = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The fields of a good answer, changed. */
async function answerTo(key: string, changes: Record<string, string> = {}): Promise<string> {
  const fields = {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Accept": await acceptOf(key),
    ...changes,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return ["HTTP/1.1 101 Switching Protocols", ...lines, "\r\n"].join("\r\n");
}

/** Asks for a WebSocket of a server that answers with what `answer` makes of the key, in pieces of `size` bytes. */
async function ask(answer: (key: string) => Promise<string> | string, size = 10_000): Promise<Duplex> {
  const [near, far] = duplexPair();
  const opening = openWebSocket(near, REQUEST);
  opening.catch(() => {});
  const { head } = await readHead(far);
  const bytes = encode(await answer(head.fields.get("sec-websocket-key")!));
  // Ends with the connection, which whoever gets it closes.
  (async () => {
    for (let at = 0; at < bytes.length; at += size) await far.write(bytes.slice(at, at + size));
    await far.closeWrite();
  })().catch(() => {});
  try {
    return await within(opening, 2_000, "the WebSocket");
  } catch (error) {
    await assertRejects(() => near.write(encode("x")), Error, undefined, "a failed one is closed");
    throw error;
  }
}

Deno.test("what is asked for is as RFC 6455 has it, for any host and path", async () => {
  const [near, far] = duplexPair();
  const failing = assertRejects(() => openWebSocket(near, { url: "u", host: "[::1]:8080", target: "/a/b?c=d" }));
  const { head, rest } = await readHead(far);
  const { "sec-websocket-key": key, ...fields } = Object.fromEntries(head.fields);
  assertEquals(head.startLine, "GET /a/b?c=d HTTP/1.1");
  assertEquals(fields, {
    "host": "[::1]:8080",
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "user-agent": "tele",
  });
  assertEquals([key?.length, rest.length], [24, 0]);
  far.close();
  await failing;
});

Deno.test("an answer is taken in pieces of any size, and bytes behind it belong to the WebSocket", async () => {
  const length = (await answerTo("dGhlIHNhbXBsZSBub25jZQ==")).length + 4;
  for (let size = 1; size <= length; size++) {
    const socket = await ask(async (key) => await answerTo(key) + "\x82\x02hi", size);
    assertEquals(await readExactly(socket, 2), encode("hi"), `pieces of ${size}`);
    socket.close();
  }
});

Deno.test("names of fields and their lists may be written in any case", async () => {
  (await ask((key) => answerTo(key, { Upgrade: "WebSocket", Connection: "keep-alive, UPGRADE" }))).close();
});

Deno.test("an answer that agrees to something else is refused", async () => {
  const changes: Record<string, string>[] = [
    { "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" },
    { "Sec-WebSocket-Accept": "" },
    { Upgrade: "h2c" },
    { Connection: "close" },
    { "Sec-WebSocket-Extensions": "permessage-deflate" },
    { "Sec-WebSocket-Protocol": "chat" },
  ];
  for (const change of changes) {
    const error = await assertRejects(() => ask((key) => answerTo(key, change)), TeleError);
    assertEquals(
      error.message,
      "ws://example.com/tele: it answers to a WebSocket's upgrade, but not as RFC 6455 has it",
    );
    assertEquals(error.code, "refused");
  }
});

Deno.test("what answers and is no WebSocket is told by what it says, at once", async () => {
  const answers: [answer: string, code: string, part: string][] = [
    ["HTTP/1.1 404 Not Found\r\n\r\n", "refused", "the web server there has nothing there (404)"],
    ["HTTP/1.0 502 Bad Gateway\r\nA: b\r\n\r\n<html>", "carrier-lost", "(502)"],
    ["HTTP/1.1 302\r\nLocation: https://login.example/\r\n\r\n", "protocol", "wss://login.example/"],
    ["HTTP/1.1 nonsense\r\n\r\n", "protocol", "answers with no status"],
    ["HTTP/1.1 101 Switching Protocols\r\n\r\n", "refused", "not as RFC 6455 has it"],
    ["HTTP/1.1 200 OK\r\nno field\r\n\r\n", "protocol", "has a line that is no field"],
    ["HTTP/1.1 200 OK\n\n", "protocol", "does not end in CR and LF"],
    [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(20_000)}`, "protocol", "is longer than 16 KiB"],
    ["HTTP/1.1 200 OK\r\nHalf:", "carrier-lost", "ended within the head"],
    ["", "carrier-lost", "closed in place of an answer"],
    ["SSH-2.0-OpenSSH_9.9\r\n", "refused", "an SSH server answers there, not a web server"],
    ["\x15\x03\x01\x00\x02\x02\x46", "refused", "speaks TLS there: write wss:// in place of ws://"],
    ["\0\0\0\x10\x05", "protocol", "what answers there is no web server"],
  ];
  for (const [answer, code, part] of answers) {
    const error = await assertRejects(() => ask(() => answer), TeleError, undefined, answer);
    assertStringIncludes(error.message, part);
    assert(error.message.startsWith("ws://example.com/tele: "), error.message);
    assertEquals(error.code, code, error.message);
  }
});

Deno.test("an answer without end is cut off at 16 KiB", async () => {
  const [near, far] = duplexPair();
  const failing = assertRejects(() => openWebSocket(near, REQUEST), TeleError, "is longer than 16 KiB");
  await readHead(far);
  let sent = 0;
  const line = encode("X-More: and more of it\r\n");
  const sending = (async () => {
    for (await far.write(encode("HTTP/1.1 200 OK\r\n"));; sent += line.length) await far.write(line);
  })().catch(() => {});
  await within(failing, 2_000, "the refusal");
  await sending;
  assert(sent <= 17_000, `${sent} bytes were taken`);
});

Deno.test("giving up closes the connection at once, whatever it waits for", async () => {
  for (const isSilent of [true, false]) {
    const [near, far] = duplexPair();
    const giveUp = new AbortController();
    const failing = assertRejects(() => openWebSocket(near, REQUEST, giveUp.signal), Error, "enough");
    if (!isSilent) {
      await readHead(far);
      await far.write(encode("HTTP/1.1 101"));
    }
    giveUp.abort(new Error("enough"));
    await within(failing, 1_000, "the end");
    await assertRejects(() => far.write(encode("x")));
  }
  const [late] = duplexPair();
  await assertRejects(() => openWebSocket(late, REQUEST, AbortSignal.abort(new Error("before"))), Error, "before");
});
