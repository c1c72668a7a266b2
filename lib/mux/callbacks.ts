/**
 * Callbacks of the program that uses the library: what they throw must end no connection, and must not be silent.
 *
 * @module
 */
import type { Log } from "../net/log.ts";
import type { MuxStream } from "./stream.ts";
import type { StreamEnd } from "./stream_host.ts";

/** Called when a stream is over, with how it ended, and at a server with who the client is, if it has shown that. */
export type OnStreamEnd = (stream: MuxStream, end: StreamEnd, client?: string) => void;

/** `onStreamEnd`, with what it throws told to the log: the stream is over by then, and no other has to do with it. */
export function guardedStreamEnd(onStreamEnd: OnStreamEnd | undefined, log: Log): OnStreamEnd | undefined {
  if (onStreamEnd === undefined) return undefined;
  return (...told) => {
    try {
      onStreamEnd(...told);
    } catch (error) {
      log("error", `onStreamEnd threw, when the stream of ${told[0].peer} was over: ${stackOf(error)}`);
    }
  };
}

/** `log`, without its throws, which become uncaught errors of the program: they must not end what the line is about. */
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
