/**
 * A command line as its words.
 *
 * Source: POSIX.1-2017, Shell Command Language, 2.2 (quoting) and 2.3 (token recognition).
 *
 * @module
 */
import { badInput, type TeleError } from "../error.ts";

/** Stands for the end of the text. */
const END = "";

/** What separates words. */
const BLANK = /[ \t\r\n]/;

/** What a shell would obey where it is not quoted, and nobody does here. */
const OPERATOR = /[|&;<>]/;

/** What a backslash takes its meaning from between double quotes; in front of all else it stands for itself. */
const ESCAPED_IN_QUOTES = /["\\$`]/;

/**
 * Splits a command into words as a shell does: blanks separate, quotes and backslashes keep together. Nothing is
 * expanded: `$`, `*` and `~` stand for themselves.
 *
 * @param hasEscapes Whether a backslash quotes the next character. In Windows it is a part of paths.
 * @throws {TeleError} `bad-input` for a quote without its end, and for what only a shell could obey.
 *
 * @example
 * ```ts
 * import { splitWords } from "./words.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(splitWords("ssh -W 'a b':22  my\\ host"), ["ssh", "-W", "a b:22", "my host"]);
 * ```
 */
export function splitWords(text: string, hasEscapes: boolean = Deno.build.os !== "windows"): string[] {
  const words: string[] = [];
  // Undefined between words: "" is one, if it is quoted.
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (BLANK.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'" || character === '"') {
      const quoted = character === "'" ? plain(text, at + 1) : escaped(text, at + 1, hasEscapes);
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (character === "\\" && hasEscapes) {
      const next = text[++at] ?? END;
      if (next === END) throw badInput("a backslash at its end quotes nothing: take it away, or write two");
      // A line that goes on below is one line.
      if (next !== "\n") word = (word ?? "") + next;
    } else {
      if (OPERATOR.test(character)) throw needsShell(character);
      word = (word ?? "") + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

interface Quoted {
  readonly text: string;
  /** The index of the closing quote. */
  readonly end: number;
}

function plain(text: string, start: number): Quoted {
  const end = text.indexOf("'", start);
  if (end === -1) throw open("'", start);
  return { text: text.slice(start, end), end };
}

function escaped(text: string, start: number, hasEscapes: boolean): Quoted {
  let inside = "";
  for (let at = start; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') return { text: inside, end: at };
    const next = text[at + 1] ?? END;
    if (character !== "\\" || !hasEscapes) inside += character;
    else if (next === "\n") at++;
    else if (ESCAPED_IN_QUOTES.test(next)) inside += text[++at];
    else inside += character;
  }
  throw open('"', start);
}

function open(quote: string, at: number): TeleError {
  return badInput(`the ${quote} at character ${at} has no end: close it, or write \\${quote} for the character itself`);
}

function needsShell(character: string): TeleError {
  return badInput(
    `${character} is for a shell, and no shell runs the command: put it into quotes if it belongs to a word, or write ` +
      "sh -c 'COMMAND'",
  );
}
