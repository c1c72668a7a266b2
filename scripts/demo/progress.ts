/**
 * The progress bar, with the outages marked on it.
 *
 * @module
 */
import { formatSize } from "../../lib/tunnel/values/size.ts";
import { LETTERS, type OutageKind } from "./outages.ts";
import type { Palette } from "./terminal.ts";

/** Columns of the bar. */
const BAR_COLUMNS = 48;

/** One bar. */
export interface Progress {
  readonly label: string;
  readonly bytes: number;
  readonly totalBytes: number;
  /** It will not get further. */
  readonly isBroken: boolean;
  /** Where the outages were. */
  readonly marks: readonly { readonly kind: OutageKind; readonly bytes: number }[];
}

/** A line of 78 columns: label, bar, bytes, per cent. */
export function progressLine(progress: Progress, palette: Palette): string {
  const part = progress.bytes / progress.totalBytes;
  const percent = `${Math.floor(part * 100)} %`;
  return [
    `  ${progress.label.padEnd(8)}  `,
    bar(progress, palette),
    formatSize(progress.bytes).padStart(10),
    percent.padStart(7),
  ].join("");
}

function bar({ bytes, totalBytes, isBroken, marks }: Progress, palette: Palette): string {
  const filled = Math.floor(bytes / totalBytes * BAR_COLUMNS);
  const letters = new Map<number, OutageKind>();
  for (const mark of marks) letters.set(freeCell(letters, mark.bytes / totalBytes), mark.kind);
  const cells = Array.from({ length: BAR_COLUMNS }, (_, cell) => {
    const kind = letters.get(cell);
    if (kind) return palette.bold(colourOf(kind, palette)(LETTERS[kind]));
    if (isBroken && cell === filled) return palette.red("×");
    return cell < filled ? palette.green("━") : palette.dim("─");
  });
  return cells.join("");
}

/** The cell of a mark, or the next one where no other mark is. */
function freeCell(letters: ReadonlyMap<number, unknown>, part: number): number {
  const wanted = Math.min(BAR_COLUMNS - 1, Math.floor(part * BAR_COLUMNS));
  let cell = wanted;
  while (letters.has(cell) && cell < BAR_COLUMNS - 1) cell++;
  return letters.has(cell) ? wanted : cell;
}

function colourOf(kind: OutageKind, palette: Palette): (text: string) => string {
  if (kind === "reset") return palette.red;
  if (kind === "close") return palette.yellow;
  return kind === "black hole" ? palette.blue : palette.green;
}

/** What the letters mean, in lines. */
export function legend(palette: Palette): string[] {
  const meanings: Record<OutageKind, string> = {
    reset: "reset (RST)",
    close: "close (FIN)",
    "black hole": "black hole (silence, nobody is told)",
    "one path": "one path alone, silent or reset, while the other stays",
  };
  const parts = (Object.keys(meanings) as OutageKind[]).map((kind) =>
    `${palette.bold(colourOf(kind, palette)(LETTERS[kind]))} ${meanings[kind]}`
  );
  return [`  ${parts.slice(0, -1).join("   ")}`, `  ${parts.at(-1)}`];
}
