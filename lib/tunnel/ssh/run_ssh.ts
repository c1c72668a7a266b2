/**
 * `tele ssh`: from its arguments to an exit code.
 *
 * @module
 */
import { badInput, reasonOf } from "../../net/error.ts";
import { requireSealing } from "../../session/sealing.ts";
import { ExitCode } from "../command_line/exit_code.ts";
import { makeToken } from "../files/token_file.ts";
import { makeLog } from "../log/log_format.ts";
import { print, writeLine } from "../log/standard_streams.ts";
import { hasColors } from "../log/terminal.ts";
import { startClient } from "../roles/client.ts";
import { runRole } from "../roles/role_process.ts";
import { endSignals } from "../roles/signals.ts";
import { carriageOptions, parseCarriage } from "./carriage.ts";
import { logIn } from "./login.ts";
import { SystemPrograms } from "./programs.ts";
import { unreached } from "./reach.ts";
import { proxyCommand, thisProgram } from "./self_command.ts";
import { startServe } from "./serve.ts";
import { sshHelpText } from "./ssh_help.ts";
import { type LoginOptions, parseSshCommand } from "./ssh_options.ts";

/**
 * Runs `tele ssh` with the arguments behind these words.
 *
 * @returns The exit code: ssh's, or 125 if `tele` failed.
 */
export async function runSsh(args: readonly string[]): Promise<number> {
  try {
    const command = parseSshCommand(args);
    if (command.kind === "help") return await print(sshHelpText(hasColors()).trimEnd());
    if (command.kind === "serve") return await runServe();
    if (command.kind === "carry") return await runCarry();
    return await runLogin(command.options);
  } catch (error) {
    await writeLine(Deno.stderr, `tele: ${reasonOf(error)}`);
    return ExitCode.besideSsh;
  }
}

async function runLogin(options: LoginOptions): Promise<number> {
  if (Deno.build.os === "windows") {
    throw badInput("tele ssh needs a POSIX shell, which Windows has in WSL; or see the README for ssh's ProxyCommand");
  }
  requireSealing("see the README for ssh's ProxyCommand, which works there");
  const programs = new SystemPrograms();
  const given = new AbortController();
  const { first, insisted } = endSignals(true);
  const pass = (signal: string) => {
    given.abort();
    programs.signal(signal as Deno.Signal);
  };
  first.then(pass);
  insisted.then(pass);
  return await logIn(options, {
    programs,
    proxy: proxyCommand(thisProgram(), ["ssh", "--carry"]),
    unreached: (carriage, limitMs) => unreached(carriageOptions(carriage), limitMs, given.signal),
    makeToken,
    log: makeLog({
      level: options.logLevel,
      format: "text",
      write: (line) => void writeLine(Deno.stderr, line),
      wallNow: Date.now,
    }),
  });
}

/** The tele server of a login. Nobody reads its log once the login has ended. */
function runServe(): Promise<number> {
  return runRole({
    logLevel: "error",
    logFormat: "text",
    isStdio: true,
    start: (log) =>
      startServe({
        input: Deno.stdin.readable,
        connection: Deno.env.get("SSH_CONNECTION"),
        say: (line) => writeLine(Deno.stdout, line),
        log,
      }),
  });
}

/** The tele client of a login. */
function runCarry(): Promise<number> {
  const options = carriageOptions(parseCarriage(Deno.env.get("TELE_SSH")));
  return runRole({ ...options, start: (log) => startClient(options, log) });
}
