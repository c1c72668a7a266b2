/** From where to where a connection goes, in bytes. */
import { assertEquals } from "@std/assert";
import { ADDRESS_BLOCK_BYTES, addressBlock, isAddressBlock } from "../../../lib/net/address_block.ts";

/** The block of a connection as hexadecimal digits, the addresses and the ports apart. */
function blockOf(peer: string, localAddress?: string, localPort?: number): string | undefined {
  const block = addressBlock({ peer, localAddress, localPort });
  if (block === undefined) return undefined;
  const half = (block.length - 4) / 2;
  const parts = [block.subarray(0, half), block.subarray(half, 2 * half), block.subarray(2 * half)];
  return parts.map((part) => part.toHex()).join(" ");
}

Deno.test("two addresses of IPv4 are 12 bytes, two of IPv6 are 36, ports behind them", () => {
  assertEquals(blockOf("192.0.2.1:50000", "192.0.2.2", 22), "c0000201 c0000202 c3500016");
  assertEquals(
    blockOf("[2001:db8::1]:65535", "2001:db8::2", 1),
    "20010db8000000000000000000000001 20010db8000000000000000000000002 ffff0001",
  );
});

Deno.test("one of each family is told as two of IPv6, and one of IPv4 that is written as IPv6 is of IPv4", () => {
  assertEquals(
    blockOf("192.0.2.1:1", "2001:db8::2", 2),
    "00000000000000000000ffffc0000201 20010db8000000000000000000000002 00010002",
  );
  assertEquals(blockOf("[::ffff:192.0.2.1]:1", "::ffff:192.0.2.2", 2), "c0000201 c0000202 00010002");
});

Deno.test("a zone is left out: it names an interface of another machine", () => {
  const mine = "fe800000000000000000000000000001";
  assertEquals(blockOf("[fe80::1%eth0]:1", "fe80::1%eth1", 2), `${mine} ${mine} 00010002`);
});

Deno.test("what has no addresses is not known: unix sockets, commands, names, ports that cannot be", () => {
  assertEquals(blockOf("unix:/run/a", undefined, undefined), undefined);
  assertEquals(blockOf("exec:ssh -W a:1 b", "192.0.2.2", 22), undefined);
  assertEquals(blockOf("example.com:1", "192.0.2.2", 22), undefined);
  assertEquals(blockOf("192.0.2.1:1", undefined, 22), undefined);
  assertEquals(blockOf("192.0.2.1:1", "192.0.2.2", undefined), undefined);
  for (const port of ["0", "65536", "", "x"]) assertEquals(blockOf(`192.0.2.1:${port}`, "192.0.2.2", 22), undefined);
});

Deno.test("a block has one of two lengths", () => {
  const lengths = [0, 11, 12, 13, 35, 36, 37].filter((length) => isAddressBlock(new Uint8Array(length)));
  assertEquals(lengths, Object.values(ADDRESS_BLOCK_BYTES));
});
