/**
 * What a program gives to be called: a throw of it must not take others' connections with it, nor be silent.
 *
 * @module
 */
import type { Log } from "../net/log.ts";
import type { MuxStream, StreamEnd } from "./stream.ts";

/** What a program is told with when a stream is over. */
export type OnStreamEnd = (stream: MuxStream, end: StreamEnd) => void;

/** Tells the log what `onStreamEnd` throws; the stream is over by then, and nobody else's has to do with it. */
export function guardedStreamEnd(onStreamEnd: OnStreamEnd | undefined, log: Log): OnStreamEnd | undefined {
  if (onStreamEnd === undefined) return undefined;
  return (stream, end) => {
    try {
      onStreamEnd(stream, end);
    } catch (error) {
      log("error", `onStreamEnd threw, when the stream of ${stream.peer} was over: ${stackOf(error)}`);
    }
  };
}

/** A log that never throws into what it tells of: what `log` throws is an uncaught error of the program. */
export function guardedLog(log: Log): Log {
  return (level, message, fields) => {
    try {
      log(level, message, fields);
    } catch (error) {
      reportError(error);
    }
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
