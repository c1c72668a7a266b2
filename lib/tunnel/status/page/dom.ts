/**
 * What the page uses of a browser. The types of Deno have none of it, and with all of the browser's in the program
 * `window` would be a name that any file may use.
 *
 * @module
 */

/** A node of the document: an element, or text. */
export interface DomNode {
  /** 1 for an element. */
  readonly nodeType: number;
  /** The text; `null` for an element. */
  nodeValue: string | null;
  /** An element's tag. */
  readonly localName: string;
  /** An element's kind: of HTML or of SVG. */
  readonly namespaceURI: string | null;
  /** What is in it, as it changes. */
  readonly childNodes: ArrayLike<DomNode>;
  /** Names of an element's attributes. */
  getAttributeNames(): string[];
  /** Value of an attribute. */
  getAttribute(name: string): string | null;
  /** Gives an attribute a value. */
  setAttribute(name: string, value: string): void;
  /** Takes an attribute away. */
  removeAttribute(name: string): void;
  /** Puts or moves a node in front of a child, or, with `null`, behind all. */
  insertBefore(node: DomNode, before: DomNode | null): unknown;
  /** Takes a child out. */
  removeChild(node: DomNode): unknown;
}

/** Makes nodes. */
export interface DomDocument {
  /** A text. */
  createTextNode(text: string): DomNode;
  /** An element of HTML or of SVG. */
  createElementNS(namespace: string | null, tag: string): DomNode;
}

/** A connection that brings events, and is made again by itself when it broke. */
export interface Events {
  /** 2 when it is not made again. */
  readonly readyState: number;
  /** Calls `listener` for each event of a name. */
  addEventListener(type: string, listener: (event: { data: string }) => void): void;
}

/** The browser. */
export interface Browser {
  /** The page. */
  readonly document: DomDocument & {
    /** What its tab is called. */
    title: string;
    /** The element of that id, which must be there. */
    getElementById(id: string): DomNode & { textContent: string };
  };
  /** Connects. */
  readonly EventSource: new (url: string) => Events;
  /** Where the page is from. */
  readonly location: { reload(): void };
}
