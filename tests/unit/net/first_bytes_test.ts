/** Who connects: web clients, and all others. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { recognize } from "../../../lib/net/first_bytes.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { readAll } from "../../support/reading.ts";
import { within } from "../../support/wait.ts";

const encode = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Whether `text`, in pieces of `size` bytes, is taken for a web client; and what is read of it then. */
async function seen(text: string, size: number): Promise<{ isWeb: boolean; all: string } | undefined> {
  const [near, far] = duplexPair();
  const recognizing = recognize(near);
  const sending = (async () => {
    for (let at = 0; at < text.length; at += size) await far.write(encode(text.slice(at, at + size)));
    await far.closeWrite();
  })();
  const result = await within(recognizing, 1_000, "who it is");
  const all = result && String.fromCharCode(...await readAll(result.duplex, 5));
  await sending;
  return result && { isWeb: result.isWeb, all: all! };
}

Deno.test("a request of HTTP is one in pieces of any size, and is read again whole", async () => {
  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"]) {
    const text = `${method} / HTTP/1.1\r\n`;
    for (const size of [1, 2, 3, 5, text.length]) assertEquals(await seen(text, size), { isWeb: true, all: text });
  }
});

Deno.test("whatever else comes is none, and is read again whole", async () => {
  const others = [
    "\0\0\0\x48\x01tele",
    "\x16\x03\x01\x02\0\x01",
    "SSH-2.0-x",
    "get / HTTP/1.1",
    "GETS",
    "G",
    "OPTIONSX",
    "PROXY TCP4 ",
  ];
  for (const text of others) {
    for (const size of [1, 4, text.length]) assertEquals(await seen(text, size), { isWeb: false, all: text });
  }
});

Deno.test("one byte tells that it is no web client", async () => {
  for (const byte of ["\0", "\x16", "\x80", "E"]) {
    const [near, far] = duplexPair();
    const recognizing = recognize(near);
    await far.write(encode(byte));
    assert(!(await within(recognizing, 1_000, "who it is"))!.isWeb);
    near.close();
  }
});

Deno.test("who leaves without a word is nobody, and a failure is one", async () => {
  assertEquals(await seen("", 1), undefined);
  const [near, far] = duplexPair();
  const failing = assertRejects(() => recognize(near), Error, "reset");
  far.abort(new Error("reset"));
  await failing;
});
