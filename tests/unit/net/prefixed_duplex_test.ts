/** A connection whose first bytes were read already. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { PrefixedDuplex } from "../../../lib/net/prefixed_duplex.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

Deno.test("what was read comes first, in pieces as they are asked for, and then the rest", async () => {
  const [near, far] = duplexPair();
  const duplex = new PrefixedDuplex(near, bytes(1, 2, 3), "example.com:1");
  assertEquals(duplex.peer, "example.com:1");
  const into = new Uint8Array(2);
  assertEquals([await duplex.read(into), ...into], [2, 1, 2]);
  assertEquals([await duplex.read(into), into[0]], [1, 3]);
  const writing = far.write(bytes(4));
  assertEquals([await duplex.read(into), into[0]], [1, 4]);
  await writing;
  const answer = duplex.write(bytes(5));
  assertEquals([await far.read(into), into[0]], [1, 5]);
  await answer;
  const ending = duplex.closeWrite();
  assertEquals(await far.read(into), null);
  await ending;
});

Deno.test("a closed connection gives nothing any more, not even what was read before", async () => {
  for (const end of ["close", "abort"] as const) {
    const [near, far] = duplexPair();
    const duplex = new PrefixedDuplex(near, bytes(1));
    duplex[end]();
    await assertRejects(() => duplex.read(new Uint8Array(1)));
    far.close();
  }
});

Deno.test("the cheap calls exist where the connection has them, and give the first bytes first", () => {
  const calls: string[] = [];
  const cheap = {
    peer: "socket",
    peerName: "laptop",
    localAddress: "192.0.2.1",
    readsAfterFailedWrite: true,
    fillsAtOnce: true,
    readWith: () => void calls.push("readWith"),
    writeNow: () => void calls.push("writeNow"),
  } as unknown as Duplex;
  const duplex = new PrefixedDuplex(cheap, bytes(7));
  const { peer, peerName, localAddress, readsAfterFailedWrite } = duplex;
  assertEquals([peer, peerName, localAddress, readsAfterFailedWrite], ["socket", "laptop", "192.0.2.1", true]);
  const into = new Uint8Array(4);
  duplex.readWith!(into, (count) => void calls.push(`${count} of ${into[0]}`), () => {});
  duplex.readWith!(into, () => {}, () => {});
  duplex.writeNow!(into);
  assertEquals(calls, ["1 of 7", "readWith", "writeNow"]);
  const plain = new PrefixedDuplex(duplexPair()[0], bytes());
  assertEquals([plain.readWith, plain.writeNow], [undefined, undefined]);
  assertEquals([duplex.fillsAtOnce, plain.fillsAtOnce], [true, undefined]);
});
