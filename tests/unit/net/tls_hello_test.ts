/** The first record of a TLS client is read whole, and no further than it must be. */
import { assertEquals, assertRejects } from "@std/assert";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { TruncatedError } from "../../../lib/net/tls_failure.ts";
import { readHello } from "../../../lib/net/tls_hello.ts";

/** A record of the handshake with a body of `length` bytes. */
function record(length: number): Uint8Array {
  const bytes = new Uint8Array(5 + length).fill(7);
  bytes.set([0x16, 3, 1, length >>> 8, length]);
  return bytes;
}

Deno.test("a record comes whole in whatever pieces, a longer one than usual too", async () => {
  for (const length of [1, 300, 507, 508, 4_000]) {
    for (const size of [1, 3, 5, 100, 5_000]) {
      const [near, far] = duplexPair();
      const sent = record(length);
      const sending = (async () => {
        for (let at = 0; at < sent.length; at += size) await far.write(sent.subarray(at, at + size));
      })();
      const firsts: Uint8Array[] = [];
      assertEquals(await readHello(near, (first) => void firsts.push(first)), sent, `${length} in ${size}`);
      assertEquals(firsts.at(-1), sent.subarray(0, 16));
      await sending;
    }
  }
});

Deno.test("what cannot be a handshake is handed over at once, since nothing more may come", async () => {
  const [near, far] = duplexPair();
  const request = new TextEncoder().encode("GET");
  const [got] = await Promise.all([readHello(near, () => {}), far.write(request)]);
  assertEquals(got, request);
});

Deno.test("an end inside the record is a cut, and what came is known", async () => {
  const [near, far] = duplexPair();
  let first: Uint8Array | undefined;
  const reading = assertRejects(() => readHello(near, (bytes) => first = bytes), TruncatedError);
  await far.write(record(100).subarray(0, 20));
  await far.closeWrite();
  await reading;
  assertEquals(first, record(100).subarray(0, 16));
});
