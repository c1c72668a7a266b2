/**
 * Lines on standard output and standard error, for what is said once.
 *
 * @module
 */
import { reasonOf } from "../../net/error.ts";
import { ExitCode } from "../command_line/exit_code.ts";
import { formatLogLine, type LogFormat } from "./log_format.ts";

/** What a line can be written to. */
export interface LineTarget {
  /** Writes some of the bytes, and tells how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes a line, and its end.
 *
 * @returns What went wrong, in place of throwing: that nobody reads any more is no reason to end.
 *
 * @example
 * ```ts
 * import { writeLine } from "./standard_streams.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const written: number[] = [];
 * await writeLine({ write: (bytes) => Promise.resolve(written.push(bytes[0]!) && 1) }, "ab");
 * assertEquals(new TextDecoder().decode(new Uint8Array(written)), "ab\n");
 * ```
 */
export async function writeLine(target: LineTarget, line: string): Promise<unknown> {
  const bytes = new TextEncoder().encode(`${line}\n`);
  try {
    for (let at = 0; at < bytes.length;) at += await target.write(bytes.subarray(at));
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * Writes what was asked for. A full disk must not leave an empty token behind without a word.
 *
 * @returns The exit code.
 */
export async function print(
  text: string,
  output: LineTarget = Deno.stdout,
  errors: LineTarget = Deno.stderr,
): Promise<number> {
  const fault = await writeLine(output, text);
  if (fault === undefined || fault instanceof Deno.errors.BrokenPipe) return ExitCode.ok;
  return await failed(new Error(`cannot write to standard output: ${reasonOf(fault)}`), "text", errors);
}

/**
 * Writes why it failed, in the shape of a log line.
 *
 * @returns The exit code.
 */
export async function failed(
  error: unknown,
  format: LogFormat = "text",
  errors: LineTarget = Deno.stderr,
): Promise<number> {
  const reason = reasonOf(error);
  await writeLine(
    errors,
    format === "text" ? `tele: ${reason}` : formatLogLine(format, "error", reason, {}, Date.now()),
  );
  return ExitCode.failed;
}
