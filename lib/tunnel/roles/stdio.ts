/**
 * The client role on standard input and output: one stream, and the process ends with it.
 *
 * @module
 */
import { type Clock, sleep } from "../../net/clock.ts";
import type { Log } from "../../net/log.ts";
import { StdioDuplex } from "../../net/stdio_duplex.ts";
import type { MemoryBudget } from "../../session/memory_budget.ts";
import type { MuxStream } from "../../mux/stream.ts";
import type { StreamEnd } from "../../mux/stream_host.ts";
import { ExitCode } from "../command_line/exit_code.ts";
import { serverOf } from "../command_line/client_paths.ts";
import type { ClientOptions } from "../command_line/role_options.ts";
import { ClientSession } from "./client_session.ts";
import { makeDialer } from "./outer_dialer.ts";
import { RoleDrain } from "./role_drain.ts";
import type { Running } from "./running.ts";
import { streamObservers } from "../log/spans.ts";
import { StreamLog } from "../log/stream_log.ts";

/** When the process is asked to end, its connection has this long to end by itself, in milliseconds. */
const PARTING_MS = 500;

/**
 * Carries standard input and output to the user's server. Nothing but user bytes is written to standard output.
 *
 * It is over when both directions have ended and the tele server has acknowledged the last bytes, so that an outage at
 * that moment is waited for like any other; or at once when nobody reads standard output any more. After the end of the
 * user's server standard input ends by itself, see {@linkcode StdioDuplex}. When the process is asked to end, standard
 * input ends, and the connection has a moment to end as it would without a tunnel.
 *
 * @throws {TeleError} `bad-input` if a file is wrong.
 */
export async function startStdio(
  options: ClientOptions,
  log: Log,
  clock: Clock,
  memory: MemoryBudget,
): Promise<Running> {
  const dialer = await makeDialer(options, log, clock);
  const streamLog = new StreamLog(clock, log, streamObservers(clock, undefined));
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  const user = new StdioDuplex({ clock });
  const over = new AbortController();
  let isStopping = false;
  const onStreamEnd = (stream: MuxStream, how: StreamEnd) => {
    over.abort();
    if (isStopping) return;
    if (user.isOutputClosed) {
      log("debug", "nobody reads standard output any more");
      return end(ExitCode.ok);
    }
    streamLog.onlyStreamEnded(stream, how);
    // Refused at first contact: nothing is tried again.
    if (!session.status.wasUp) void session.stop("its only connection was refused");
    // Finished means that the tele server has acknowledged the last bytes.
    end(how.kind === "finished" ? ExitCode.ok : ExitCode.failed);
  };
  let wasUp = () => false;
  // Until then the terminal is not ssh's yet, and its user waits for a word: with only errors shown it must be one.
  const linkLog: Log = (level, message, fields) => log(level === "warn" && !wasUp() ? "error" : level, message, fields);
  const prepared = await ClientSession.prepare(options, {
    dialer,
    streamLog,
    onStreamEnd,
    memory,
    log: linkLog,
    clock,
  });
  const session = prepared.begin();
  wasUp = () => session.status.wasUp;
  session.take(user);
  session.expectNobody();
  // Nothing else would come, so there is nothing to be closed: it ends with its connection as ever.
  const drain = new RoleDrain({
    clock,
    log,
    timeoutMs: options.drainTimeoutMs,
    begin: () => ended,
    connections: () => session.streamCount,
  });
  return {
    readyLine: `tele client ready: ${user.peer}, tele server is ${serverOf(options)}`,
    listens: [],
    ended,
    tryNow: () => session.tryNow(log),
    connections: () => session.streamCount,
    get isDraining() {
      return drain.isDraining;
    },
    drain: () => drain.ask(),
    async stop(reason) {
      drain.stop();
      isStopping = true;
      user.part();
      // In an outage nothing can end by itself.
      if (session.status.carriers > 0) await sleep(clock, PARTING_MS, over.signal);
      await session.stop(`the tele client ended (${reason})`);
      await dialer.stop();
      streamLog.stop();
    },
  };
}
