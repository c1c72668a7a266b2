/**
 * The rows of the option table for what a shell and `man` show of all others.
 *
 * @module
 */

import { choice, type FlagOption, type ValueOption } from "./option.ts";

/** The shells that can complete options. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/** One of the {@linkcode SHELLS}. */
export type Shell = typeof SHELLS[number];

/** `--completion`. */
export const COMPLETION: ValueOption<Shell> = {
  kind: "value",
  name: "completion",
  placeholder: "SHELL",
  role: "alone",
  meaning: "print what makes this shell complete tele's options, and end",
  without: "none",
  example: "--completion=bash",
  ...choice(SHELLS),
};

/** `--man`. */
export const MAN: FlagOption = {
  kind: "flag",
  name: "man",
  role: "alone",
  meaning: "print the man page and end",
  example: "tele --man",
};
