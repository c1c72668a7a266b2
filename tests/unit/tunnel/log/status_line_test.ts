import { assertEquals } from "@std/assert";
import { type LinkStatus, statusLine } from "../../../../lib/tunnel/log/status_line.ts";
import { IDLE_LINK } from "../../../support/link_status.ts";

Deno.test("the status line tells link, streams, rates, and what was sent again", () => {
  const cases: [string, Partial<LinkStatus>, Partial<LinkStatus>][] = [
    ["link up | no streams | down 0 B/s, up 0 B/s", {}, {}],
    ["link up | 1 stream | down 512 B/s, up 1.5 KiB/s", { streams: 1, receivedBytes: 1024, sentBytes: 3072 }, {}],
    ["link up | no streams | down 50 B/s, up 0 B/s", { receivedBytes: 100 }, { receivedBytes: 900 }],
    ["outage for 1 s | 1 stream waits", { carriers: 0, streams: 1 }, {}],
    ["connecting for 18 s | 1 stream waits", { carriers: 0, outageMs: 18_000, wasUp: false, streams: 1 }, {}],
    ["outage for 2 min 5 s | no streams", { carriers: 0, outageMs: 125_900 }, {}],
    ["outage for 3 s | 2 streams wait | 18 KiB sent again", {
      carriers: 0,
      outageMs: 3_400,
      streams: 2,
      replayedBytes: 18_432,
    }, {}],
    ["link up, 6 connections | no streams | down 0 B/s, up 0 B/s", { carriers: 6 }, { carriers: 0 }],
    ["link up, 2 of 2 paths | no streams | down 0 B/s, up 0 B/s", { carriers: 2, paths: 2, upPaths: 2 }, {}],
    ["link up, 1 of 2 paths, 3 connections | no streams | down 0 B/s, up 0 B/s", {
      carriers: 3,
      paths: 2,
      upPaths: 1,
    }, {}],
    ["link up, 0 of 2 paths | no streams | down 0 B/s, up 0 B/s", { paths: 2, upPaths: 0 }, {}],
    ["outage for 1 s | no streams", { carriers: 0, paths: 2, upPaths: 0 }, {}],
  ];
  for (const [line, now, before] of cases) {
    assertEquals(statusLine({ ...IDLE_LINK, ...now }, { ...IDLE_LINK, ...before }, 2_000, 80), line);
  }
});

Deno.test("the status line is one column shorter than the terminal at the most", () => {
  const whole = statusLine(IDLE_LINK, IDLE_LINK, 1_000, 200);
  for (const columns of [0, 1, 2, 10, 44, 45]) {
    assertEquals(statusLine(IDLE_LINK, IDLE_LINK, 1_000, columns), whole.slice(0, Math.max(0, columns - 1)));
  }
});
