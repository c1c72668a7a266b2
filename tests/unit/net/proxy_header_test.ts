/** PROXY protocol, version 2, as its specification has it in section 2.2. */
import { assertEquals } from "@std/assert";
import { addressBlock } from "../../../lib/net/address_block.ts";
import { proxyHeader } from "../../../lib/net/proxy_header.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";

Deno.test("TCP over IPv4: command PROXY, family 1, 12 bytes", () => {
  const block = addressBlock({ peer: "192.0.2.1:50000", localAddress: "192.0.2.2", localPort: 22 });
  assertEquals(proxyHeader(block).toHex(), `${SIGNATURE}2111000cc0000201c0000202c3500016`);
});

Deno.test("TCP over IPv6: command PROXY, family 2, 36 bytes", () => {
  const block = addressBlock({ peer: "[2001:db8::1]:50000", localAddress: "2001:db8::2", localPort: 22 })!;
  assertEquals(proxyHeader(block).toHex(), `${SIGNATURE}21210024${block.toHex()}`);
});

Deno.test("without addresses the command is LOCAL, which every server must accept", () => {
  assertEquals(proxyHeader(undefined).toHex(), `${SIGNATURE}20000000`);
});
