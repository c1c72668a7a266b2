import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { markup } from "../../../../../lib/tunnel/status/page/markup.js";
import { Rates } from "../../../../../lib/tunnel/status/page/rates.js";
import { drawBriefly, drawSession } from "../../../../../lib/tunnel/status/page/session.js";
import type { SessionReport } from "../../../../../lib/tunnel/status/report.ts";
import { NOW, outSessionReport, sessionReport, statusReport } from "../../../../support/status_reports.ts";

/** Markup of a session. */
function made(session: SessionReport, isOpen = true): string {
  return markup(drawSession(session, new Rates(statusReport(), null), Date.parse(NOW), isOpen));
}

Deno.test("a session tells who it is, how it is, and for how long", () => {
  assertStringIncludes(
    made(sessionReport()),
    '<h3><bdi>laptop</bdi></h3><p class="state">connected for 19 min 48 s</p>',
  );
  assertStringIncludes(made(outSessionReport()), '<p class="state">outage for 1 min 2 s</p>');
  assertStringIncludes(made(outSessionReport({ outages: 0 })), '<p class="state">connecting for 1 min 2 s</p>');
  const names = (changes: Partial<SessionReport>) =>
    /<p class="names">(.*?)<\/p>/.exec(made(sessionReport(changes)))?.[1];
  assertEquals(names({}), "session 3fa91c04");
  assertEquals(names({ tunnel: "office" }), "session 3fa91c04, tunnel office");
  assertEquals(names({ client: null, tunnel: "office" }), "tunnel office");
  assertStringIncludes(made(sessionReport({ client: null })), "<h3><bdi>session 3fa91c04</bdi></h3>");
});

Deno.test("a session that is drawn briefly has its numbers, and neither chart nor tables", () => {
  const html = markup(drawBriefly(sessionReport(), new Rates(statusReport(), null), Date.parse(NOW)));
  assertStringIncludes(html, "700 MiB sent");
  assertEquals(/<svg|<table/.test(html), false);
});

Deno.test("no name from a peer becomes markup", () => {
  const hostile = `"><script>alert(1)</script>\u202e`;
  const { carriers, streams } = sessionReport();
  const html = made(sessionReport({
    id: hostile,
    client: hostile,
    tunnel: hostile,
    peer: hostile,
    carriers: [{ ...carriers[0]!, peer: hostile }],
    streams: [{ ...streams[0]!, peer: hostile, service: hostile }],
  }));
  assert(!html.includes("<script") && !html.includes("\u202e"));
  assertEquals(html.match(/&#60;script&#62;/g)?.length, 9);
});
