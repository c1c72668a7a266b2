/**
 * What stands in a TypeScript file, read by Deno's own parser through the interface of lint plugins: comments, strings
 * and types cannot fool it.
 *
 * @module
 */

/** A node of the syntax tree, as far as the tests of the house look at one. */
export interface SyntaxNode {
  type: string;
  name?: string;
  value?: unknown;
  computed?: boolean;
  static?: boolean;
  parent?: SyntaxNode;
  key?: SyntaxNode;
  property?: SyntaxNode;
  object?: SyntaxNode;
  callee?: SyntaxNode;
  arguments?: SyntaxNode[];
  source?: SyntaxNode | null;
  argument?: SyntaxNode;
  literal?: SyntaxNode;
  expression?: SyntaxNode;
  id?: SyntaxNode | null;
  body?: SyntaxNode | SyntaxNode[];
}

/** The kinds of node that import something. */
const IMPORTING = [
  "ImportDeclaration",
  "ExportAllDeclaration",
  "ExportNamedDeclaration",
  "ImportExpression",
  "TSImportType",
  "TSExternalModuleReference",
];

/** Stands behind each text, to show that it was read to its end. */
const LAST = "lastStatementOfThisText";

/**
 * Shows `visit` every node of the given types.
 *
 * @throws If the text was not read to its end: the tree of a plugin ends at an empty statement (a lone `;`), which
 *   `deno fmt` removes.
 */
export function readSyntax(source: string, types: readonly string[], visit: (node: SyntaxNode) => void): void {
  let isComplete = false;
  const onNode = (node: unknown) => visit(node as SyntaxNode);
  const visitors: Record<string, (node: unknown) => void> = Object.fromEntries(types.map((type) => [type, onNode]));
  visitors["Identifier"] = (node) => {
    if ((node as SyntaxNode).name === LAST) isComplete = true;
    else if (types.includes("Identifier")) onNode(node);
  };
  const rule = { create: () => visitors } as Deno.lint.Rule;
  Deno.lint.runPlugin({ name: "house", rules: { read: rule } }, "file.ts", `${source}\n${LAST};\n`);
  if (!isComplete) throw new Error("not read to its end: run `deno fmt`");
}

/** What a text imports: the specifiers, and `null` for each that is computed. */
export function importsOf(source: string): (string | null)[] {
  const found: (string | null)[] = [];
  readSyntax(source, IMPORTING, (node) => {
    const specifier = importedBy(node);
    if (specifier !== undefined) found.push(specifier);
  });
  return found;
}

/** The specifier that a node imports, `null` if it is computed, undefined if the node imports nothing. */
function importedBy(node: SyntaxNode): string | null | undefined {
  const text = (literal: SyntaxNode | undefined) => typeof literal?.value === "string" ? literal.value : null;
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ImportExpression":
      return text(node.source ?? undefined);
    case "ExportNamedDeclaration":
      return node.source ? text(node.source) : undefined;
    case "TSImportType":
      return text(node.argument?.literal ?? node.argument);
    default:
      return text(node.expression);
  }
}

/** Where a relative specifier leads from the file at `path`; undefined for all others. */
export function targetOf(path: string, specifier: string): string | undefined {
  return /^\.\.?\//.test(specifier) ? new URL(specifier, `file:///${path}`).pathname.slice(1) : undefined;
}
