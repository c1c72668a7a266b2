/**
 * `tele ssh --serve`: the tele server of one login, started by that login.
 *
 * @module
 */
import { formatAddress } from "../../net/address.ts";
import { type Clock, systemClock } from "../../net/clock.ts";
import { badInput, reasonOf, TeleError } from "../../net/error.ts";
import { ipBytes } from "../../net/ip_address.ts";
import { isTaken } from "../../net/listen_failure.ts";
import type { Log } from "../../net/log.ts";
import { parseCommandLine } from "../command_line/command_line.ts";
import { ExitCode } from "../command_line/exit_code.ts";
import type { ServerOptions } from "../command_line/role_options.ts";
import type { Running } from "../roles/running.ts";
import { startServer } from "../roles/server.ts";
import { formatPortRange } from "../values/port_range.ts";
import { LastClient } from "./last_client.ts";
import { type Answer, formatAnswer, MOST_CHARACTERS, type Order, parseOrder } from "./start_message.ts";

/** What {@linkcode startServe} needs. */
export interface ServeNeeds {
  /** What comes from the login: its first line is the order. */
  input: ReadableStream<Uint8Array>;
  /** sshd's `SSH_CONNECTION` (ssh(1)): addresses and ports of the client, and of sshd. */
  connection: string | undefined;
  /** Writes a line to the login. */
  say(line: string): Promise<unknown>;
  /** Where log lines go. */
  log: Log;
  /** Time. @default {systemClock} */
  clock?: Clock;
}

/**
 * Serves sshd of this machine to the one client that knows the login's secret, until that is gone.
 *
 * @throws {TeleError} If it cannot; the login was told.
 */
export async function startServe(needs: ServeNeeds): Promise<Running> {
  const answer = (answer: Answer) => needs.say(formatAnswer(answer));
  try {
    const order = parseOrder(await firstLine(needs.input));
    const running = await serveOnFreePort(order, needs);
    await answer({ kind: "ready", port: portOf(running.listens) });
    return running;
  } catch (error) {
    await answer({ kind: "failed", reason: reasonOf(error) });
    throw error;
  }
}

/** Serves on the first port of those that are wanted that no other program has. */
async function serveOnFreePort(order: Order, { connection, log, clock = systemClock }: ServeNeeds): Promise<Running> {
  const { low, high } = order.ports ?? { low: 0, high: 0 };
  for (let port = low; port <= high; port++) {
    try {
      return await serve(serverOptions(order, port, connection), log, clock);
    } catch (error) {
      if (!(error instanceof TeleError) || !isTaken(error.cause)) throw error;
    }
  }
  throw new TeleError("refused", `no port of ${formatPortRange({ low, high })} is free there: let --port name more`);
}

async function serve(options: ServerOptions, log: Log, clock: Clock): Promise<Running> {
  const client = new LastClient(clock);
  const onSessionCount = (sessions: number) => client.count(sessions);
  const running = await startServer(options, log, clock, { onSessionCount }).catch((error) => {
    client.stop();
    throw error;
  });
  return {
    ...running,
    ended: client.gone.then((why) => {
      log("info", `ends: ${why}`);
      return ExitCode.ok;
    }),
    stop(reason) {
      client.stop();
      return running.stop(reason);
    },
  };
}

/**
 * The options of a server in front of sshd. Tokens of the environment are not for it.
 *
 * @param port Where it listens; 0 for any free port.
 */
function serverOptions(order: Order, port: number, connection: string | undefined): ServerOptions {
  const out = `${order.listen === "loopback" ? "127.0.0.1" : ""}:${port}`;
  const args = [`--in=${sshdAddress(connection)}`, `--out=${out}`, `--resume-timeout=${order.resumeTimeoutMs}ms`];
  const command = parseCommandLine(["--server", ...args], { TELE_TOKEN: order.token });
  if (command.kind !== "server") throw badInput("not a server's command line");
  return command.options;
}

/** Where sshd has taken the login: it may listen on that address alone. */
function sshdAddress(connection: string | undefined): string {
  const [, , host = "", port] = connection?.split(" ") ?? [];
  if (ipBytes(host.replace(/%.*$/, "")) !== undefined && /^[1-9]\d*$/.test(port ?? "")) {
    return formatAddress({ kind: "tcp", host, port: Number(port) });
  }
  throw badInput("the ssh server there does not say where it listens (SSH_CONNECTION): tele cannot reach it");
}

function portOf([address = ""]: readonly string[]): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** The first line of what comes; what stands behind it is left alone. */
async function firstLine(input: ReadableStream<Uint8Array>): Promise<string> {
  const reader = input.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = "";
  while (!text.includes("\n") && text.length <= MOST_CHARACTERS) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  return text.split("\n")[0]!;
}
