/**
 * What tele does by a word in place of a role.
 *
 * @module
 */

/** A word that stands in front of the options. */
export interface CommandWord {
  /** The word. */
  readonly word: string;
  /** What it does. */
  readonly meaning: string;
}

/** `tele doctor`. */
export const DOCTOR: CommandWord = {
  word: "doctor",
  meaning: "dial a tele server step by step, and say which step fails and what to change",
};

/** `tele ssh`. */
export const SSH: CommandWord = {
  word: "ssh",
  meaning: "log in by ssh, in one command whose login outlives the network",
};

/** `tele service`. */
export const SERVICE: CommandWord = {
  word: "service",
  meaning: "run the tunnels of a file from the start of the machine",
};

/** `tele top`. */
export const TOP: CommandWord = {
  word: "top",
  meaning: "show what a running tele does, on a terminal",
};

/** `tele drain`. */
export const DRAIN: CommandWord = {
  word: "drain",
  meaning: "let a running tele end when its connections are over, and wait",
};

/** All of them. */
export const COMMAND_WORDS: readonly CommandWord[] = [SSH, SERVICE, DOCTOR, TOP, DRAIN];
