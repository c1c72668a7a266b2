/**
 * What the command lines of the tools have in common.
 *
 * @module
 */
import { theNearest } from "../lib/tunnel/command_line/nearest_name.ts";
import { parseDuration } from "../lib/tunnel/values/duration.ts";
import { UsageError } from "./usage_error.ts";

/** A tool with a command line: how it is read, and what it does. */
export interface Tool<Options> {
  /** Stands in front of its error lines. */
  readonly name: string;
  /** What `--help` prints. */
  readonly help: string;
  /**
   * Reads the command line.
   *
   * @returns `undefined` if it asks for the help.
   * @throws {UsageError} with a line that names the flag and what it takes.
   */
  parse(args: readonly string[]): Options | undefined;
  /** Does the work. Returns the exit code. */
  run(options: Options): Promise<number>;
}

/** Runs a tool. Returns the exit code: 2 for a wrong command line, 1 if the tool threw. */
export async function runTool<Options>(tool: Tool<Options>, args: readonly string[]): Promise<number> {
  try {
    const options = tool.parse(args);
    if (options !== undefined) return await tool.run(options);
    console.log(tool.help.trimEnd());
    return 0;
  } catch (error) {
    console.error(`${tool.name}: ${error instanceof Error ? error.message : error}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** For `unknown` of `parseArgs`: refuses with the nearest of the tool's flags. */
export function refuseUnless(names: readonly string[]): (arg: string) => never {
  return (arg) => {
    throw new UsageError(`unknown argument ${JSON.stringify(arg)}${theNearest(arg, [...names], "--")}; see --help`);
  };
}

/** The one value of a flag that `parseArgs` collects; `undefined` if it was not given. */
export function single(name: string, values: readonly string[]): string | undefined {
  if (values.length > 1) throw new UsageError(`--${name} is given more than once: give it once`);
  if (values[0] === "") throw new UsageError(`--${name} is empty: give it a value, or leave it out`);
  return values[0];
}

/** Reads a whole number from `least` to `most`. */
export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  const example = Math.min(Math.max(least, 3), most);
  throw new UsageError(
    `--${name} takes a whole number from ${least} to ${most}, for example --${name}=${example}; ${
      JSON.stringify(text)
    } is not`,
  );
}

/** Reads a duration, in milliseconds. */
export function duration(name: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new UsageError(`--${name} takes a duration, for example --${name}=10s; ${(error as Error).message}`);
  }
}
