/** A user's server is told who comes before anything else. */
import { assertEquals, assertRejects } from "@std/assert";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { proxyHeader } from "../../../../lib/net/proxy_header.ts";
import { introduced } from "../../../../lib/tunnel/roles/introduction.ts";
import { collect } from "../../../support/reading.ts";

Deno.test("the header stands in front of the user's bytes", async () => {
  const block = new Uint8Array(12).fill(9);
  const [near, far] = duplexPair();
  const arriving = collect(far);
  const user = await introduced(Promise.resolve(near), block);
  await user.write(new Uint8Array([1, 2]));
  await user.closeWrite();
  const { bytes } = await arriving;
  assertEquals(bytes, new Uint8Array([...proxyHeader(block), 1, 2]));
});

Deno.test("a connection that fails at the header is closed, and one that is not there is not introduced", async () => {
  let isClosed = false;
  const [near] = duplexPair();
  const broken = { ...near, write: () => Promise.reject(new Error("reset")), close: () => void (isClosed = true) };
  await assertRejects(() => introduced(Promise.resolve({ ...broken, peer: "x" }), undefined), Error, "reset");
  assertEquals(isClosed, true);
  await assertRejects(() => introduced(Promise.reject(new Error("refused")), undefined), Error, "refused");
});
