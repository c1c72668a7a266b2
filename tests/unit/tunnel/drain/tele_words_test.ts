import { assertEquals } from "@std/assert";
import { roleOf } from "../../../../lib/tunnel/drain/tele_words.ts";

/** What a line starts, whose words are parted by blanks. */
function role(line: string, own = "tele"): string | undefined {
  return roleOf(line.split(" "), own);
}

Deno.test("a role of tele is known by its option, in each spelling", () => {
  assertEquals(role("tele --server --in=:22"), "server");
  assertEquals(role("/opt/tele/tele -client --out=:1"), "client");
  assertEquals(role("tele --config=/etc/tele.toml"), "config");
  assertEquals(role("tele --log-level debug --config /etc/tele.toml"), "config");
  assertEquals(role("tele-0.2.0 --server"), "server");
});

Deno.test("a tele from source or from npm is known by the name of the module that this one has", () => {
  const line = "/usr/bin/deno run --quiet -A /home/me/tele/main.ts --server --in=:22";
  assertEquals([role(line, "main.ts"), role(line, "tele")], ["server", undefined]);
  assertEquals(role("deno run -A /usr/lib/node_modules/tele-tunnel/tele.mjs --server", "tele"), "server");
});

Deno.test("the init of a container passes signals on to the tele behind it", () => {
  assertEquals(role("/sbin/docker-init -- /opt/tele/tele --server"), "server");
});

Deno.test("what is no tele that goes on is none", () => {
  for (
    const line of [
      "",
      "/sbin/init",
      "java -jar shop.jar --server",
      "redis-server --server tele",
      "tele top :40380",
      "tele --make-token",
      "television --server",
      "/tele/other --server",
    ]
  ) assertEquals(role(line), undefined, line);
});
