// @ts-check
/**
 * A number with its name.
 *
 * @module
 */
/** @import { TreeElement } from "./tree.js" */
import { element } from "./tree.js";

/**
 * Draws an entry of a `dl`.
 *
 * @param {string} name
 * @param {string | TreeElement} value
 * @param {string | null} [note] What stands below it.
 * @param {TreeElement | null} [picture] What stands below that.
 * @returns {TreeElement}
 */
export function fact(name, value, note = null, picture = null) {
  const small = note === null ? null : element("small", {}, note);
  return element("div", {}, element("dt", {}, name), element("dd", {}, value, small, picture));
}
