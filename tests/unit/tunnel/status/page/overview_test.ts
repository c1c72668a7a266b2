import { assertEquals, assertStringIncludes } from "@std/assert";
import { markup } from "../../../../../lib/tunnel/status/page/markup.js";
import { drawState, drawTotals, nameOf, stateOf } from "../../../../../lib/tunnel/status/page/overview.js";
import { Rates } from "../../../../../lib/tunnel/status/page/rates.js";
import type { StatusReport } from "../../../../../lib/tunnel/status/report.ts";
import { NOW, outSessionReport, sessionReport, statusReport } from "../../../../support/status_reports.ts";

const NOW_MS = Date.parse(NOW);

Deno.test("the state of the process is one sentence", () => {
  const [one, out] = [sessionReport(), outSessionReport()];
  const cases: [word: string, sentence: string, changes: Partial<StatusReport>][] = [
    ["working", "1 session: 2 streams open.", {}],
    ["working", "Connected to the server: 2 streams open.", { role: "client" }],
    ["working", "3 sessions: no streams open.", { sessions: [one, one], sessionsOmitted: 1, streamsOpen: 0 }],
    ["working", "Listens for clients: none is here.", { sessions: [] }],
    ["working", "No session yet.", { sessions: [], role: "client" }],
    ["working", "1 of 2 sessions connected, 4 streams open; 1 without network for up to 1 min 2 s: 2 streams wait.", {
      sessions: [out, one],
      streamsOpen: 4,
    }],
    ["outage", "No network for 1 min 2 s: 2 streams wait.", { sessions: [out], state: "waiting", role: "client" }],
    ["outage", "No network for any of 2 sessions, for up to 1 min 2 s: 3 streams wait.", {
      sessions: [out, { ...out, streamsOpen: 1 }],
    }],
    ["outage", "No network for 1 min 2 s: 1 stream waits.", { sessions: [{ ...out, streamsOpen: 1 }] }],
    ["outage", "No connection to the server yet, for 1 min 2 s: no streams wait.", {
      sessions: [{ ...out, outages: 0, streamsOpen: 0 }],
    }],
    ["waiting", "No connection to the server yet.", { sessions: [], state: "waiting", role: "client" }],
    ["waiting", "1 of 2 tunnels without a connection to the server.", {
      state: "waiting",
      tunnels: [{ name: "a", role: "client", state: "waiting" }, { name: "b", role: "server", state: "serving" }],
    }],
    ["silent", "No answer from worker 2: what comes there waits.", {
      state: "silent",
      tunnels: [{ name: "worker 1", role: "server", state: "serving" }, {
        name: "worker 2",
        role: "server",
        state: "silent",
      }],
    }],
    ["draining", "Takes no new users, and ends with its last stream: 2 streams left.", { state: "draining" }],
    ["draining", "Takes no new users, and ends with its last stream: nothing is left.", {
      state: "draining",
      streamsOpen: 0,
    }],
  ];
  for (const [word, sentence, changes] of cases) {
    const state = stateOf(statusReport(changes), NOW_MS);
    assertEquals([state.word, state.sentence], [word, sentence]);
  }
});

Deno.test("the state is announced by its word alone, which changes with it and not each second", () => {
  const made = markup(drawState(statusReport({ sessions: [outSessionReport()] }), NOW_MS));
  assertStringIncludes(made, '<p class="word" role="status" aria-live="polite">outage</p><h1>No network for');
});

Deno.test("the numbers of the process have what they are a part of", () => {
  const report = statusReport({ resentBytes: 7_340_032, memory: { usedBytes: 512, limitBytes: 1024 } });
  const made = markup(drawTotals(report, new Rates(report, null), [], NOW_MS));
  for (
    const text of ["1.0 % of all", "50 % of 1 KiB", "in 1 session", "700 MiB sent", "tele 0.2.0, server"]
  ) {
    assertStringIncludes(made, `<small>${text}</small>`);
  }
});

Deno.test("what was sent again may be too little for a percentage", () => {
  const report = statusReport();
  assertStringIncludes(
    markup(drawTotals(report, new Rates(report, null), [], NOW_MS)),
    "<small>under 0.1 % of all</small>",
  );
});

Deno.test("the rates of the last two minutes are drawn where they are known", () => {
  const report = statusReport();
  const recent = [2000, 1000, 0].map((ms) => ({ ms: NOW_MS - ms, sentBytes: 4096 - ms, receivedBytes: 7 }));
  const made = markup(drawTotals(report, new Rates(report, null), recent, NOW_MS));
  const titles = [...made.matchAll(/<title>(.*?)<\/title>/g)].map(([, title]) => title);
  assertEquals(titles, ["the last two minutes: 1000 B/s at the most", "the last two minutes: 0 B/s at the most"]);
});

Deno.test("a part of nothing, or of an unknown whole, is not told", () => {
  const report = statusReport({ resentBytes: 0, memory: { usedBytes: 1, limitBytes: 0 } });
  const made = markup(drawTotals(report, new Rates(report, null), [], NOW_MS));
  assertEquals(/% of|NaN|Infinity/.test(made), false);
});

Deno.test("a process is called by its role, if it has one", () => {
  const names = (["client", "server", "both"] as const).map((role) => nameOf(statusReport({ role })));
  assertEquals(names, ["tele client", "tele server", "tele"]);
});
