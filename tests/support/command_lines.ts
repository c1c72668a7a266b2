/**
 * Command lines, and what they are answered with.
 *
 * @module
 */
import { assert, assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../lib/net/error.ts";
import { parseCommandLine } from "../../lib/tunnel/command_line/command_line.ts";
import type { ClientOptions, ServerOptions } from "../../lib/tunnel/command_line/role_options.ts";

/** The shortest command line of a server. */
export const SERVER = ["--server", "--in=:22"];

/** The shortest command line of a client. */
export const CLIENT = ["--client", "--out=example.com:40300"];

/** A certificate and its key, as either role is given them. */
export const PAIR = ["--tls-cert=cert.pem", "--tls-key=key.pem"];

// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

/** What a server is told by `args`. */
export function serverOptions(args: string[], environment = {}): ServerOptions {
  const command = parseCommandLine(args, environment);
  assert(command.kind === "server");
  return command.options;
}

/** What a client is told by `args`. */
export function clientOptions(args: string[], environment = {}): ClientOptions {
  const command = parseCommandLine(args, environment);
  assert(command.kind === "client");
  return command.options;
}

/** Checks that `error` is for a user: a mistake on the command line, told in one line. */
export function assertIsOneLine(error: TeleError): void {
  assertEquals(error.code, "bad-input");
  assertFalse(CONTROL.test(error.message), error.message);
}

/** The sentence with which `args` are refused. */
export function refusal(args: string[], environment = {}): string {
  const error = assertThrows(() => parseCommandLine(args, environment), TeleError, undefined, args.join(" "));
  assertIsOneLine(error);
  return error.message;
}

/** Checks that each command line is refused with a sentence that has all of `parts`. */
export function areRefused(refusals: [args: string[], parts: string[]][], environment = {}): void {
  for (const [args, parts] of refusals) {
    const message = refusal(args, environment);
    for (const part of parts) assertStringIncludes(message, part, args.join(" "));
  }
}
