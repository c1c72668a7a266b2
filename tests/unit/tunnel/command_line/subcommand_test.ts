import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { countRange, type FlagOption, type ValueOption } from "../../../../lib/tunnel/command_line/option.ts";
import {
  asksForHelp,
  readSubcommand,
  type Subcommand,
  SubcommandOptions,
} from "../../../../lib/tunnel/command_line/subcommand.ts";

const TIMES: ValueOption<number> = {
  kind: "value",
  name: "times",
  placeholder: "N",
  role: "alone",
  meaning: "how often",
  default: "1",
  example: "--times=3",
  ...countRange(1, 9),
};
const LOUD: FlagOption = { kind: "flag", name: "loud", role: "alone", meaning: "shout", example: "--loud" };
const BACK: FlagOption = { kind: "flag", name: "back", role: "alone", meaning: "call back", example: "--back" };
const CALL: Subcommand = { word: "call", meaning: "call somebody", options: [TIMES, LOUD], inner: [BACK] };

Deno.test("options stand anywhere, with one dash or two, and a value behind = or as the next word", () => {
  for (const line of ["alice --times=3 bob --loud", "-times 3 alice -loud bob", "--loud alice bob --times 3"]) {
    const { options, others } = readSubcommand(CALL, line.split(" "));
    assertEquals([options.value(TIMES), options.has(LOUD), others], [3, true, ["alice", "bob"]], line);
  }
});

Deno.test("an option that was not given has no value, and that of its default", () => {
  const { options } = readSubcommand(CALL, []);
  assertEquals([options.value(TIMES), options.valueOrDefault(TIMES), options.has(LOUD)], [undefined, 1, false]);
});

Deno.test("a value may hold = and begin with a dash", () => {
  const NAME: ValueOption<string> = { ...TIMES, name: "name", takes: "a name", parse: (text) => text };
  const named = { ...CALL, options: [NAME] };
  assertEquals(readSubcommand(named, ["--name=a=b"]).options.value(NAME), "a=b");
  assertEquals(readSubcommand(named, ["--name", "-x"]).options.value(NAME), "-x");
});

Deno.test("one at a time, so that a command may stop where its options end", () => {
  const options = new SubcommandOptions(CALL);
  const words = ["--times", "2", "--loud", "alice", "--loud"];
  assertEquals([options.take(words, 0), options.take(words, 2), options.take(words, 3)], [2, 1, 0]);
});

Deno.test("every mistake is told with the command, the option and what to write", () => {
  const mistakes: [string, string][] = [
    ["--time=3", "tele call has no option --time; the nearest is --times; see tele call --help"],
    ["--loud=yes", "--loud takes no value: write only --loud"],
    ["--loud --loud", "--loud is given more than once: give it once"],
    ["--times", "--times takes a whole number from 1 to 9, for example --times=3; here it has no value"],
    ["--times=", "here it has no value"],
    ["--times=10", "--times takes a whole number from 1 to 9, for example --times=3; 10 is more than 9"],
  ];
  for (const [line, sentence] of mistakes) {
    const read = () => readSubcommand(CALL, line.split(" ")).options.value(TIMES);
    assertEquals(assertThrows(read, TeleError, sentence, line).code, "bad-input");
  }
});

Deno.test("what tele gives itself is taken, and never proposed", () => {
  assertEquals(readSubcommand(CALL, ["--back"]).options.has(BACK), true);
  assertThrows(
    () => readSubcommand(CALL, ["--bac"]),
    TeleError,
    "tele call has no option --bac; see tele call --help",
  );
});

Deno.test("each spelling of help asks for it, anywhere", () => {
  for (const words of [["-h"], ["--help"], ["alice", "-help"]]) assertEquals(asksForHelp(words), true);
  for (const words of [[], ["help"], ["--helpless"]]) assertEquals(asksForHelp(words), false);
});
