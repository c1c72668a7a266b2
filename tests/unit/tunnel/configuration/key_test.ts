import { assert, assertEquals, assertThrows } from "@std/assert";
import { parse } from "@std/toml";
import { TeleError } from "../../../../lib/net/error.ts";
import { OPTIONS } from "../../../../lib/tunnel/command_line/option_table.ts";
import * as session from "../../../../lib/tunnel/command_line/session_options.ts";
import * as tls from "../../../../lib/tunnel/command_line/tls_options.ts";
import {
  defaultKeys,
  formOf,
  keysOf,
  PROCESS_KEYS,
  takesSeveral,
  textOf,
  tomlExample,
} from "../../../../lib/tunnel/configuration/key.ts";

Deno.test("each option of a role is a key of its tunnels or of the process, but what only a command line can mean", () => {
  const keys = new Set([...keysOf("server"), ...keysOf("client"), ...PROCESS_KEYS]);
  const others = OPTIONS.filter(({ role }) => ["server", "client", "both"].includes(role))
    .filter((option) => !keys.has(option)).map(({ name }) => name);
  assertEquals(others, ["server", "client", "stdio", "workers", "help", "version"]);
  assert(OPTIONS.filter(({ role }) => role === "alone" || role === "doctor").every((option) => !keys.has(option)));
});

Deno.test("defaults are options that mean the same to each tunnel", () => {
  const names = defaultKeys().map(({ name }) => name);
  for (const name of ["max", "token-file", "carriers", "max-sessions", "tls-ca"]) assert(names.includes(name), name);
  for (const name of ["in", "out", "tls-cert", "tls-key", "log-level"]) assert(!names.includes(name), name);
  assertEquals(names.length, new Set(names).size);
});

Deno.test("the example of each option is TOML that its row takes", () => {
  for (const option of new Set([...keysOf("server"), ...keysOf("client"), ...PROCESS_KEYS])) {
    const value = parse(tomlExample(option))[option.name];
    if (option.kind === "flag") assertEquals(value, true);
    else assertEquals(textOf(option, value), option.example.replace(/^--[^=]*=/, ""));
  }
});

Deno.test("counts are numbers, flags are true or false, all else stands in quotes", () => {
  assertEquals([formOf(session.MAX), formOf(tls.TLS), formOf(session.REPLAY_BUFFER)], ["integer", "boolean", "string"]);
  assertEquals([takesSeveral(session.CLIENT_OUT), takesSeveral(session.MAX), takesSeveral(tls.TLS)], [
    true,
    false,
    false,
  ]);
});

Deno.test("a value that is not taken gets a sentence with an example as the file has it", () => {
  const cases: [option: Parameters<typeof textOf>[0], value: unknown, says: string][] = [
    [session.MAX, "500", "for example max = 500; a number without quotes belongs here"],
    [session.MAX, 1.5, "a number without quotes"],
    [session.MAX, 2 ** 60, "a number without quotes"],
    [session.MAX, 0, "max takes a whole number from 1 to 1000000, for example max = 500; 0 is less than 1"],
    [session.PING_INTERVAL, 30, 'for example ping-interval = "10s"; a string in quotes belongs here'],
    [session.SERVER_IN, [":22"], 'for example in = ":22"; a string in quotes belongs here'],
    [session.SERVER_IN, "", "here it is empty"],
    [session.SERVER_IN, undefined, "a string in quotes belongs here"],
    [session.LOG_LEVEL, "loud", '"loud" is none of these'],
  ];
  for (const [option, value, says] of cases) assertThrows(() => textOf(option, value), TeleError, says);
  assertEquals(textOf(session.MAX, 500), "500");
});
