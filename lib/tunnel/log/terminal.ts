/**
 * What the terminal is that this process was started on, if there is one.
 *
 * @module
 */

/** Columns of the terminal behind standard error, 80 if it does not tell. */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/** The environment variables that tell what terminal there is. */
export interface TerminalVariables {
  /** Its kind. */
  readonly TERM?: string | undefined;
  /** Set inside tmux. */
  readonly TMUX?: string | undefined;
  /** Set inside xterm. */
  readonly XTERM_VERSION?: string | undefined;
}

/**
 * Whether the terminal wraps its lines anew when its window becomes narrower, as nearly all do. The Linux console, xterm
 * and GNU Screen cut them, and there nothing must be erased above.
 */
export function rewrapsLines({ TERM, TMUX, XTERM_VERSION }: TerminalVariables): boolean {
  return TMUX !== undefined || (XTERM_VERSION === undefined && !/^(linux|screen)/.test(TERM ?? ""));
}

/**
 * Whether the shell has given this process its terminal. Only Linux tells, and Deno lets only a process with all
 * permissions ask (`-A`); others count as being in front.
 */
export function isInForeground(): boolean {
  try {
    // proc(5): behind the program's name in parentheses stand state, parent, process group, session, terminal, and the
    // process group in front.
    const [, stat = ""] = /\) (.*)$/s.exec(Deno.readTextFileSync("/proc/self/stat")) ?? [];
    const [, , group, , , front] = stat.split(" ");
    return group === front;
  } catch {
    return true;
  }
}

/** Whether standard output shows colours (no-color.org: an empty NO_COLOR does not count). */
export function hasColors(): boolean {
  return Deno.stdout.isTerminal() && !isDumb() && (Deno.env.get("NO_COLOR") ?? "") === "";
}

/** Whether the terminal says that it knows no escape codes. */
export function isDumb(): boolean {
  return Deno.env.get("TERM") === "dumb";
}
