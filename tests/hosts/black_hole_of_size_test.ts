/** A path whose large packets vanish without a word: small pieces arrive, and TCP may find out what passes. */
import { assertEquals } from "@std/assert";
import { hostScenario } from "../support/hosts.ts";
import { requiresHosts } from "../support/namespace.ts";
import { connectUnix, serveUnix } from "../support/unix_users.ts";
import { byFirstByte, exchange, exchanger } from "../support/user_programs.ts";
import { within } from "../support/wait.ts";

for (const [finds, tcpMtuProbing] of [["finds out", 1], ["never finds out", 0]]) {
  Deno.test({
    name: `a path that loses packets of more than 1200 bytes carries a transfer both ways where TCP ${finds}`,
    ...requiresHosts(),
    sanitizeOps: false,
    sanitizeResources: false,
    fn: hostScenario(120_000, async (s, hosts) => {
      const probing = `echo ${tcpMtuProbing} > /proc/sys/net/ipv4/tcp_mtu_probing`;
      await Promise.all((["client", "server"] as const).map((host) => hosts.run(host, "sh", "-c", probing)));
      // A token bucket drops what is larger than it is.
      await hosts.limit("2mbit", 500, undefined, "1200b");
      const bytes = 64 * 1024;
      const [socket, at] = [`${s.home}/user.sock`, `${s.home}/tele.sock`];
      serveUnix(s, socket, byFirstByte({ x: exchanger(bytes, 3, () => {}) }));
      const { client } = await hosts.tunnel(s.home, `unix:${socket}`, `unix:${at}`);
      await client.logged(/link up/, 20_000);
      const user = await connectUnix(s, at, "x");
      // The first carrier is given up after 3 s, and where TCP does not find the size the next two, after 6 and 12.
      const { receivedBytes } = await within(exchange(user, bytes, 4), 80_000, "the transfer");
      assertEquals(receivedBytes, bytes);
    }),
  });
}
