/** Paths of 16 to 256 kbit/s whose queue is seconds long: they live, and nothing is sent twice. */
import { assert, assertEquals } from "@std/assert";
import { hostScenario } from "../support/hosts.ts";
import { requiresHosts } from "../support/namespace.ts";
import { sideBySide } from "../support/side_by_side.ts";
import { connectUnix, serveUnix } from "../support/unix_users.ts";
import { byFirstByte, echo, flood, receive } from "../support/user_programs.ts";
import { pause } from "../support/wait.ts";

const CASES = [
  { kbit: 16, flow: "upload" },
  { kbit: 16, flow: "download" },
  { kbit: 64, flow: "both" },
  { kbit: 256, flow: "both" },
];

sideBySide(
  "slow paths",
  CASES.map(({ kbit, flow }) => ({
    name: `${kbit} kbit/s, ${flow}: the carrier is not taken for dead`,
    ...requiresHosts(),
    fn: hostScenario(240_000, async (s, hosts) => {
      // A queue of 64 KiB; packet by packet.
      await hosts.limit(`${kbit}kbit`, Math.round(64 * 1024 / (kbit / 8)), undefined, "1600b");
      const [socket, at] = [`${s.home}/user.sock`, `${s.home}/tele.sock`];
      let uploaded = 0;
      const take = async (c: Deno.TcpConn) => {
        const into = new Uint8Array(64 * 1024);
        for (let n = await c.read(into); n !== null; n = await c.read(into)) uploaded += n;
      };
      serveUnix(s, socket, byFirstByte({ d: flood, u: take, e: echo }));
      const { server, client } = await hosts.tunnel(s.home, `unix:${socket}`, `unix:${at}`, "--log-level=debug");
      await client.logged(/link up/, 60_000);
      await connectUnix(s, at, "e");
      if (flow !== "download") flood(await connectUnix(s, at, "u")).catch(() => {});
      if (flow !== "upload") receive(await connectUnix(s, at, "d")).catch(() => {});
      await pause(35_000);
      const lines = [...client.log, ...server.log].filter((line) =>
        /link lost|lost its link|connection is lost/.test(line)
      );
      assertEquals(lines, []);
      assert(flow === "download" || uploaded > 0);
    }),
  })),
);
