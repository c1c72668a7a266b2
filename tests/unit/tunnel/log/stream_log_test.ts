import { assert, assertEquals } from "@std/assert";
import type { MuxStream } from "../../../../lib/mux/stream.ts";
import type { LogFields } from "../../../../lib/net/log.ts";
import type { StreamEnd } from "../../../../lib/mux/stream_host.ts";
import { StreamLog } from "../../../../lib/tunnel/log/stream_log.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** Stream 17 of a session, of a user from `peer`, as far as the log looks at it. */
function streamOf(peer: string, service?: string): MuxStream {
  const moved = { sentBytes: 5, receivedBytes: 7 };
  return {
    id: 17,
    peer,
    moved,
    origin: { service, atMs: 1_000 },
    host: { session: { name: "4e2d32b2" } },
  } as MuxStream;
}

/** A stream log and its lines, without those of the lives of streams. */
function streamLog(): { clock: FakeClock; log: StreamLog; lines: string[]; end(peer: string, end: StreamEnd): void } {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = new StreamLog(clock, (level, message) => {
    if (!message.startsWith("stream 4e2d32b2/17")) lines.push(`${level} ${message}`);
  });
  return { clock, log, lines, end: (peer, end) => log.ended(streamOf(peer), end) };
}

Deno.test("the log calls a stream cut or refused, with who and why; the rest is for debugging", () => {
  const { lines, end, log } = streamLog();
  end("127.0.0.1:50000", { kind: "cut", message: "the tele server was restarted" });
  end("127.0.0.1:50001", { kind: "reset", code: 1, message: ":22: connection refused", by: "peer" });
  end("127.0.0.1:50002", { kind: "reset", code: 3, message: "--max allows more", by: "peer" });
  end("127.0.0.1:50003", { kind: "reset", code: 2, message: "connection reset", by: "here" });
  end("127.0.0.1:50004", { kind: "reset", code: 2, message: "connection reset", by: "peer" });
  end("127.0.0.1:50005", { kind: "finished" });
  end("", { kind: "cut", message: "nobody knows whose" });
  end("127.0.0.1:50007", { kind: "cut", message: "the tele client ended (SIGINT)", isWished: true });
  log.refuse("127.0.0.1:50006", "there are 5 connections already");
  assertEquals(lines, [
    "warn stream cut (127.0.0.1:50000): the tele server was restarted",
    "warn stream refused (127.0.0.1:50001): :22: connection refused",
    "warn stream refused (127.0.0.1:50002): --max allows more",
    "warn stream cut: nobody knows whose",
    "info stream cut (127.0.0.1:50007): the tele client ended (SIGINT)",
    "warn stream refused (127.0.0.1:50006): there are 5 connections already",
  ]);
});

Deno.test("why the only stream of a process ended is an error, which it then tells by its exit code", () => {
  const { lines, log } = streamLog();
  const stream = streamOf("standard input and output");
  log.onlyStreamEnded(stream, { kind: "cut", message: "gone" });
  log.onlyStreamEnded(stream, { kind: "reset", code: 1, message: ":22: connection refused", by: "peer" });
  log.onlyStreamEnded(stream, { kind: "reset", code: 2, message: "connection reset by peer", by: "peer" });
  log.onlyStreamEnded(stream, { kind: "finished" });
  assertEquals(lines, [
    "error stream cut (standard input and output): gone",
    "error stream refused (standard input and output): :22: connection refused",
    "error stream reset (standard input and output), at the other end: connection reset by peer",
  ]);
});

Deno.test("a log that is stopped tells its counts at once, and waits for nothing: its process may go on", () => {
  const { clock, lines, end, log } = streamLog();
  for (let at = 0; at < 9; at++) end(`cut:${at}`, { kind: "cut", message: "gone" });
  assertEquals(clock.pendingTimers, 1);
  log.stop();
  end("late:1", { kind: "cut", message: "gone" });
  assertEquals([lines.at(-1), clock.pendingTimers], ["warn 4 more streams were cut within 10 s", 0]);
});

Deno.test("a thousand streams that end together are a few lines and a count, for each kind of its own", async () => {
  const { clock, lines, end, log } = streamLog();
  for (let at = 0; at < 1000; at++) end(`cut:${at}`, { kind: "cut", message: "gone" });
  for (let at = 0; at < 3; at++) log.refuse(`refused:${at}`, "full");
  const cut = lines.filter((line) => line.startsWith("warn stream cut"));
  assert(cut.length >= 3 && cut.length <= 10, `${cut.length} lines`);
  assertEquals(lines.filter((line) => line.includes("refused")).length, 3);
  await clock.advance(10_000);
  assertEquals(lines.slice(cut.length + 3), [`warn ${1000 - cut.length} more streams were cut within 10 s`]);
  // Afterwards lines are written again, and nothing is counted twice.
  end("later:1", { kind: "cut", message: "gone too" });
  await clock.advance(60_000);
  assertEquals(lines.at(-1), "warn stream cut (later:1): gone too");
  for (let at = 0; at < 10; at++) end("client:1", { kind: "cut", message: "the tele client ended", isWished: true });
  await clock.advance(60_000);
  assertEquals(lines.at(-1), "info 5 more streams were cut within 10 s");
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("who counts is told of every stream, also of those that are counted in place of a line", () => {
  const counted = { ended: 0, refused: 0 };
  const observer = { streamEnded: () => void counted.ended++, userRefused: () => void counted.refused++ };
  const log = new StreamLog(new FakeClock(), () => {}, [observer]);
  for (let count = 0; count < 20; count++) {
    log.ended(streamOf("127.0.0.1:1"), { kind: "cut", message: "" });
    log.refuse("127.0.0.1:1", "too many");
  }
  log.stop();
  assertEquals(counted, { ended: 20, refused: 20 });
});

Deno.test("the life of a stream is told for debugging, by a name that both ends have, however it ends", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const fields: LogFields[] = [];
  const log = new StreamLog(clock, (level, message, told = {}) => {
    if (level === "debug") lines.push(message), fields.push(told);
  });
  const stream = streamOf("127.0.0.1:50000", "db");
  log.started(stream, 17);
  await clock.advance(1_234);
  log.ended(stream, { kind: "finished" }, "alice");
  log.ended(stream, { kind: "reset", code: 2, message: "connection reset", by: "here" });
  log.ended(stream, { kind: "reset", code: 2, message: "connection reset", by: "peer" });
  log.ended(stream, { kind: "reset", code: 1, message: ":22: connection refused", by: "peer" });
  log.ended(stream, { kind: "cut", message: "the tele server ended" });
  const went = "(127.0.0.1:50000) after 1.2 s, 5 bytes sent, 7 received";
  assertEquals(lines, [
    "stream 4e2d32b2/17 began (127.0.0.1:50000), for db",
    `stream 4e2d32b2/17 finished ${went}`,
    `stream 4e2d32b2/17 reset here ${went}: connection reset`,
    `stream 4e2d32b2/17 reset at the other end ${went}: connection reset`,
    `stream 4e2d32b2/17 refused ${went}: :22: connection refused`,
    `stream 4e2d32b2/17 cut ${went}: the tele server ended`,
  ]);
  const known = { session: "4e2d32b2", stream: 17, peer: "127.0.0.1:50000", service: "db" };
  const moved = { sentBytes: 5, receivedBytes: 7, lastedMs: 1_234 };
  assertEquals(fields.slice(0, 2), [known, { ...known, client: "alice", ...moved, end: "finished" }]);
  log.stop();
});

Deno.test("the life of a stream is put into words where somebody reads them, and only there", () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const stream = streamOf("127.0.0.1:50000");
  for (const heard of [["debug", "warn"], ["warn"]]) {
    const lines = (_level: string, message: string) => void told.push(message.replace(/ .*/, ""));
    const log = new StreamLog(clock, Object.assign(lines, { hears: (level: string) => heard.includes(level) }));
    log.started(stream, 17);
    log.ended(stream, { kind: "finished" });
    log.ended(stream, { kind: "cut", message: "gone" });
    log.onlyStreamEnded(stream, { kind: "cut", message: "gone" });
    log.stop();
    told.push(".");
  }
  // Its beginning, two ends and a cut, the end of the only one and its cut; and without those for debugging.
  assertEquals(told.join(" "), "stream stream stream stream stream stream . stream stream .");
});
