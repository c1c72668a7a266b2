// @ts-check
/**
 * What the page shows, as a tree: drawn once by the server as markup, then kept up to date in the browser as nodes.
 * Text never becomes markup in between, whatever a peer called itself.
 *
 * @module
 */

/**
 * An element, or text.
 *
 * @typedef {string | TreeElement} TreeNode
 */

/**
 * An element. Its children are never two texts in a row, and no text is empty: so it is the same tree that a browser
 * makes of its markup.
 *
 * @typedef {object} TreeElement
 * @property {string} tag
 * @property {Record<string, string>} attributes
 * @property {TreeNode[]} children
 */

/**
 * What is drawn: `null` and `false` are nothing.
 *
 * @typedef {TreeNode | number | null | false} Part
 */

/**
 * What may stand where a child is expected.
 *
 * @typedef {Part | readonly Part[]} Drawable
 */

/** Characters that a terminal or a browser obeys instead of showing them: controls, and changes of direction. */
// deno-lint-ignore no-control-regex
const OBEYED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const PLAIN = /^[\x20-\x7e]*$/;

/**
 * An element.
 *
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null>} attributes One of `null` or `false` is left out; `true` is
 *   one without a value.
 * @param {...Drawable} children
 * @returns {TreeElement}
 *
 * @example
 * ```ts
 * import { element } from "./tree.js";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(element("p", { id: "a", hidden: false }, "3 ", ["streams", null]), {
 *   tag: "p",
 *   attributes: { id: "a" },
 *   children: ["3 streams"],
 * });
 * ```
 */
export function element(tag, attributes, ...children) {
  /** @type {Record<string, string>} */
  const given = {};
  for (const name in attributes) {
    const value = attributes[name] ?? null;
    if (value !== null && value !== false) given[name] = value === true ? "" : shown(String(value));
  }
  /** @type {TreeNode[]} */
  const list = [];
  for (const child of children) {
    if (child !== null && typeof child === "object" && !("tag" in child)) child.forEach((part) => add(list, part));
    else add(list, child);
  }
  return { tag, attributes: given, children: list };
}

/**
 * @param {TreeNode[]} list
 * @param {Part} part
 */
function add(list, part) {
  if (part === null || part === false || part === "") return;
  if (typeof part === "object") {
    list.push(part);
    return;
  }
  const text = shown(String(part));
  const last = list.at(-1);
  if (typeof last === "string") list[list.length - 1] = last + text;
  else list.push(text);
}

/**
 * @param {string} text
 * @returns {string} Without what would be obeyed.
 */
function shown(text) {
  // Nearly all text is plain, and a page may have a hundred thousand texts.
  return PLAIN.test(text) ? text : text.toWellFormed().replace(OBEYED, "\ufffd");
}
