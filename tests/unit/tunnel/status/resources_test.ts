/** What can be asked for at the status address. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { answerTo } from "../../../../lib/tunnel/status/resources.ts";
import { toldBy } from "../../../../lib/tunnel/status/status_source.ts";
import { aStatus, StatusWorld } from "../../../support/status_world.ts";

Deno.test("health and readiness follow the link of a client", async () => {
  await using world = new StatusWorld();
  const ask = () =>
    ["/healthz", "/readyz"].map((path) => answerTo(path, toldBy(world.status))).map(({ status }) => status);
  assertEquals(ask(), [503, 503]);
  assertStringIncludes(answerTo("/healthz", toldBy(world.status)).body, "tunnel near has no connection");
  await world.mux.attached();
  assertEquals(ask(), [200, 200]);
  assertEquals(answerTo("/healthz", toldBy(world.status)).body, "ok\n");
  world.server.runs(() => true);
  assertEquals(ask(), [200, 503]);
});

Deno.test("sessions are told in JSON", () => {
  const { status, type, body } = answerTo("/api/sessions", toldBy(aStatus()));
  assertEquals([status, type, JSON.parse(body).sessions], [200, "application/json", []]);
});

Deno.test("the page comes with its policy", () => {
  const { status, type, body, fields } = answerTo("/", toldBy(aStatus()));
  assertEquals([status, type], [200, "text/html; charset=utf-8"]);
  assertMatch(body, /^<!doctype html>\n/);
  assertMatch(fields?.join("\n") ?? "", /^Content-Security-Policy: default-src 'none'; script-src 'sha256-[^\n]+$/);
});

Deno.test("elsewhere there is nothing, and the answer says where there is something", () => {
  for (const path of ["/sessions", "/healthz/", "constructor", "//", "/../etc/passwd", "*"]) {
    const { status, body } = answerTo(path, toldBy(aStatus()));
    assertEquals(status, 404, path);
    assertStringIncludes(body, "/healthz, /readyz");
  }
});
