/** The proxy that a client goes by. */
import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { formatProxy, parseProxy } from "../../../../lib/net/proxy/proxy.ts";
import { isNodeSound } from "../../../../lib/net/runtime.ts";
import { watchProxies, watchProxy } from "../../../../lib/tunnel/roles/proxy_watch.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { looks } from "../../../support/looks.ts";

/** A log into lines. */
function recorded(): { lines: string[]; log: (level: string, message: string) => void } {
  const lines: string[] = [];
  return { lines, log: (level, message) => void lines.push(`${level}: ${message}`) };
}

Deno.test("that a proxy is used is one line at level info, which names who named it and no password", async () => {
  const { lines, log } = recorded();
  const proxy = parseProxy("http://alice:hush@proxy:1");
  const clock = new FakeClock();
  assertEquals((await watchProxy({ kind: "given", proxy, by: "--proxy" }, log, clock)).proxy, proxy);
  await watchProxy({ kind: "given", proxy, by: "HTTPS_PROXY" }, log, clock);
  assertEquals(lines, [
    "info: the tele server is reached by the proxy http://proxy:1 (--proxy)",
    "info: the tele server is reached by the proxy http://proxy:1 " +
    "(HTTPS_PROXY of the environment; NO_PROXY lists what is reached without)",
  ]);
  assertEquals((await watchProxy(undefined, log, clock)).proxy, undefined);
  assertEquals([lines.length, clock.pendingTimers], [2, 0]);
});

Deno.test("a file with the proxy is read again when it changes, and a wrong one leaves the former in use", async () => {
  const path = await Deno.makeTempFile({ prefix: "tele-proxy-" });
  const { lines, log } = recorded();
  const clock = new FakeClock();
  try {
    await Deno.writeTextFile(path, "\ufeffhttp://alice:hush@first:1\r\n");
    const watch = await watchProxy({ kind: "file", path }, log, clock);
    assertEquals(watch.proxy?.login, { user: "alice", password: "hush" });
    await Deno.writeTextFile(path, "socks5://alice:hush-hush@second\n");
    await looks(clock, 2);
    assertEquals(watch.proxy && formatProxy(watch.proxy), "socks5://second:1080");
    await Deno.writeTextFile(path, "ftp://alice:hush-hush-hush@third\n");
    await looks(clock, 3);
    assertEquals(watch.proxy && formatProxy(watch.proxy), "socks5://second:1080");
    watch.stop();
    assertEquals(clock.pendingTimers, 0);
    assertEquals(lines.filter((line) => line.includes("hush")), []);
    assertEquals(lines.filter((line) => line.startsWith("warn: --proxy-file changed")).length, 1, lines.join("\n"));
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a file that is missing, names no proxy, or one that this runtime cannot reach is an error", async () => {
  const { lines, log } = recorded();
  const clock = new FakeClock();
  const missing = () => watchProxy({ kind: "file", path: "/nowhere/at/all" }, log, clock);
  await assertRejects(missing, TeleError, "--proxy-file=/nowhere/at/all cannot be read");
  const path = await Deno.makeTempFile({ prefix: "tele-proxy-" });
  await assertRejects(() => watchProxy({ kind: "file", path }, log, clock), TeleError, "its host is missing");
  await Deno.remove(path);
  assertEquals(lines, []);
  if (isNodeSound()) return;
  const secure = parseProxy("https://proxy");
  const old = () => watchProxy({ kind: "given", proxy: secure, by: "--proxy" }, log, clock);
  await assertRejects(old, TeleError, "TLS needs Deno 2.9");
});

Deno.test("a proxy that several paths have is told once, and each path has its own", async () => {
  const { lines, log } = recorded();
  const proxy = parseProxy("http://proxy:1");
  const given = { kind: "given", proxy, by: "--proxy" } as const;
  const watches = await watchProxies([given, undefined, { ...given }], log, new FakeClock());
  assertEquals([0, 1, 2].map((path) => watches.of(path).proxy), [proxy, undefined, proxy]);
  assertEquals(lines.length, 1);
  watches.stop();
});
