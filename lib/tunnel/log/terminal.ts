/**
 * What is known about the terminal of this process, if it has one.
 *
 * @module
 */

/** The size of the terminal in characters, 80 by 24 if it does not tell. */
export function terminalSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}

/** The environment variables that tell which terminal it is. */
export interface TerminalVariables {
  /** The kind of terminal. */
  readonly TERM?: string | undefined;
  /** Set inside tmux. */
  readonly TMUX?: string | undefined;
  /** Set inside xterm. */
  readonly XTERM_VERSION?: string | undefined;
}

/**
 * Whether the terminal wraps its lines anew when its window becomes narrower, as nearly all do. The Linux console,
 * xterm and GNU Screen cut them: the rows above are log lines, and must not be erased.
 */
export function rewrapsLines({ TERM, TMUX, XTERM_VERSION }: TerminalVariables): boolean {
  return TMUX !== undefined || (XTERM_VERSION === undefined && !/^(linux|screen)/.test(TERM ?? ""));
}

/**
 * Whether this process is in the foreground of its terminal. Only Linux tells, and Deno lets only a process with all
 * permissions (`-A`) ask; others count as being in the foreground.
 */
export function isInForeground(): boolean {
  try {
    // proc(5): behind the program's name in parentheses stand state, parent, process group, session, terminal, and the
    // process group in the foreground.
    const [, stat = ""] = /\) (.*)$/s.exec(Deno.readTextFileSync("/proc/self/stat")) ?? [];
    const [, , group, , , front] = stat.split(" ");
    return group === front;
  } catch {
    return true;
  }
}

/** Whether standard output may have colours (no-color.org: an empty NO_COLOR does not count). */
export function hasColors(): boolean {
  return Deno.stdout.isTerminal() && !isDumb() && (Deno.env.get("NO_COLOR") ?? "") === "";
}

/** Whether the terminal does not know escape codes. */
export function isDumb(): boolean {
  return Deno.env.get("TERM") === "dumb";
}
