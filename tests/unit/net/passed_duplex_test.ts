/** A connection that another server has passed on: its client is who that says, all else is the connection's. */
import { assertEquals } from "@std/assert";
import { PassedDuplex } from "../../../lib/net/passed_duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { PrefixedDuplex } from "../../../lib/net/prefixed_duplex.ts";
import { readExactly } from "../../support/reading.ts";

Deno.test("who passed it on says who its client is, and where that had connected", async () => {
  const [near, far] = duplexPair();
  const from = { peer: "192.0.2.9:50000", peerName: "laptop", localAddress: "192.0.2.1", localPort: 40300 };
  const duplex = new PassedDuplex(near, from);
  const { peer, peerName, localAddress, localPort } = duplex;
  assertEquals({ peer, peerName, localAddress, localPort }, from);
  assertEquals(new PassedDuplex(near, { peer: "unix:/a" }).peerName, undefined);
  const writing = duplex.write(new Uint8Array([1]));
  assertEquals(await readExactly(far, 1), new Uint8Array([1]));
  await writing;
});

Deno.test("that it was passed on is known through what is read of it", () => {
  const [near] = duplexPair();
  const passed = new PassedDuplex(near, { peer: "192.0.2.9:50000" });
  assertEquals(new PrefixedDuplex(passed, new Uint8Array([1])).isPassed, true);
  assertEquals(new PrefixedDuplex(near, new Uint8Array([1])).isPassed, undefined);
});
