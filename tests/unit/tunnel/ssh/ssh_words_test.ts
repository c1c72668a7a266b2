import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { loginWords, optionWords, parseSshWords } from "../../../../lib/tunnel/ssh/ssh_words.ts";

/** Words, and what they are read as: options, host, command. */
const READ: [words: string, options: string, destination: string, command: string][] = [
  ["host", "", "host", ""],
  ["a@host ls -l", "", "a@host", "ls -l"],
  ["-p 2222 host", "-p 2222", "host", ""],
  ["-p2222 host -L80:a:80 -N", "-p 2222 -L 80:a:80 -N", "host", ""],
  ["-tvvi key host -o A=b tmux a", "-t -v -v -i key -o A=b", "host", "tmux a"],
  ["host -t -- -x", "-t", "host", "-x"],
  ["-t -- host -x", "-t", "host", "-x"],
  ["ssh://a@host:22 -J b,c -W d:1", "-J b,c -W d:1", "ssh://a@host:22", ""],
  ["host -p", "-p", "host", ""],
  ["-Z host", "-Z", "host", ""],
];

Deno.test("words of ssh are read as ssh reads them", () => {
  for (const [text, options, destination, command] of READ) {
    const read = parseSshWords(text.split(" "));
    const words = command === "" ? [] : command.split(" ");
    assertEquals([optionWords(read, true).join(" "), read.destination, read.command], [options, destination, words]);
  }
});

Deno.test("every option of ssh that takes a value keeps it", () => {
  for (const letter of "BbcDEeFIiJLlmopPRSWw") {
    const { options, destination } = parseSshWords([`-4${letter}`, "value", "host"]);
    assertEquals(options.at(-1), { letter, value: "value" });
    assertEquals(destination, "host");
  }
  for (const letter of "1246AaCfgKkMNnqsTtvXxYy") {
    const { options, destination } = parseSshWords([`-${letter}`, "host"]);
    assertEquals([options, destination], [[{ letter, value: undefined }], "host"]);
  }
});

Deno.test("of a login's options another login has who, where and how, and the jump host can be left out", () => {
  const read = parseSshWords("-tA -p 22 -i key -J jump -S path -L 1:a:1 -o X=y -F file -N host".split(" "));
  assertEquals(loginWords(read, true).join(" "), "-p 22 -i key -J jump -S path -o X=y -F file");
  assertEquals(loginWords(read, false).join(" "), "-p 22 -i key -J jump -o X=y -F file");
  assertEquals(optionWords(read, false).join(" "), "-t -A -p 22 -i key -S path -L 1:a:1 -o X=y -F file -N");
});

Deno.test("what logs in nowhere is refused with what to change", () => {
  const refusals: [words: string[], part: string][] = [
    [[], "tele ssh needs a host"],
    [["-p", "22"], "tele ssh needs a host"],
    [["host", "--remote=x"], "--remote=x stands behind the host"],
    [["-V"], "needs a host"],
    [["-G", "host"], "-G logs in nowhere"],
    [["-O", "exit", "host"], "-O logs in nowhere"],
  ];
  for (const [words, part] of refusals) {
    const error = assertThrows(() => parseSshWords(words), TeleError);
    assertStringIncludes(error.message, part);
    assertEquals(error.code, "bad-input");
  }
});
