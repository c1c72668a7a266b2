/**
 * The command lines of ssh for one login: what its configuration says, the start of `tele` there, the way by `ssh -W`,
 * and the login itself.
 *
 * The first value of an option counts (ssh_config(5)), so ours stand in front of the user's.
 *
 * @module
 */
import { formatAddress } from "../../net/address.ts";
import type { LogLevel } from "../../net/log.ts";
import { loginWords, optionWords, type SshWords } from "./ssh_words.ts";
import { quoteWords } from "./shell_words.ts";

/** What a login that only carries something must not do. */
const BARE = options({
  ControlMaster: "no",
  RemoteCommand: "none",
  RequestTTY: "no",
  PermitLocalCommand: "no",
  ForwardAgent: "no",
  ForwardX11: "no",
});

/**
 * Of the login itself: a shared connection would go past tele, and in an outage ssh would end by its own questions
 * whether the server is there.
 */
const CARRIED = options({
  ProxyUseFdpass: "no",
  ControlMaster: "no",
  ControlPath: "none",
  ServerAliveInterval: "0",
});

/** Where ssh connects to. */
export interface SshTarget {
  /** The host's name or address. */
  readonly host: string;
  /** Whether a jump host or another command leads there, where a port of it is seldom reached. */
  readonly isBehind: boolean;
}

/** Asks ssh what its configuration says. */
export function configurationWords(ssh: SshWords): string[] {
  return ["ssh", "-G", ...optionWords(ssh, true), "--", ssh.destination, ...ssh.command];
}

/** Reads the answer to {@linkcode configurationWords}. */
export function readConfiguration(lines: readonly string[]): SshTarget {
  const valueOf = (name: string) => lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1).trim();
  const isSet = (name: string) => ![undefined, "none"].includes(valueOf(name));
  return { host: valueOf("hostname") ?? "", isBehind: isSet("proxyjump") || isSet("proxycommand") };
}

/** Starts `command` there. A connection that is shared already saves a login. */
export function startWords(ssh: SshWords, command: string): string[] {
  const bare = [...BARE, ...options({ ClearAllForwardings: "yes" })];
  return ["ssh", "-T", ...bare, ...loginWords(ssh, true), "--", ssh.destination, command];
}

/** The login itself, by the command `proxy`. */
export function carriedWords(ssh: SshWords, proxy: string): string[] {
  const ours = [...options({ ProxyCommand: proxy }), ...CARRIED];
  return ["ssh", ...ours, ...optionWords(ssh, false), "--", ssh.destination, ...ssh.command];
}

/** What the client of either way is told beside it. */
export interface ClientNeeds {
  /** Where `tele` listens there. */
  readonly port: number;
  /** How long the network is waited for, in milliseconds. */
  readonly resumeTimeoutMs: number;
  /** Lowest level that is logged. */
  readonly logLevel: LogLevel;
}

/** Options of a client that connects to the port. */
export function portArguments({ host }: SshTarget, needs: ClientNeeds): string[] {
  return [`--out=${formatAddress({ kind: "tcp", host, port: needs.port })}`, ...common(needs)];
}

/**
 * Options of a client that gets there by `ssh -W`, one connection at a time: each is a login. Nobody could answer its
 * questions, and a shared connection would die in the outage that it is to outlive.
 */
export function commandArguments(ssh: SshWords, needs: ClientNeeds): string[] {
  const alone = options({ BatchMode: "yes", ControlPath: "none" });
  const words = ["ssh", ...alone, ...BARE, ...loginWords(ssh, false), "-W", `127.0.0.1:${needs.port}`];
  return [`--out=exec:${quoteWords([...words, "--", ssh.destination])}`, "--carriers=1", ...common(needs)];
}

function common({ resumeTimeoutMs, logLevel }: ClientNeeds): string[] {
  return [`--resume-timeout=${resumeTimeoutMs}ms`, `--log-level=${logLevel}`];
}

function options(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}
