import { assertEquals } from "@std/assert";
import { announced, choiceOf, offered, SESSION_ALPN } from "../../../../lib/tunnel/rfd80/alpn.ts";

const A = { protocol: "teleport-mysql" };
const B = { protocol: "mysql" };

Deno.test("a port announces sessions first, and each protocol with pings before itself", () => {
  const names = ["teleport-mysql-ping", "teleport-mysql", "mysql-ping", "mysql"];
  assertEquals(announced({ sessions: true, routes: [A, B] }), [SESSION_ALPN, ...names]);
  assertEquals(announced({ sessions: false, routes: [A, B] }), names);
  assertEquals(announced({ sessions: true, routes: [] }), [SESSION_ALPN]);
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
  ]);
  for (const name of [undefined, null, "", "h2", "ping", "-ping", "mysql-ping-ping", "MYSQL", "tele/2-ping"]) {
    assertEquals(choiceOf(name, served), undefined, String(name));
  }
  assertEquals(choiceOf(SESSION_ALPN, { sessions: false, routes: [A] }), undefined);
  assertEquals(choiceOf("mysql", { sessions: true, routes: [A] }), undefined);
});
