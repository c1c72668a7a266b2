import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { draw } from "../../../../../lib/tunnel/status/page/draw.js";
import { markup } from "../../../../../lib/tunnel/status/page/markup.js";
import { ago, sessionReport, statusReport } from "../../../../support/status_reports.ts";

/** Markup of a report. */
function made(changes: Parameters<typeof statusReport>[0] = {}): string {
  return markup(draw(statusReport(changes), null, []));
}

Deno.test("the page has state, numbers, sessions and log, under headings", () => {
  const html = made();
  assertEquals([...html.matchAll(/<h(\d)>/g)].map(([, level]) => level).join(""), "1232");
  for (const text of ["1 session: 2 streams open.", "laptop", "resumed after 12 s"]) assertStringIncludes(html, text);
});

Deno.test("the page of a process in which nothing has happened says so", () => {
  const html = made({ sessions: [], log: [] });
  assertStringIncludes(html, "There is none.");
  assertStringIncludes(html, "Nothing was logged yet.");
});

Deno.test("log lines are there with their level, the newest first", () => {
  const log = [
    { time: ago(2), level: "info", message: "first" },
    { time: ago(1), level: "error", message: "second" },
  ] as const;
  const lines = [...made({ log }).matchAll(/<li class="(log-\w+)">.*?<bdi>(.*?)<\/bdi><\/li>/g)];
  assertEquals(lines.map(([, name, message]) => [name, message]), [["log-error", "second"], ["log-info", "first"]]);
});

Deno.test("tunnels are listed where there are several", () => {
  const [a, b] = [{ name: "a", role: "client", state: "waiting" }, {
    name: null,
    role: "server",
    state: "serving",
  }] as const;
  assertStringIncludes(made({ tunnels: [a, b] }), '<li class="is-waiting"><bdi>a</bdi> client, waiting</li>');
  assertEquals(made({ tunnels: [a] }).includes("tunnels"), false);
});

Deno.test("with many sessions their tables are closed, and those that are left out are counted", () => {
  const sessions = (count: number) => Array.from({ length: count }, (_, index) => sessionReport({ id: `${index}` }));
  assertEquals(made({ sessions: sessions(3) }).match(/ open=""/g)?.length, 6);
  assertEquals(made({ sessions: sessions(5) }).match(/ open=""/g), null);
  assertStringIncludes(made({ sessionsOmitted: 7 }), "7 more are not shown");
});

Deno.test("a process with more than can be drawn at once shows the first sessions, and the numbers of the others", () => {
  const [stream] = sessionReport().streams;
  const streams = Array.from({ length: 50 }, (_, id) => ({ ...stream!, id }));
  const html = made({
    sessions: Array.from({ length: 100 }, (_, index) => sessionReport({ id: `${index}`, streams })),
  });
  const drawn = html.match(/<svg class="chart"/g)?.length ?? 0;
  assert(drawn > 5 && drawn < 20, `${drawn} charts`);
  assertEquals(html.match(/<h3>/g)?.length, 100);
  assertStringIncludes(html, `Of ${100 - drawn} sessions only the numbers are shown`);
});

Deno.test("rates compare with the report before", () => {
  const before = statusReport({ now: ago(1), sentBytes: 734_003_200 - 2048 });
  assertStringIncludes(markup(draw(statusReport(), before, [])), "<dt>Sending</dt><dd>2 KiB/s");
});
