import { assertEquals, assertThrows } from "@std/assert";
import { accountOf, type PathFacts, type PathUse } from "../../../../lib/tunnel/service/account.ts";

/** A disk where everybody may read and pass, but for these paths. */
function account(closed: Record<string, PathFacts>, ...uses: PathUse[]) {
  return accountOf(uses, (path) => closed[path] ?? { uid: 0, mode: 0o755 });
}

const TOKEN = { path: "/home/alice/token", use: "read" } as const;
const SOCKETS = { path: "/run/tele", use: "write" } as const;

Deno.test("what everybody may use is for a user of its own", () => {
  assertEquals(account({ "/home/alice": { uid: 1000, mode: 0o711 } }, TOKEN), { kind: "dynamic" });
  assertEquals(account({ "/run/tele": { uid: 0, mode: 0o777 } }, SOCKETS), { kind: "dynamic" });
});

Deno.test("the owner of what is closed runs it, be it the file or a folder in front of it", () => {
  assertEquals(account({ [TOKEN.path]: { uid: 1000, mode: 0o640 } }, TOKEN), { kind: "user", uid: 1000 });
  assertEquals(account({ "/home/alice": { uid: 1000, mode: 0o750 } }, TOKEN), { kind: "user", uid: 1000 });
  assertEquals(account({}, SOCKETS), { kind: "user", uid: 0 }, "a folder that root alone writes into");
});

Deno.test("what is closed to each other is an error that names both", () => {
  const closed = { [TOKEN.path]: { uid: 1000, mode: 0o600 } };
  assertThrows(
    () => account(closed, TOKEN, SOCKETS),
    Error,
    "/home/alice/token (of user 1000) and /run/tele (of user 0)",
  );
});
