/** A parent's question to a worker. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { askWorker } from "../../../../lib/tunnel/workers/ask_worker.ts";

const ADDRESS = { kind: "unix", path: "/tmp/x" } as const;

/** A worker that answers with these bytes, and then ends; with nothing at all it stays silent. */
function setUp(answer: string | undefined) {
  const [near, far] = duplexPair();
  const asked = (async () => {
    const into = new Uint8Array(1024);
    const count = await far.read(into);
    if (answer !== undefined) {
      await far.write(new TextEncoder().encode(answer));
      await far.closeWrite();
    }
    return new TextDecoder().decode(into.subarray(0, count ?? 0));
  })();
  const dial = (): Promise<Duplex> => Promise.resolve(near);
  return { asked, far, body: askWorker(ADDRESS, "/metrics", dial) };
}

Deno.test("the body of an answer is what stands behind its head", async () => {
  const { asked, body } = setUp("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na é\n");
  assertEquals(await body, "a é\n");
  assertEquals(await asked, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
});

Deno.test("another answer than 200, or none, is none", async () => {
  for (const answer of ["HTTP/1.1 503 Service Unavailable\r\n\r\nx", "", "HTTP/1.1 200 OK\r\n"]) {
    await assertRejects(() => setUp(answer).body, Error, "does not answer as a worker does");
  }
});

Deno.test("the question to a worker that dies ends", async () => {
  const { asked, far, body } = setUp(undefined);
  await asked;
  far.abort(new Error("killed"));
  await assertRejects(() => body, Error, "killed");
});
