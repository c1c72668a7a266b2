/** Connecting from a given address of this machine. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DenoDuplex } from "../../../lib/net/deno_duplex.ts";
import { dial } from "../../../lib/net/dial.ts";
import { dialFrom } from "../../../lib/net/dial_from.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { hasNodeDuplex, NodeDuplex } from "../../../lib/net/node_duplex.ts";
import { parseOrigin } from "../../../lib/net/origin.ts";

const ORIGIN = parseOrigin("127.0.0.5");

/** Defines a test where carriers can be bound: on a runtime that is too old `--from` refuses, which others try. */
function boundTest(name: string, fn: () => Promise<void>): void {
  if (hasNodeDuplex()) Deno.test({ name, ignore: Deno.build.os !== "linux", fn });
}

boundTest(
  "a connection leaves from the address, and half-closes",
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const [near, conn] = await Promise.all([
      dialFrom(ORIGIN, { host: "127.0.0.1", port }),
      listener.accept(),
    ]);
    const far = new DenoDuplex(conn);
    assertEquals([near.localAddress, near.peer, conn.remoteAddr.hostname], [
      "127.0.0.5",
      `127.0.0.1:${port}`,
      "127.0.0.5",
    ]);
    await near.write(new Uint8Array([1, 2, 3]));
    await near.closeWrite();
    const into = new Uint8Array(8);
    assertEquals([await far.read(into), await far.read(into)], [3, null]);
    await far.write(new Uint8Array(5));
    assertEquals(await near.read(into), 5);
    near.close();
    far.close();
  },
);

boundTest(
  "a name is dialed in the family of the address, and the connection can be reset",
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const address = { kind: "tcp", host: "localhost", port: listener.addr.port } as const;
    const [near, conn] = await Promise.all([dial(address, undefined, ORIGIN), listener.accept()]);
    assert(near instanceof NodeDuplex);
    assertEquals([conn.remoteAddr.hostname, near.peer], ["127.0.0.5", `localhost:${address.port}`]);
    near.close();
    conn.close();
  },
);

boundTest("from an interface it leaves by one of its addresses", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const to = { host: "127.0.0.1", port: listener.addr.port };
  const [near, conn] = await Promise.all([dialFrom(parseOrigin("lo"), to), listener.accept()]);
  assertEquals(conn.remoteAddr.hostname, "127.0.0.1");
  near.close();
  conn.close();
});

boundTest(
  "an address or an interface that is not there now is what the network does, and says so",
  async () => {
    const address = { kind: "tcp", host: "127.0.0.1", port: 9 } as const;
    for (
      const [origin, words] of [["192.0.2.77", "no address 192.0.2.77 now"], [
        "tele9",
        "the interface tele9 is not there",
      ]]
    ) {
      const error = await assertRejects(() => dial(address, undefined, parseOrigin(origin)), TeleError, words);
      assertEquals(error.code, "carrier-lost");
    }
    const refused = () => dial({ ...address, port: 1 }, undefined, ORIGIN);
    await assertRejects(refused, TeleError, "127.0.0.1:1: connection refused");
  },
);

boundTest("one that is given up does not connect", async () => {
  const signal = AbortSignal.abort(new Error("given up"));
  await assertRejects(() => dialFrom(ORIGIN, { host: "127.0.0.1", port: 9 }, signal), Error, "given up");
});
