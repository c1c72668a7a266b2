import { assertEquals } from "@std/assert";
import { keyOf, Rates } from "../../../../lib/tunnel/top/rates.ts";
import { aCarrier, aReport, aSession, aStream, REPORTED_AT_MS } from "../../../support/top_reports.ts";

const NOTHING = { sent: 0, received: 0 };

Deno.test("rates are what was added between two reports, by the process's clock", () => {
  const before = aReport();
  const session = aSession({
    sentBytes: 20_480 + 1_000,
    receivedBytes: 6_291_456 + 2_000,
    carriers: [aCarrier({ sentBytes: 10_240 + 500 })],
    streams: [aStream({ receivedBytes: 2_097_152 + 300 })],
  });
  const now = aReport({
    nowMs: REPORTED_AT_MS + 2_000,
    sentBytes: before.sentBytes + 4_000,
    receivedBytes: before.receivedBytes + 6_000,
    sessions: [session],
  });
  const rates = new Rates(now, before);
  assertEquals(rates.ofProcess(), { sent: 2_000, received: 3_000 });
  assertEquals(rates.ofSession(session), { sent: 500, received: 1_000 });
  assertEquals(rates.ofCarrier(session, session.carriers[0]!), { sent: 250, received: 0 });
  assertEquals(rates.ofStream(session, session.streams[0]!), { sent: 0, received: 150 });
});

Deno.test("what began since the last report counts from zero; of what was left out of that no rate is known", () => {
  const young = aSession({ id: "new", sinceMs: REPORTED_AT_MS + 100, sentBytes: 700, receivedBytes: 0 });
  const old = aSession({ id: "old", sentBytes: 700, receivedBytes: 0 });
  const rates = new Rates(aReport({ nowMs: REPORTED_AT_MS + 1_000, sessions: [young, old] }), aReport());
  assertEquals(rates.ofSession(young), { sent: 700, received: 0 });
  assertEquals(rates.ofSession(old), NOTHING);
  assertEquals(rates.ofStream(old, old.streams[0]!), NOTHING);
});

Deno.test("there is no rate without an earlier report, of another process, or where the clock went back", () => {
  const now = aReport({ nowMs: REPORTED_AT_MS + 1_000, sentBytes: 1_000_000 });
  assertEquals(new Rates(now, undefined).ofProcess(), NOTHING);
  assertEquals(new Rates(now, aReport({ startedAtMs: 0 })).ofProcess(), NOTHING);
  assertEquals(new Rates(now, aReport({ nowMs: REPORTED_AT_MS + 2_000 })).ofProcess(), NOTHING);
  assertEquals(new Rates(now, aReport({ nowMs: REPORTED_AT_MS + 1_000 })).ofProcess(), NOTHING);
  assertEquals(new Rates(now, aReport({ sentBytes: 2_000_000 })).ofProcess().sent, 0, "a count that went back");
});

Deno.test("sessions of two tunnels with one id are two", () => {
  const [one, other] = ["office", "home"].map((tunnel) => aSession({ tunnel }));
  assertEquals(keyOf(one!) === keyOf(other!), false);
  const now = aReport({ nowMs: REPORTED_AT_MS + 1_000, sessions: [aSession({ tunnel: "home", sentBytes: 21_480 })] });
  const rates = new Rates(now, aReport({ sessions: [aSession({ tunnel: "office", sentBytes: 0 }), other!] }));
  assertEquals(rates.ofSession(now.sessions[0]!).sent, 1_000);
});
