// @ts-check
/**
 * A tree as markup.
 *
 * @module
 */
/** @import { TreeNode } from "./tree.js" */

const SPECIAL = /[&<>"']/;

/**
 * HTML of a tree. There is no white space between elements, so that a browser makes the same tree of it.
 *
 * @param {TreeNode} node Without elements that HTML does not close, such as `br`.
 * @returns {string}
 *
 * @example
 * ```ts
 * import { element } from "./tree.js";
 * import { markup } from "./markup.js";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(markup(element("p", { title: '"' }, "</p>")), '<p title="&#34;">&#60;/p&#62;</p>');
 * ```
 */
export function markup(node) {
  if (typeof node === "string") return escaped(node);
  let made = `<${node.tag}`;
  for (const name in node.attributes) made += ` ${name}="${escaped(node.attributes[name] ?? "")}"`;
  made += ">";
  for (const child of node.children) made += markup(child);
  return `${made}</${node.tag}>`;
}

/**
 * @param {string} text
 * @returns {string} For an attribute in quotes as for text between tags (HTML, 13.1.2.3 and 13.1.4).
 */
function escaped(text) {
  return !SPECIAL.test(text) ? text : text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
