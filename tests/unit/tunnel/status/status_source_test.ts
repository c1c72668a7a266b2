/** What a status address tells of. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { isUnreached, toldBy } from "../../../../lib/tunnel/status/status_source.ts";
import { aStatus } from "../../../support/status_world.ts";

Deno.test("a process tells its tunnels, its report and its metrics", () => {
  const status = aStatus();
  status.add({ name: "office", role: "server", services: [] });
  const told = toldBy(status);
  assertEquals(told.tunnels, [{ name: "office", role: "server", state: "serving" }]);
  assertEquals(told.report().tunnels, told.tunnels);
  assertStringIncludes(told.metrics(), "# TYPE tele_");
});

Deno.test("that nobody is there who could tell is another thing than a fault", () => {
  assertEquals(isUnreached(new TeleError("carrier-lost", "no answer")), true);
  for (const error of [new TeleError("protocol", "no"), new Error("no"), undefined]) {
    assertEquals(isUnreached(error), false);
  }
});
