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

/** Called when a stream has begun here, and has its number: at the end that opens it, and at the other when its user is there. */
export type OnStreamStart = (stream: MuxStream, id: number) => void;

/** What a program may have called for each stream. */
export interface StreamCallbacks {
  /** Called when a stream has begun here. */
  onStreamStart?: OnStreamStart;
  /** Called when a stream is over. */
  onStreamEnd?: OnStreamEnd;
}

/** The callbacks, with what they throw told to the log: no stream has to do with it. */
export function guardedStreamCallbacks({ onStreamStart, onStreamEnd }: StreamCallbacks, log: Log): StreamCallbacks {
  return {
    onStreamStart: onStreamStart && guarded("onStreamStart", "began", onStreamStart, log),
    onStreamEnd: onStreamEnd && guarded("onStreamEnd", "was over", onStreamEnd, log),
  };
}

function guarded<Told extends [stream: MuxStream, ...others: unknown[]]>(
  name: string,
  when: string,
  callback: (...told: Told) => void,
  log: Log,
): (...told: Told) => void {
  return (...told) => {
    try {
      callback(...told);
    } catch (error) {
      log("error", `${name} threw, when the stream of ${told[0].peer} ${when}: ${stackOf(error)}`);
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
