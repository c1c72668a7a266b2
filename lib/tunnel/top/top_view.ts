/**
 * The screen of `tele top`: what it shows, and which session somebody has chosen.
 *
 * @module
 */
import type { Key } from "./keys.ts";
import { processLines } from "./process_lines.ts";
import { keyOf, Rates } from "./rates.ts";
import type { Report } from "./report.ts";
import { sessionDetail } from "./session_detail.ts";
import { placeOf, sessionTable } from "./session_table.ts";
import { line, type StyledLine } from "./styled_line.ts";

/** The size of a terminal, in characters. */
export interface ScreenSize {
  /** Its width. */
  readonly columns: number;
  /** Its height. */
  readonly rows: number;
}

/** Fewest lines of the list of sessions, with its titles. */
const LEAST_LIST = 3;

/** Sessions that a page of them is further. */
const PAGE = 10;

/** Draws reports: state of a screen, and no terminal. */
export class TopView {
  readonly #address: string;
  #report: Report;
  #before: Report | undefined;
  #chosen: string | undefined;
  #lost: string | undefined;

  /**
   * Shows a first report, in which nobody has chosen a session.
   *
   * @param address Where the process tells about itself, as its user wrote it.
   */
  constructor(address: string, report: Report) {
    this.#address = address;
    this.#report = report;
  }

  /** The process has told this. */
  take(report: Report): void {
    this.#before = this.#report;
    this.#report = report;
    this.#lost = undefined;
  }

  /** The process has not answered: what is shown is old. */
  lost(reason: string): void {
    this.#lost = reason;
  }

  /** A key that moves to another session. */
  press(key: Exclude<Key, "end">): void {
    const { sessions } = this.#report;
    const at = placeOf(this.#report, this.#chosen);
    const places: Record<Exclude<Key, "end">, number> = {
      "up": at - 1,
      "down": at + 1,
      "page-up": at - PAGE,
      "page-down": at + PAGE,
      "first": 0,
      "last": sessions.length - 1,
    };
    const session = sessions[Math.max(0, Math.min(places[key], sessions.length - 1))];
    this.#chosen = session && keyOf(session);
  }

  /** Its lines, as many as the terminal has at most. */
  lines({ columns, rows }: ScreenSize): StyledLine[] {
    const report = this.#report;
    const rates = new Rates(report, this.#before);
    const chosen = placeOf(report, this.#chosen);
    const session = report.sessions[chosen];
    const head = [...processLines(report, rates, this.#address, this.#lost), line("")];
    const room = rows - head.length - 1;
    const listRows = Math.min(Math.max(report.sessions.length, 1) + 1, Math.max(LEAST_LIST, room >> 1));
    const list = sessionTable(report, rates, chosen, { rows: Math.min(listRows, room), columns });
    const detail = session === undefined ? [] : [line(""), ...sessionDetail({ report, rates, session, columns })];
    const body = [...list, ...detail].slice(0, Math.max(0, room));
    body.push(...this.#logLines(room - body.length));
    while (body.length < room) body.push(line(""));
    // The process before the keys, should there be no room for both.
    return [...head, ...body, this.#footLine(chosen)].slice(0, rows);
  }

  /** The end of the log, where there is room for two lines of it. */
  #logLines(room: number): StyledLine[] {
    const { log } = this.#report;
    const lines = Math.min(log.length, room - 2);
    if (lines < Math.min(2, log.length) || lines <= 0) return [];
    return [
      line(""),
      line("LOG", "title"),
      ...log.slice(-lines).map(({ timeMs, level, message }): StyledLine => [
        ...line(`${new Date(timeMs).toISOString().slice(11, 19)} `, "dim"),
        ...line(level.padEnd(5), level === "warn" || level === "error" ? "bad" : "plain"),
        ...line(` ${message}`),
      ]),
    ];
  }

  #footLine(chosen: number): StyledLine {
    const { sessions, sessionsOmitted } = this.#report;
    const more = sessionsOmitted > 0 ? `, ${sessionsOmitted} more not told` : "";
    const place = sessions.length > 1 ? ` | session ${chosen + 1} of ${sessions.length}${more}` : "";
    return line(`q ends${sessions.length > 1 ? " | arrows choose a session" : ""}${place}`, "dim");
  }
}
