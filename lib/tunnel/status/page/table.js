// @ts-check
/**
 * Tables that a narrow screen shows as well: there each row becomes a block, and each cell tells its column. The roles
 * are those that the elements have anyway, and that a browser forgets when they are shown as blocks.
 *
 * @module
 */
/** @import { Drawable, TreeElement } from "./tree.js" */
import { element } from "./tree.js";

/**
 * A column.
 *
 * @typedef {object} Column
 * @property {string} name What stands above it.
 * @property {boolean} [isNumber] Whether its cells are numbers, which stand under each other.
 * @property {boolean} [isWide] Whether a cell of it needs a line of its own where there is little room.
 */

/**
 * Draws a table.
 *
 * @param {string} caption
 * @param {readonly Column[]} columns The first one names the row.
 * @param {readonly (readonly Drawable[])[]} rows A cell for each column.
 * @returns {TreeElement}
 */
export function table(caption, columns, rows) {
  const kind = ({ isNumber = false, isWide = false }) => isNumber ? "number" : isWide ? "wide" : null;
  const head = (/** @type {Column} */ column) =>
    element("th", { scope: "col", role: "columnheader", class: kind(column) }, column.name);
  const cell = (/** @type {Drawable} */ child, /** @type {number} */ index) => {
    const column = columns[index] ?? { name: "" };
    const attributes = { class: kind(column), "data-column": column.name };
    if (index === 0) return element("th", { ...attributes, scope: "row", role: "rowheader" }, child);
    return element("td", { ...attributes, role: "cell" }, child);
  };
  return element(
    "table",
    { role: "table" },
    element("caption", {}, caption),
    element(
      "thead",
      { role: "rowgroup" },
      element("tr", { role: "row" }, columns.map(head)),
    ),
    element("tbody", { role: "rowgroup" }, rows.map((cells) => element("tr", { role: "row" }, cells.map(cell)))),
  );
}
