/** What a program gives to be called may throw: it is told, and stays where it was thrown. */
import { assertEquals, assertMatch } from "@std/assert";
import { guardedLog, guardedStreamCallbacks, type OnStreamEnd } from "../../../lib/mux/callbacks.ts";
import type { MuxStream } from "../../../lib/mux/stream.ts";
import type { StreamEnd } from "../../../lib/mux/stream_host.ts";
import type { Log } from "../../../lib/net/log.ts";

const stream = { peer: "127.0.0.1:1" } as MuxStream;
const end: StreamEnd = { kind: "finished" };

function recordingLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: (level, message) => void lines.push(`${level} ${message}`), lines };
}

Deno.test("onStreamEnd is told which stream is over, how, and whose client's it was", () => {
  const { log, lines } = recordingLog();
  const told: unknown[] = [];
  const onStreamEnd: OnStreamEnd = (...args) => void told.push(args);
  const guarded = guardedStreamCallbacks({ onStreamEnd }, log);
  guarded.onStreamEnd!(stream, end);
  guarded.onStreamEnd!(stream, end, "alice");
  assertEquals([told, lines], [[[stream, end], [stream, end, "alice"]], []]);
});

Deno.test("what onStreamEnd throws is one line of the log that names the peer, with the stack where there is one", () => {
  const { log, lines } = recordingLog();
  for (const thrown of [new Error("of the program"), "a string"]) {
    const onStreamEnd = () => {
      throw thrown;
    };
    guardedStreamCallbacks({ onStreamEnd }, log).onStreamEnd!(stream, end);
  }
  assertMatch(
    lines[0],
    /^error onStreamEnd threw, when the stream of 127\.0\.0\.1:1 was over: Error: of the program\n +at/,
  );
  assertEquals(lines[1], "error onStreamEnd threw, when the stream of 127.0.0.1:1 was over: a string");
});

Deno.test("onStreamStart is told the number of the stream, and what it throws is a line too", () => {
  const { log, lines } = recordingLog();
  const told: unknown[] = [];
  guardedStreamCallbacks({ onStreamStart: (...args) => void told.push(args) }, log).onStreamStart!(stream, 7);
  const onStreamStart = () => {
    throw "a string";
  };
  guardedStreamCallbacks({ onStreamStart }, log).onStreamStart!(stream, 7);
  assertEquals(told, [[stream, 7]]);
  assertEquals(lines, ["error onStreamStart threw, when the stream of 127.0.0.1:1 began: a string"]);
});

Deno.test("without callbacks there is nothing to guard", () => {
  assertEquals(guardedStreamCallbacks({}, () => {}), { onStreamStart: undefined, onStreamEnd: undefined });
});

Deno.test("a log gets level, message and fields as they are", () => {
  const got: unknown[] = [];
  guardedLog((...args) => void got.push(args))("warn", "the message", { code: 1 });
  assertEquals(got, [["warn", "the message", { code: 1 }]]);
});

Deno.test("what a log throws is an uncaught error of the program, and not thrown into what it tells of", () => {
  const thrown = new Error("no space left");
  const uncaught: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    uncaught.push(event.error);
  };
  globalThis.addEventListener("error", onError);
  try {
    guardedLog(() => {
      throw thrown;
    })("info", "the message");
  } finally {
    globalThis.removeEventListener("error", onError);
  }
  assertEquals(uncaught, [thrown]);
});
