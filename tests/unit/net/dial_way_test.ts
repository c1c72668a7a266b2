/** Opening a connection by each way. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DenoDuplex } from "../../../lib/net/deno_duplex.ts";
import { dialWay } from "../../../lib/net/dial_way.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { parseProxy } from "../../../lib/net/proxy/proxy.ts";
import { byProxy, parseWay } from "../../../lib/net/way.ts";

Deno.test("a TCP way leads to who listens there, on a socket for the use that is told", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const way = parseWay(`127.0.0.1:${listener.addr.port}`);
  const [carrier, accepted] = await Promise.all([dialWay(way, "carrier"), listener.accept()]);
  assert(carrier instanceof DenoDuplex);
  assertEquals(carrier.peer, `127.0.0.1:${listener.addr.port}`);
  carrier.close();
  accepted.close();
});

Deno.test("a way where nobody listens fails with its name", async () => {
  const error = await assertRejects(() => dialWay(parseWay("unix:/nowhere/at/all"), "carrier"), TeleError);
  assertEquals(error.code, "carrier-lost");
  assert(error.message.startsWith("unix:/nowhere/at/all: "), error.message);
});

Deno.test("a way that is given up beforehand is not tried", async () => {
  await assertRejects(() => dialWay(parseWay("127.0.0.1:1"), "user", AbortSignal.abort()), TeleError);
});

Deno.test("a way by a proxy asks the proxy, and says so when it has accepted", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const proxy = parseProxy(`http://127.0.0.1:${listener.addr.port}`);
  let silence: string | undefined;
  const dialing = dialWay(
    byProxy(parseWay("example.com:40300"), proxy),
    "carrier",
    undefined,
    (told) => silence = told,
  );
  using accepted = await listener.accept();
  const asked = new Uint8Array(256);
  const count = await accepted.read(asked) ?? 0;
  assert(new TextDecoder().decode(asked.subarray(0, count)).startsWith("CONNECT example.com:40300 HTTP/1.1\r\n"));
  assert(silence?.includes("does not answer"), silence);
  await accepted.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
  const carrier = await dialing;
  assertEquals(carrier.peer, "example.com:40300");
  carrier.close();
});
