/** A path whose large packets vanish without a word: TCP finds out what passes, if it is given the time. */
import { assertEquals } from "@std/assert";
import { hostScenario, requiresHosts } from "../support/hosts.ts";
import { connectUnix, serveUnix } from "../support/unix_users.ts";
import { byFirstByte, exchange, exchanger } from "../support/user_programs.ts";
import { within } from "../support/wait.ts";

Deno.test({
  name: "a path that loses packets of more than 1200 bytes carries a transfer both ways",
  ...requiresHosts(),
  sanitizeOps: false,
  sanitizeResources: false,
  fn: hostScenario(120_000, async (s, hosts) => {
    const probing = "echo 1 > /proc/sys/net/ipv4/tcp_mtu_probing";
    await Promise.all((["client", "server"] as const).map((host) => hosts.run(host, "sh", "-c", probing)));
    // A token bucket drops what is larger than it is.
    await hosts.limit("2mbit", 500, undefined, "1200b");
    const bytes = 64 * 1024;
    const [socket, at] = [`${s.home}/user.sock`, `${s.home}/tele.sock`];
    serveUnix(s, socket, byFirstByte({ x: exchanger(bytes, 3, () => {}) }));
    const { client } = await hosts.tunnel(s.home, `unix:${socket}`, `unix:${at}`);
    await client.logged(/link up/, 20_000);
    const user = await connectUnix(s, at, "x");
    // Both ends' first carrier is given up after 3 s; on the second TCP finds the size within 4 s.
    const { receivedBytes } = await within(exchange(user, bytes, 4), 80_000, "the transfer");
    assertEquals(receivedBytes, bytes);
  }),
});
