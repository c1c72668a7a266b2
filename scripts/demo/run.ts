/**
 * One run: the user's programs at work while the network breaks.
 *
 * @module
 */
import { formatSize } from "../../lib/tunnel/values/size.ts";
import { type Outage, type OutageKind, type PlannedOutage, planOutages } from "./outages.ts";
import { progressLine } from "./progress.ts";
import type { Scene } from "./scene.ts";
import { formatMs } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { download, Echo, Sight, type TransferResult, upload } from "./user.ts";
import type { Expected, Outcome } from "./verdict.ts";

/** Time between two frames on the terminal, in milliseconds. */
const FRAME_MS = 100;

/** Time between two looks at how far the transfers are, in milliseconds. */
const LOOK_MS = 20;

/** The run is given up after this time without a new byte, in milliseconds. */
const STALLED_MS = 30_000;

/** What is happening, for whoever looks. */
class Run {
  readonly sight: Sight;
  readonly outages: Outage[] = [];
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
    const seconds = `${(outage.atMs / 1000).toFixed(1)} s`.padStart(9);
    const moved = `${formatSize(outage.downBytes).padStart(8)} down, ${formatSize(outage.upBytes).padStart(8)} up`;
    this.#untold = `${seconds}  ${moved}   ${this.outages.length}. ${outage.kind}`;
    // Tele may have been quicker than the news of the outage.
    if (this.#resumedAtMs > outage.atMs) this.#upAgain();
  }

  /** Tele has found a new carrier. */
  resumed(): void {
    this.#resumedAtMs = this.elapsedMs;
    this.#upAgain();
  }

  /** Where nothing is redrawn, an outage gets one line. */
  tellOutage(...news: string[]): void {
    if (this.#untold !== undefined && !this.#terminal.isLive) this.#terminal.line([this.#untold, ...news].join(", "));
    this.#untold = undefined;
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
    if (this.#downSinceMs !== undefined) {
      network = palette.red(`${this.#nameOfLast()}, ${formatMs(this.elapsedMs - this.#downSinceMs)} so far`);
    } else if (this.outages.length > 0) {
      network = `${this.#nameOfLast()}, ${this.#news}`;
    }
    return [`  echo      ${echo}`, `  network   ${network}`];
  }

  #upAgain(): void {
    if (this.#downSinceMs === undefined) return;
    this.#news = `up again after ${formatMs(this.#resumedAtMs - this.#downSinceMs)}`;
    this.#downSinceMs = undefined;
    this.tellOutage(this.#news);
  }

  #nameOfLast(): string {
    const { length } = this.outages;
    return `outage ${length} of ${this.#expected.outages}: ${this.outages.at(-1)?.kind}`;
  }
}

/** Lets the user's programs work against `origin` while the network breaks as planned. */
export async function run(scene: Scene, origin: string, expected: Expected, terminal: Terminal): Promise<Outcome> {
  const echo = new Echo(origin);
  await echo.alone();
  const state = new Run(origin, echo, expected, terminal);
  scene.onFileServer = ({ name, receivedBytes, sentSha256 }) => {
    if (name !== state.sight.name) return;
    state.sight.upBytes = receivedBytes ?? state.sight.upBytes;
    state.sight.sentSha256 ??= sentSha256;
  };
  scene.onTeleClient = ({ message }) => {
    if (message.startsWith("resumed")) state.resumed();
  };

  const over = new AbortController();
  const stalled = new AbortController();
  const drawing = setInterval(() => terminal.draw(state.frame()), FRAME_MS);
  const watching = watch(state, stalled, over.signal);
  const disturbing = disturb(scene, state, planOutages(expected.outages), over.signal);
  const [downloaded, uploaded] = await Promise.all([
    download(origin, expected.sizeBytes, state.sight, stalled.signal)
      .then((result) => state.downloaded = result),
    upload(origin, expected.sizeBytes, state.sight, stalled.signal)
      .then((result) => state.uploaded = result),
  ]);
  const tookMs = state.elapsedMs;
  over.abort();
  const [echoed] = await Promise.all([echo.finish(), disturbing, watching]);
  clearInterval(drawing);
  state.tellOutage();
  terminal.settle([...state.bars(), ending([downloaded, uploaded], tookMs)]);
  return {
    download: downloaded,
    upload: { ...uploaded, bytes: state.sight.upBytes },
    echo: echoed,
    outages: state.outages,
    tookMs,
  };
}

/** Breaks the network each time the transfers have got far enough. */
async function disturb(scene: Scene, state: Run, plan: readonly PlannedOutage[], over: AbortSignal): Promise<void> {
  for (const planned of plan) {
    while (!over.aborted && state.part < planned.after) await pause(LOOK_MS);
    const command = planned.silentMs > 0 ? `${planned.kind} ${planned.silentMs}` : planned.kind;
    if (over.aborted) return;
    let outage = state.outageNow(planned.kind);
    let hit = await scene.break(command);
    // Without a connection there was nothing to break.
    while (hit === 0 && !over.aborted) {
      await pause(LOOK_MS);
      outage = state.outageNow(planned.kind);
      hit = await scene.break(command);
    }
    if (hit > 0) state.began(outage);
  }
}

function ending(results: readonly TransferResult[], tookMs: number): string {
  const failed = results.filter(({ error }) => error !== undefined).length;
  const what = failed === 0
    ? "Both transfers are done"
    : failed === 1
    ? "One transfer failed"
    : "Both transfers failed";
  return `  ${what} after ${formatMs(tookMs)}.`;
}

/** Gives the run up when nothing moves any more: a demo that hangs would show less than one that fails. */
async function watch(state: Run, stalled: AbortController, over: AbortSignal): Promise<void> {
  let bytes = -1;
  let movedAtMs = performance.now();
  while (!over.aborted) {
    const now = state.sight.downBytes + state.sight.upBytes;
    if (now !== bytes) movedAtMs = performance.now();
    bytes = now;
    if (performance.now() - movedAtMs > STALLED_MS) {
      stalled.abort(new Error(`no byte came through for ${STALLED_MS / 1000} s`));
    }
    await pause(FRAME_MS);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
