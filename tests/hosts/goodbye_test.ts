/** Ctrl-C in the middle of a transfer on a slow path: the other end learns of it, and nobody stays behind. */
import { assertEquals, assertLess } from "@std/assert";
import { hostScenario } from "../support/hosts.ts";
import { requiresHosts } from "../support/namespace.ts";
import { sideBySide } from "../support/side_by_side.ts";
import { connectUnix, serveUnix } from "../support/unix_users.ts";
import { byFirstByte, flood, receive } from "../support/user_programs.ts";
import { pause, within } from "../support/wait.ts";

const CASES = (["client", "server"] as const).flatMap((role) =>
  (["upload", "download"] as const).flatMap((flow) => ["2mbit", "20mbit"].map((rate) => ({ role, flow, rate })))
);

sideBySide(
  "goodbyes in the middle of a transfer",
  CASES.map(({ role, flow, rate }) => ({
    name: `Ctrl-C at the tele ${role}, ${flow} at ${rate}: the other end is told`,
    ...requiresHosts(),
    fn: hostScenario(60_000, async (s, hosts) => {
      // A short queue: most of what is under way waits in the sender, where a reset would throw it away.
      await hosts.limit(rate, 50);
      const [socket, at] = [`${s.home}/user.sock`, `${s.home}/tele.sock`];
      serveUnix(s, socket, byFirstByte({ d: flood, u: async (c) => void await receive(c) }));
      const tunnel = await hosts.tunnel(s.home, `unix:${socket}`, `unix:${at}`);
      const user = await connectUnix(s, at, flow[0]);
      (flow === "upload" ? flood(user) : receive(user)).catch(() => {});
      await pause(3_000);
      const other = tunnel[role === "client" ? "server" : "client"];
      const { code, tookMs } = await tunnel[role].stop("SIGINT", 30_000);
      assertEquals(code, 0);
      // What is under way is a second of the path at the most.
      assertLess(tookMs, 10_000);
      await within(
        other.logged(new RegExp(`ended: the tele ${role} ended \\(SIGINT\\)`), 10_000),
        11_000,
        "a line",
      );
    }),
  })),
);
