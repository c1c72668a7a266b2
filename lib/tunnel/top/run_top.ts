/**
 * `tele top`: from its arguments to an exit code.
 *
 * @module
 */
import { systemClock } from "../../net/clock.ts";
import { formatAddress } from "../../net/address.ts";
import { reasonOf } from "../../net/error.ts";
import { ExitCode } from "../command_line/exit_code.ts";
import { failed, print, writeLine } from "../log/standard_streams.ts";
import { hasColors, isDumb, terminalSize } from "../log/terminal.ts";
import { keepRunning } from "../roles/role_process.ts";
import { endSignals } from "../roles/signals.ts";
import { runInteractive } from "./interactive.ts";
import { runLines } from "./lines.ts";
import { StatusClient } from "./status_client.ts";
import { readStatusToken } from "./status_token.ts";
import { TerminalScreen } from "./terminal_screen.ts";
import { topHelpText } from "./top_help.ts";
import { parseTopCommand, type TopCommand } from "./top_options.ts";

/** Most bytes that are read of the keyboard at once. */
const KEY_BYTES = 256;

/** Runs `tele top` with the arguments behind these words. Returns the exit code. */
export async function runTop(args: readonly string[]): Promise<number> {
  let command: TopCommand;
  try {
    command = parseTopCommand(args);
  } catch (error) {
    await writeLine(Deno.stderr, `tele: ${reasonOf(error)}`);
    return ExitCode.usage;
  }
  if (command.kind === "help") return await print(topHelpText(hasColors()).trimEnd());
  const signals = endSignals(false);
  const ending = new AbortController();
  signals.first.then(() => ending.abort());
  let fault: string | undefined;
  // A fault has to be told on the terminal as it was before.
  keepRunning((_level, message) => {
    fault ??= message;
    ending.abort();
  });
  try {
    await Promise.race([show(command, ending.signal), signals.insisted]);
  } catch (error) {
    return await failed(error);
  }
  return fault === undefined ? ExitCode.ok : await failed(new Error(fault));
}

async function show(
  { address, tokenFile }: Exclude<TopCommand, { kind: "help" }>,
  signal: AbortSignal,
): Promise<void> {
  const token = tokenFile === undefined ? undefined : await readStatusToken(tokenFile);
  const client = new StatusClient(address, token, systemClock);
  const needs = { ask: (signal: AbortSignal) => client.report(signal), clock: systemClock, signal };
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal() || isDumb()) {
    return await runLines(needs, (line) => writeLine(Deno.stdout, line));
  }
  await runInteractive({
    ...needs,
    address: formatAddress(address),
    screen: new TerminalScreen({
      write: (bytes) => Deno.stdout.write(bytes),
      setRaw: (isRaw) => Deno.stdin.setRaw(isRaw),
      size: terminalSize,
      hasColors: hasColors(),
    }),
    read: readKeys,
    onResize,
  });
}

async function readKeys(): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(KEY_BYTES);
  const count = await Deno.stdin.read(bytes);
  return count === null ? null : bytes.subarray(0, count);
}

function onResize(action: () => void): () => void {
  // Windows has no such signal: there the next second's lines have the new size.
  if (Deno.build.os === "windows") return () => {};
  Deno.addSignalListener("SIGWINCH", action);
  return () => Deno.removeSignalListener("SIGWINCH", action);
}
