/**
 * Rows and columns for a terminal.
 *
 * @module
 */
import { textWidth } from "./text_width.ts";
import { padded, type Part, type Style, type StyledLine } from "./styled_line.ts";

/** Blanks between two columns. */
const GAP = "  ";

/** A column of things of one kind. */
export interface Column<Row> {
  /** What stands above it. */
  readonly title: string;
  /** What it says of a row. */
  readonly cell: (row: Row) => string;
  /** How that looks. @default {"plain"} */
  readonly style?: (row: Row) => Style;
  /** Whether it is a figure, whose right end counts. */
  readonly isFigure?: true;
  /** Which columns go first where there is no room: those of the highest rank. One of rank 0 stays. */
  readonly rank: number;
}

/**
 * The lines of a table: the titles, and one for each row. Columns are left out, by rank, until the rest fits.
 *
 * @example
 * ```ts
 * import { table } from "./table.ts";
 * import { textOf } from "./styled_line.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const columns = [
 *   { title: "NAME", cell: (row: string[]) => row[0]!, rank: 0 },
 *   { title: "BYTES", cell: (row: string[]) => row[1]!, isFigure: true as const, rank: 1 },
 * ];
 * const rows = [["alice", "7"], ["bob", "12"]];
 * assertEquals(table(columns, rows, 40).map(textOf), ["NAME   BYTES", "alice      7", "bob       12"]);
 * assertEquals(table(columns, rows, 10).map(textOf), ["NAME ", "alice", "bob  "]);
 * ```
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): StyledLine[] {
  const texts = columns.map((column) => ({ column, cells: rows.map(column.cell) }));
  const measured = texts.map(({ column, cells }) => ({
    column,
    cells,
    columns: Math.max(...[column.title, ...cells].map(textWidth)),
  }));
  const shown = fitting(measured, width);
  const titles = shown.map(({ column, columns }): Part => ({
    text: padded(column.title, columns, column.isFigure),
    style: "title",
  }));
  return [
    joined(titles),
    ...rows.map((row, at) =>
      joined(shown.map(({ column, cells, columns }) => ({
        text: padded(cells[at]!, columns, column.isFigure),
        style: column.style?.(row) ?? "plain",
      })))
    ),
  ];
}

/** A column, and how wide it is. */
interface Measured<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly columns: number;
}

function fitting<Row>(all: readonly Measured<Row>[], width: number): readonly Measured<Row>[] {
  const needed = all.reduce((sum, { columns }) => sum + columns + GAP.length, -GAP.length);
  const worst = Math.max(...all.map(({ column }) => column.rank));
  if (needed <= width || worst === 0) return all;
  const last = all.findLastIndex(({ column }) => column.rank === worst);
  return fitting(all.toSpliced(last, 1), width);
}

function joined(parts: readonly Part[]): StyledLine {
  return parts.flatMap((part, at): Part[] => at === 0 ? [part] : [{ text: GAP, style: "plain" }, part]);
}
