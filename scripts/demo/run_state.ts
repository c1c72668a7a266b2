/**
 * What is happening in a run, and what is shown of it.
 *
 * @module
 */
import { formatSize } from "../../lib/tunnel/values/size.ts";
import { formatMs } from "./duration.ts";
import type { Outage, OutageKind } from "./outages.ts";
import { progressLine } from "./progress.ts";
import type { TeleLogLine } from "./scene.ts";
import type { Terminal } from "./terminal.ts";
import type { TornPath, TornPathResult } from "./torn_path.ts";
import { type Echo, Sight, type TransferResult } from "./user.ts";
import type { Expected } from "./verdict.ts";

/** What is happening, for whoever looks. */
export class Run {
  readonly sight: Sight;
  readonly outages: Outage[] = [];
  readonly tornPaths: TornPathResult[] = [];
  readonly echo: Echo;
  readonly startedAtMs = performance.now();
  readonly #expected: Expected;
  readonly #terminal: Terminal;
  /** When the outage under way began, in milliseconds of this run; `undefined` if the network is there. */
  #downSinceMs: number | undefined;
  #news = "";
  #resumedAtMs = 0;
  /** The last outage, where lines are only told once it is over. */
  #untold: string | undefined;
  /** The path that is torn while the other one stays. */
  #torn: TornPath | undefined;
  downloaded: TransferResult | undefined;
  uploaded: TransferResult | undefined;

  constructor(name: string, echo: Echo, expected: Expected, terminal: Terminal) {
    this.sight = new Sight(name);
    this.echo = echo;
    this.#expected = expected;
    this.#terminal = terminal;
  }

  get elapsedMs(): number {
    return performance.now() - this.startedAtMs;
  }

  /** How far the transfer that is ahead has got, between 0 and 1. */
  get part(): number {
    return Math.max(this.sight.downBytes, this.sight.upBytes) / this.#expected.sizeBytes;
  }

  /** What an outage that came now would find. */
  outageNow(kind: OutageKind): Outage {
    return { kind, atMs: this.elapsedMs, downBytes: this.sight.downBytes, upBytes: this.sight.upBytes };
  }

  /** The outage came. */
  began(outage: Outage): void {
    this.tellOutage();
    this.outages.push(outage);
    this.#downSinceMs = outage.atMs;
    this.#untold = timeline(outage, `${this.outages.length}. ${outage.kind}`);
    // Tele may have been quicker than the news of the outage.
    if (this.#resumedAtMs > outage.atMs) this.#upAgain();
  }

  /** One path alone is torn. */
  tear(outage: Outage, torn: TornPath): void {
    this.tellOutage();
    this.outages.push(outage);
    // What came before is over: both paths worked.
    this.#downSinceMs = undefined;
    this.#torn = torn;
    this.#line(timeline(outage, `${this.outages.length}. ${torn.told}`));
  }

  /** The torn path is back, or given up. */
  tornOver(result: TornPathResult): void {
    const { path, isBack, pauseMs } = result;
    this.#torn = undefined;
    this.tornPaths.push(result);
    const words = `${isBack ? "in use again" : "not in use yet"}, longest pause ${formatMs(pauseMs)}`;
    this.#news = `path ${path} ${words}`;
    this.#line(timeline(this.outageNow("one path"), `   ${words}`));
  }

  /** Tele has logged a line. */
  hear(line: TeleLogLine): void {
    if (line.message.startsWith("resumed")) return this.#resumed();
    const told = this.#torn?.hear(line, this.elapsedMs);
    if (told !== undefined) this.#line(timeline(this.outageNow("one path"), `   ${told}`));
  }

  /** Tele has found a new carrier. */
  #resumed(): void {
    this.#resumedAtMs = this.elapsedMs;
    this.#upAgain();
  }

  /** Where nothing is redrawn, an outage gets one line. */
  tellOutage(...news: string[]): void {
    if (this.#untold !== undefined) this.#line([this.#untold, ...news].join(", "));
    this.#untold = undefined;
  }

  /** What the live lines show anyway. */
  #line(text: string): void {
    if (!this.#terminal.isLive) this.#terminal.line(text);
  }

  /** The lines to look at while it goes on. */
  frame(): string[] {
    return [...this.bars(), ...this.#state()];
  }

  bars(): string[] {
    const { sizeBytes: totalBytes } = this.#expected;
    const { palette } = this.#terminal;
    const { downBytes, upBytes } = this.sight;
    const marks = (bytesOf: (outage: Outage) => number) =>
      this.outages.map((outage) => ({ kind: outage.kind, bytes: bytesOf(outage) }));
    return [
      progressLine({
        label: "download",
        bytes: downBytes,
        totalBytes,
        isBroken: this.downloaded?.error !== undefined,
        marks: marks((outage) => outage.downBytes),
      }, palette),
      progressLine({
        label: "upload",
        bytes: upBytes,
        totalBytes,
        isBroken: this.uploaded?.error !== undefined,
        marks: marks((outage) => outage.upBytes),
      }, palette),
    ];
  }

  #state(): string[] {
    const { palette } = this.#terminal;
    const { waitingMs, lastMs, longestMs } = this.echo;
    const now = waitingMs > 1_000 ? `waiting for ${formatMs(waitingMs)}` : `answers in ${formatMs(lastMs)}`;
    const echo = `${now.padEnd(24)}longest pause ${formatMs(longestMs)}`;
    let network = "up";
    if (this.#torn !== undefined) {
      network = palette.yellow(`${this.#numberOfLast()}: ${this.#torn.told}`);
    } else if (this.#downSinceMs !== undefined) {
      network = palette.red(
        `${this.#numberOfLast()}: ${this.#kindOfLast()}, ${formatMs(this.elapsedMs - this.#downSinceMs)} so far`,
      );
    } else if (this.outages.length > 0) {
      network = `${this.#numberOfLast()}: ${this.#news}`;
    }
    return [`  echo      ${echo}`, `  network   ${network}`];
  }

  #upAgain(): void {
    if (this.#downSinceMs === undefined) return;
    const news = `up again after ${formatMs(this.#resumedAtMs - this.#downSinceMs)}`;
    this.#news = `${this.#kindOfLast()}, ${news}`;
    this.#downSinceMs = undefined;
    this.tellOutage(news);
  }

  #numberOfLast(): string {
    return `outage ${this.outages.length} of ${this.#expected.outages}`;
  }

  #kindOfLast(): string {
    return `${this.outages.at(-1)?.kind}`;
  }
}

/** A line of what happens when. */
function timeline({ atMs, downBytes, upBytes }: Outage, what: string): string {
  const seconds = `${(atMs / 1000).toFixed(1)} s`.padStart(9);
  return `${seconds}  ${formatSize(downBytes).padStart(8)} down, ${formatSize(upBytes).padStart(8)} up   ${what}`;
}
