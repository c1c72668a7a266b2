/**
 * One login: starts `tele` on the other machine, finds a way to it, and runs ssh by that.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { type Carriage, CARRIAGE_VARIABLE, formatCarriage } from "./carriage.ts";
import type { Programs } from "./programs.ts";
import { remoteCommand, servedPort } from "./remote_start.ts";
import type { LoginOptions } from "./ssh_options.ts";
import * as ways from "./ssh_ways.ts";
import { formatOrder, type Listen } from "./start_message.ts";

/**
 * From here on an exit code of the login that starts `tele` is no shell's: ssh failed, and has said why (255, ssh(1)),
 * or was ended by a signal.
 */
const LEAST_FAULT = 129;

/** How long the port may take to answer, in milliseconds; many firewalls say nothing, and ssh -W leads there too. */
const PORT_MS = 2_000;

/** The same for `ssh -W`, which logs in. */
const COMMAND_MS = 30_000;

/** What {@linkcode logIn} needs of the world. */
export interface LoginNeeds {
  /** Starts ssh. */
  programs: Programs;
  /** The `ProxyCommand` that carries the login. */
  proxy: string;
  /** Tries a way; tells why it failed, or nothing. */
  unreached(carriage: Carriage, limitMs: number): Promise<string | undefined>;
  /** Makes a secret. */
  makeToken(): string;
  /** Where log lines go. */
  log: Log;
}

/**
 * Logs in, and stays until ssh ends.
 *
 * @returns ssh's exit code.
 * @throws {TeleError} What keeps `tele` from it.
 */
export async function logIn(options: LoginOptions, needs: LoginNeeds): Promise<number> {
  const { programs, log } = needs;
  const configuration = await programs.ask(ways.configurationWords(options.ssh), "");
  if (configuration.code !== 0) return configuration.code;
  const target = ways.readConfiguration(configuration.lines);
  const byPort = options.by === "port" || (options.by === "auto" && !target.isBehind);
  const token = needs.makeToken();
  const listen: Listen = byPort ? "everywhere" : "loopback";
  const { resumeTimeoutMs, ports } = options;
  const order = formatOrder({ token, listen, resumeTimeoutMs, ports });
  const outcome = await programs.ask(ways.startWords(options.ssh, remoteCommand(options.remote)), `${order}\n`);
  if (outcome.code >= LEAST_FAULT) return outcome.code;
  const client = { ...options, port: servedPort(outcome.lines, options.remote) };
  const candidates: Way[] = [];
  if (byPort) {
    candidates.push({
      name: `port ${client.port} of ${target.host}`,
      args: ways.portArguments(target, client),
      limitMs: PORT_MS,
      advice: "let this machine reach the ports there",
    });
  }
  if (options.by !== "port") {
    candidates.push({
      name: "ssh -W",
      args: ways.commandArguments(options.ssh, client),
      limitMs: COMMAND_MS,
      advice: "let ssh log in without a question, by a key or an agent, where sshd allows -W (AllowTcpForwarding)",
    });
  }
  const carriage = await choose(candidates, token, needs);
  log("debug", `ssh goes by ${carriage.args[0]}`);
  const env = { [CARRIAGE_VARIABLE]: formatCarriage(carriage) };
  return await programs.run(ways.carriedWords(options.ssh, needs.proxy), env);
}

/** A way that may lead there. */
interface Way {
  readonly name: string;
  readonly args: readonly string[];
  /** How long to try, in milliseconds. */
  readonly limitMs: number;
  /** What to change where it fails. */
  readonly advice: string;
}

/** The first way that leads there. */
async function choose(candidates: readonly Way[], token: string, { unreached, log }: LoginNeeds): Promise<Carriage> {
  const reasons: string[] = [];
  for (const { name, args, limitMs } of candidates) {
    const carriage = { args, token };
    const reason = await unreached(carriage, limitMs);
    if (reason === undefined) return carriage;
    log("info", `not by ${name}: ${reason}`);
    reasons.push(`by ${name}: ${reason}`);
  }
  const advice = candidates.map((way) => way.advice).join(", or ");
  throw new TeleError("refused", `tele on the other machine cannot be reached ${reasons.join(", nor ")}; ${advice}`);
}
