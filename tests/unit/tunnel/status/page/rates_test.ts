import { assertEquals, assertNotEquals } from "@std/assert";
import { keyOf, Rates } from "../../../../../lib/tunnel/status/page/rates.js";
import { ago, sessionReport, statusReport } from "../../../../support/status_reports.ts";

const UNKNOWN = { sent: null, received: null };

/** A report of two seconds ago, with less. */
function earlier(changes: Parameters<typeof statusReport>[0] = {}) {
  const session = sessionReport();
  const [first, second] = session.streams;
  return statusReport({
    now: ago(2),
    sentBytes: 734_003_200 - 4000,
    receivedBytes: 18_874_368,
    sessions: [{
      ...session,
      sentBytes: session.sentBytes - 2000,
      streams: [{ ...second!, receivedBytes: second!.receivedBytes - 512 }, first!],
    }],
    ...changes,
  });
}

Deno.test("rates are the difference of two reports, by the time between them", () => {
  const now = statusReport();
  const rates = new Rates(now, earlier());
  assertEquals(rates.ofAll(now), { sent: 2000, received: 0 });
  assertEquals(rates.ofSession(now.sessions[0]!), { sent: 1000, received: 0 });
  assertEquals(rates.ofStreams(now.sessions[0]!), [{ sent: 0, received: 0 }, { sent: 0, received: 256 }]);
});

Deno.test("rates are not known without an earlier report of the same process, or of the same time", () => {
  const now = statusReport();
  for (const before of [null, earlier({ startedAt: ago(50) }), earlier({ now: now.now })]) {
    const rates = new Rates(now, before);
    assertEquals(rates.ofAll(now), UNKNOWN);
    assertEquals(rates.ofSession(now.sessions[0]!), UNKNOWN);
    assertEquals(rates.ofStreams(now.sessions[0]!), [UNKNOWN, UNKNOWN]);
  }
});

Deno.test("the rate of a new session, of a new stream and of one without a number is not known", () => {
  const session = sessionReport();
  const other = { ...session, id: "another" };
  const streams = [{ ...session.streams[0]!, id: 21 }, { ...session.streams[0]!, id: 0 }];
  const rates = new Rates(statusReport(), earlier({ sessions: [{ ...session, streams: [streams[1]!] }] }));
  assertEquals(rates.ofSession(other), UNKNOWN);
  assertEquals(rates.ofStreams({ ...session, streams }), [UNKNOWN, UNKNOWN]);
});

Deno.test("a count that started over is no rate below zero", () => {
  const now = statusReport({ sentBytes: 1 });
  assertEquals(new Rates(now, earlier()).ofAll(now), { sent: 0, received: 0 });
});

Deno.test("sessions of two tunnels are told apart", () => {
  const key = (tunnel: string | null) => keyOf(sessionReport({ tunnel }));
  assertNotEquals(key("a"), key("b"));
  assertNotEquals(key(null), key("null"));
});
