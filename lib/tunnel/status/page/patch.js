// @ts-check
/**
 * Makes what the browser shows equal to a tree, and touches only what differs: focus, selection, what somebody opened
 * and how far he scrolled stay as they are.
 *
 * @module
 */
/** @import { DomDocument, DomNode } from "./dom.ts" */
/** @import { TreeElement, TreeNode } from "./tree.js" */

const ELEMENT = 1;
const SVG = "http://www.w3.org/2000/svg";

/** Children with this attribute are the same wherever they stand among the others. */
const KEY = "data-key";

/**
 * Makes an element equal to a tree.
 *
 * @param {DomDocument} document
 * @param {DomNode} node An element of the tree's tag.
 * @param {TreeElement} tree
 */
export function patch(document, node, { attributes, children }) {
  for (const name of node.getAttributeNames()) {
    // Whether it is open is the reader's choice from the first moment on.
    if (!(name in attributes) && name !== "open") node.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (name !== "open" && node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  patchChildren(document, node, children);
}

/**
 * @param {DomDocument} document
 * @param {DomNode} parent
 * @param {readonly TreeNode[]} children
 */
function patchChildren(document, parent, children) {
  const keys = new Set(children.map(keyOfTree));
  /** @type {Map<string, DomNode>} */
  const kept = new Map();
  for (const node of Array.from(parent.childNodes)) {
    const key = keyOfNode(node);
    if (key === null) continue;
    if (keys.has(key)) kept.set(key, node);
    else parent.removeChild(node);
  }
  children.forEach((child, index) => {
    const present = parent.childNodes[index] ?? null;
    const key = keyOfTree(child);
    const found = key === null ? present : kept.get(key) ?? null;
    if (found === null || !isAlike(found, child)) {
      parent.insertBefore(create(document, child, parent.namespaceURI), present);
      if (present !== null && key === null && keyOfNode(present) === null) parent.removeChild(present);
      return;
    }
    if (found !== present) parent.insertBefore(found, present);
    if (typeof child !== "string") patch(document, found, child);
    else if (found.nodeValue !== child) found.nodeValue = child;
  });
  for (const node of Array.from(parent.childNodes).slice(children.length)) parent.removeChild(node);
}

/**
 * @param {DomNode} node
 * @param {TreeNode} tree
 * @returns {boolean} Whether one can become the other.
 */
function isAlike(node, tree) {
  if (typeof tree === "string") return node.nodeType !== ELEMENT;
  return node.nodeType === ELEMENT && node.localName === tree.tag && keyOfNode(node) === keyOfTree(tree);
}

/**
 * @param {DomDocument} document
 * @param {TreeNode} tree
 * @param {string | null} outer Namespace of what it will stand in.
 * @returns {DomNode}
 */
function create(document, tree, outer) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const namespace = tree.tag === "svg" ? SVG : outer;
  const node = document.createElementNS(namespace, tree.tag);
  for (const [name, value] of Object.entries(tree.attributes)) node.setAttribute(name, value);
  for (const child of tree.children) node.insertBefore(create(document, child, namespace), null);
  return node;
}

/** @param {DomNode} node */
function keyOfNode(node) {
  return node.nodeType === ELEMENT ? node.getAttribute(KEY) : null;
}

/** @param {TreeNode} tree */
function keyOfTree(tree) {
  return typeof tree === "string" ? null : tree.attributes[KEY] ?? null;
}
