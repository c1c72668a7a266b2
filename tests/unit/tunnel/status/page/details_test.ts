import { assertEquals, assertStringIncludes } from "@std/assert";
import { drawDetails } from "../../../../../lib/tunnel/status/page/details.js";
import { markup } from "../../../../../lib/tunnel/status/page/markup.js";
import { Rates } from "../../../../../lib/tunnel/status/page/rates.js";
import { layOut } from "../../../../../lib/tunnel/status/page/timeline.js";
import type { SessionReport } from "../../../../../lib/tunnel/status/report.ts";
import { ago, NOW, outSessionReport, sessionReport, statusReport } from "../../../../support/status_reports.ts";

/** Markup of a session's tables. */
function made(session: SessionReport, isOpen = true): string {
  const nowMs = Date.parse(NOW);
  return drawDetails(session, layOut(session, nowMs), new Rates(statusReport(), null), nowMs, isOpen).map(markup).join(
    "",
  );
}

/** Texts of the cells of a table's rows. */
function cells(html: string, caption: string): string[][] {
  const [, rows = ""] = html.split(`<caption>${caption}`)[1]?.split("<tbody") ?? [];
  return rows.split("</table>")[0]!.split("<tr").slice(1).map((row) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell]) => cell!.replace(/<[^>]*>/g, ""))
  );
}

Deno.test("a session's carriers and streams are in tables", () => {
  const html = made(sessionReport());
  assertEquals(cells(html, "Carriers"), [
    ["7", "quiet", "198.51.100.7:51544", "TLS", "19 min 48 s", "41 ms", "18 KiB", "9.3 MiB"],
    ["8", "bulk", "198.51.100.7:51560", "TLS", "4 min", "63 ms", "297 MiB", "4 KiB"],
  ]);
  assertEquals(cells(html, "Streams"), [
    ["11", "db", "127.0.0.1:5432", "1 h 28 min", "50 MiB", "–", "1 MiB", "–"],
    ["19", "–", "127.0.0.1:22", "4 min 1 s", "297 MiB", "–", "18 KiB", "–"],
  ]);
});

Deno.test("a carrier's path is told where there are several, and a stream without a number is new", () => {
  const { carriers, streams } = sessionReport();
  const html = made(sessionReport({
    carriers: [carriers[0]!, { ...carriers[1]!, path: 1 }],
    streams: [{ ...streams[0]!, id: 0 }],
  }));
  assertEquals(cells(html, "Carriers").map(([, lane]) => lane), ["quiet, path 1", "bulk, path 2"]);
  assertEquals(cells(html, "Streams").map(([id]) => id), ["new"]);
});

Deno.test("a session's outages are in a table, the newest first and a bounded number", () => {
  const table = (session: SessionReport) => cells(made(session), "Outages");
  assertEquals(table(outSessionReport()).map(([, to, length]) => [to, length])[0], ["goes on", "1 min 2 s"]);
  assertEquals(table(outSessionReport()).map(([, , length]) => length), ["1 min 2 s", "12 s"]);
  const timeline = Array.from({ length: 50 }, (_, index) => {
    return { kind: "outage", from: ago(3000 - index * 10), to: ago(2995 - index * 10) } as const;
  });
  assertEquals(table(sessionReport({ timeline, outages: 50 })).length, 20);
  assertStringIncludes(made(sessionReport({ timeline, outages: 50 })), "Outages: the 20 newest, without 30 older");
  assertEquals(made(sessionReport({ timeline: [] })).includes("Outages:"), false);
});

Deno.test("what a report leaves out is told", () => {
  assertStringIncludes(made(sessionReport({ streamsOpen: 70 })), "<caption>Streams: the 2 oldest, without 68 more");
});

Deno.test("tables are open where there is room, but for one without streams", () => {
  const open = (session: SessionReport, isOpen: boolean) =>
    [...made(session, isOpen).matchAll(/<details data-key="(\w+)" open="">/g)].map(([, key]) => key);
  assertEquals(open(sessionReport(), true), ["carriers", "streams"]);
  assertEquals(open(sessionReport(), false), []);
  assertEquals(open(outSessionReport({ streamsOpen: 0, streams: [] }), true), []);
});
