/** The hello of TLS, read without ending it: real ones, in any pieces, and what is none. */
import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { MOST_CLIENT_HELLO_BYTES, offeredProtocols, readClientHello } from "../../../lib/net/client_hello.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { clientHello, inRecords } from "../../support/client_hellos.ts";

const OFFERED = ["tele/2", `tele-ticket=${"A".repeat(150)}`];

Deno.test("the protocols of a hello are read when it has come whole, and not before", () => {
  const hello = inRecords(clientHello(OFFERED));
  for (let count = 0; count < hello.length; count++) assertEquals(offeredProtocols(hello.subarray(0, count)), "more");
  assertEquals(offeredProtocols(hello), OFFERED);
  assertEquals(offeredProtocols(concat([hello, new Uint8Array([20, 3, 3, 0, 1, 1])])), OFFERED, "what is behind it");
});

Deno.test("a hello may be cut into records anywhere", () => {
  const message = clientHello(OFFERED);
  for (const size of [1, 3, 4, 50, message.length - 1]) {
    const hello = inRecords(message, size);
    assertEquals(offeredProtocols(hello), OFFERED);
    assertEquals(offeredProtocols(hello.subarray(0, -1)), "more");
  }
});

Deno.test("a hello without ALPN, or without extensions, offers nothing", () => {
  assertEquals(offeredProtocols(inRecords(clientHello(undefined))), []);
  assertEquals(offeredProtocols(inRecords(clientHello("no extensions"))), []);
});

Deno.test("what is no hello of TLS offers nothing", () => {
  const hello = inRecords(clientHello(OFFERED));
  const changed = (at: number, value: number) => hello.with(at, value);
  for (
    const bytes of [
      new TextEncoder().encode("GET / HTTP/1.1\r\n"),
      changed(0, 0x15),
      changed(5, 2), // A server's hello.
      new Uint8Array([0x16, 3, 1, 0, 0]), // An empty record.
      changed(43, 255), // A session identifier that is longer than all the rest.
    ]
  ) {
    assertEquals(offeredProtocols(bytes), "none");
  }
});

Deno.test("a hello that is too long to be one is given up", () => {
  const endless = inRecords(new Uint8Array([1, 255, 255, 255, ...new Uint8Array(MOST_CLIENT_HELLO_BYTES)]), 4096);
  assertEquals(offeredProtocols(endless.subarray(0, MOST_CLIENT_HELLO_BYTES - 1)), "more");
  assertEquals(offeredProtocols(endless.subarray(0, MOST_CLIENT_HELLO_BYTES)), "none");
});

Deno.test("reading keeps what it read, of a hello and of what is none", async () => {
  const hello = inRecords(clientHello(OFFERED));
  const large = inRecords(clientHello([...OFFERED, ...Array(30).fill("x".repeat(200))]));
  for (const [bytes, protocols] of [[hello, OFFERED], [large, undefined], [new Uint8Array([0x16, 9]), []]] as const) {
    const [near, far] = duplexPair();
    const reading = readClientHello(near);
    // In pieces, as the network likes.
    for (let at = 0; at < bytes.length; at += 700) await far.write(bytes.slice(at, at + 700));
    await far.closeWrite();
    const seen = await reading;
    assertEquals(seen.first, bytes);
    if (protocols === undefined) assertEquals(seen.protocols.length, 32);
    else assertEquals(seen.protocols, protocols);
  }
});

Deno.test("an endless hello costs no more than its limit", async () => {
  const [near, far] = duplexPair();
  const reading = readClientHello(near);
  const endless = inRecords(new Uint8Array([1, 255, 255, 255, ...new Uint8Array(2 * MOST_CLIENT_HELLO_BYTES)]), 4096);
  const writing = far.write(endless).catch(() => {});
  const seen = await reading;
  assertEquals([seen.protocols, seen.first.length <= MOST_CLIENT_HELLO_BYTES], [[], true]);
  near.close();
  await writing;
  assert(seen.first.length > 0);
});

Deno.test("a hello that comes a byte at a time, in records of one byte, costs little more than another", async () => {
  const endless = inRecords(new Uint8Array([1, 255, 255, 255, ...new Uint8Array(MOST_CLIENT_HELLO_BYTES)]), 1);
  let at = 0;
  const duplex: Pick<Duplex, "read"> = {
    read(into) {
      into[0] = endless[at++]!;
      return Promise.resolve(1);
    },
  };
  const startMs = performance.now();
  const seen = await readClientHello(duplex as Duplex);
  const tookMs = performance.now() - startMs;
  assertEquals([seen.first.length, seen.protocols], [MOST_CLIENT_HELLO_BYTES, []]);
  // Some 50 ms. When all was looked at again for each byte, it took 8 s and more.
  assert(tookMs < 1_000, `${tookMs} ms`);
});
