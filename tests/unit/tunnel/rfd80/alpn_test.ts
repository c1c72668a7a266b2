import { assertEquals } from "@std/assert";
import { SESSION_ALPN } from "../../../../lib/session/sealing.ts";
import { announced, choiceOf, offered, WEB_ALPN } from "../../../../lib/tunnel/rfd80/alpn.ts";

const A = { protocol: "teleport-mysql" };
const B = { protocol: "mysql" };

Deno.test("a port announces sessions first, each protocol with pings before itself, and HTTP for sessions last", () => {
  const names = ["teleport-mysql-ping", "teleport-mysql", "mysql-ping", "mysql"];
  assertEquals(announced({ sessions: true, routes: [A, B] }), [SESSION_ALPN, ...names, WEB_ALPN]);
  assertEquals(announced({ sessions: false, routes: [A, B] }), names);
  assertEquals(announced({ sessions: true, routes: [] }), [SESSION_ALPN, WEB_ALPN]);
  assertEquals(announced({ sessions: true, routes: [{ protocol: WEB_ALPN }] }).length, 3, "no name comes twice");
  assertEquals(offered(A.protocol), names.slice(0, 2));
});

Deno.test("every announced name has a meaning, and no other name has one", () => {
  const served = { sessions: true, routes: [A, B] };
  assertEquals(announced(served).map((name) => choiceOf(name, served)), [
    { kind: "session" },
    { kind: "route", route: A, pings: true },
    { kind: "route", route: A, pings: false },
    { kind: "route", route: B, pings: true },
    { kind: "route", route: B, pings: false },
    { kind: "web" },
  ]);
  for (const name of [undefined, null, "", "h2", "ping", "-ping", "mysql-ping-ping", "MYSQL", "tele/2-ping"]) {
    assertEquals(choiceOf(name, served), undefined, String(name));
  }
  assertEquals(choiceOf(SESSION_ALPN, { sessions: false, routes: [A] }), undefined);
  assertEquals(choiceOf(WEB_ALPN, { sessions: false, routes: [A] }), undefined);
  const web = { protocol: WEB_ALPN };
  assertEquals(choiceOf(WEB_ALPN, { sessions: true, routes: [web] }), { kind: "route", route: web, pings: false });
  assertEquals(choiceOf("mysql", { sessions: true, routes: [A] }), undefined);
});
