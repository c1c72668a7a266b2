/** Heads of HTTP messages: strict, bounded, and quick. */
import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { hasMember, type HttpHead, MOST_HEAD_BYTES, readHead } from "../../../lib/net/http_head.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { within } from "../../support/wait.ts";

const encode = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The head of `text`, sent in pieces of `size` bytes, and what was read behind it. */
async function head(text: string, size = 100_000): Promise<{ head: HttpHead; rest: string }> {
  const [near, far] = duplexPair();
  const reading = readHead(near);
  const bytes = encode(text);
  const sending = (async () => {
    for (let at = 0; at < bytes.length; at += size) await far.write(bytes.subarray(at, at + size));
    await far.closeWrite();
  })().catch(() => {});
  try {
    const { head, rest } = await within(reading, 2_000, "a head");
    return { head, rest: String.fromCharCode(...rest) };
  } finally {
    near.close();
    await sending;
  }
}

Deno.test("a head is read in pieces of any size, and what comes behind it stays", async () => {
  const text = "GET /x HTTP/1.1\r\nHost:example.com\r\nA-b:\t c d \t\r\nEmpty:\r\nhost: two\r\nX: \xe4\r\n\r\n";
  for (let size = 1; size <= text.length + 4; size++) {
    const { head: { startLine, fields }, rest } = await head(`${text}more`, size);
    assertEquals(startLine, "GET /x HTTP/1.1");
    assertEquals(Object.fromEntries(fields), { host: "example.com, two", "a-b": "c d", empty: "", x: "\xe4" });
    assert("more".startsWith(rest), rest);
  }
  assertEquals((await head("GET / HTTP/1.1\r\n\r\n")).head.fields.size, 0);
});

Deno.test("what two readers might read in two ways is refused", async () => {
  const faults: [text: string, sentence: string][] = [
    ["GET / HTTP/1.1\nHost: a\r\n\r\n", "a line that does not end in CR and LF"],
    ["GET / HTTP/1.1\r\nHost: a\n\r\n", "a line that does not end in CR and LF"],
    ["\n", "a line that does not end in CR and LF"],
    ["GET / HTTP/1.1\r\nHost : a\r\n\r\n", "a line that is no field"],
    ["GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n", "a line that is no field"],
    ["GET / HTTP/1.1\r\n: a\r\n\r\n", "a line that is no field"],
    ["GET / HTTP/1.1\r\nHost\r\n\r\n", "a line that is no field"],
    ["GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", "a line that is no field"],
    ["GET / HTTP/1.1\r\nHost: a\rb: c\r\n\r\n", "a line that is no field"],
    ["GET / HTTP/1.1\r\nH\xe4: a\r\n\r\n", "a line that is no field"],
  ];
  for (const [text, sentence] of faults) {
    const error = await assertRejects(() => head(text), TeleError, sentence, text);
    assertEquals(error.code, "protocol");
  }
});

Deno.test("the longest head that fits is read, and one byte more is refused before its end", async () => {
  const around = "GET / HTTP/1.1\r\nX: \r\n\r\n".length;
  const filler = "x".repeat(MOST_HEAD_BYTES - around);
  assertEquals((await head(`GET / HTTP/1.1\r\nX: ${filler}\r\n\r\nrest`)).head.fields.get("x"), filler);
  await assertRejects(() => head(`GET / HTTP/1.1\r\nX: ${filler}y\r\n\r\n`), TeleError, "is longer than 16 KiB");
});

Deno.test("a head that ends before its end is a connection that was lost", async () => {
  for (const text of ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nA: b\r\n\r"]) {
    const error = await assertRejects(() => head(text), TeleError, "ended within the head", text);
    assertEquals(error.code, "carrier-lost");
  }
});

Deno.test("no head takes long to look at, whatever is in it", async () => {
  const filler = " \t".repeat(MOST_HEAD_BYTES / 2 - 30);
  const start = performance.now();
  for (const line of [`A:${filler}b`, `A${filler}`, `:${filler}`, `A: b${filler}`]) {
    await head(`GET / HTTP/1.1\r\n${line}\r\n\r\n`).catch(() => {});
  }
  assert(performance.now() - start < 1_000);
});

Deno.test("a member of a list is found in any case and place, and no part of one", () => {
  for (const list of ["upgrade", "Upgrade", "close,  UPGRADE ,x"]) assert(hasMember(list, "upgrade"), list);
  for (const list of [undefined, "", "upgrades", "up grade", "up,grade"]) assertFalse(hasMember(list, "upgrade"), list);
});
