/**
 * As much of a browser's document as the status page changes.
 *
 * @module
 */
import { markup } from "../../lib/tunnel/status/page/markup.js";
import { element } from "../../lib/tunnel/status/page/tree.js";

/** Makes nodes, and counts how often one of them is changed. */
export class FakeDocument {
  /** Changes of all nodes. */
  changes = 0;

  /** A text. */
  createTextNode(text: string): FakeNode {
    return new FakeNode(this, "", null, text);
  }

  /** An element. */
  createElementNS(namespace: string | null, tag: string): FakeNode {
    return new FakeNode(this, tag, namespace, null);
  }
}

/** An element or a text. */
export class FakeNode {
  readonly #document: FakeDocument;
  readonly #attributes = new Map<string, string>();
  #parent: FakeNode | null = null;
  #value: string | null;
  /** As the DOM has it. */
  readonly localName: string;
  /** As the DOM has it. */
  readonly namespaceURI: string | null;
  /** As the DOM has it. */
  readonly childNodes: FakeNode[] = [];

  constructor(document: FakeDocument, tag: string, namespace: string | null, value: string | null) {
    this.#document = document;
    this.#value = value;
    this.localName = tag;
    this.namespaceURI = namespace;
  }

  /** As the DOM has it. */
  get nodeType(): number {
    return this.#value === null ? 1 : 3;
  }

  /** As the DOM has it. */
  get nodeValue(): string | null {
    return this.#value;
  }

  set nodeValue(value: string | null) {
    this.#document.changes++;
    this.#value = value;
  }

  /** As the DOM has it. */
  getAttributeNames(): string[] {
    return [...this.#attributes.keys()];
  }

  /** As the DOM has it. */
  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }

  /** As the DOM has it. */
  setAttribute(name: string, value: string): void {
    this.#document.changes++;
    this.#attributes.set(name, value);
  }

  /** As the DOM has it. */
  removeAttribute(name: string): void {
    this.#document.changes++;
    this.#attributes.delete(name);
  }

  /** As the DOM has it: a node that stands somewhere is moved. */
  insertBefore(node: FakeNode, before: FakeNode | null): void {
    node.#parent?.removeChild(node);
    this.#document.changes++;
    const index = before === null ? this.childNodes.length : this.childNodes.indexOf(before);
    if (index < 0) throw new Error("that is no child of this");
    this.childNodes.splice(index, 0, node);
    node.#parent = this;
  }

  /** As the DOM has it. */
  removeChild(node: FakeNode): void {
    this.#document.changes++;
    const index = this.childNodes.indexOf(node);
    if (index < 0) throw new Error("that is no child of this");
    this.childNodes.splice(index, 1);
    node.#parent = null;
  }

  /** All of it as markup. */
  markup(): string {
    return markup(this.#tree());
  }

  #tree(): ReturnType<typeof element> | string {
    if (this.#value !== null) return this.#value;
    return element(this.localName, Object.fromEntries(this.#attributes), this.childNodes.map((node) => node.#tree()));
  }
}
