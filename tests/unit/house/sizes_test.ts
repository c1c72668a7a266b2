/** Files and classes of lib that a reader can hold: their lines, and their fields. */
import { assertEquals } from "@std/assert";
import { readText, sourcesBelow } from "../../support/source_tree.ts";
import { readSyntax, type SyntaxNode } from "../../support/syntax.ts";

/** A file of lib has no more lines than this. */
const MOST_LINES = 299;

/** A class of lib has no more fields than this. */
const MOST_FIELDS = 15;

/** Those that are taken apart when a session gets several carriers. */
const LATER = "several carriers will take it apart";

/** Files that may be longer, each with its reason. */
const LONG_FILES: Record<string, string> = {
  "lib/session/session.ts": LATER,
};

/** Classes that may have more fields, each with its reason. */
const LARGE_CLASSES: Record<string, string> = {};

/** Lines of a text. */
function linesOf(text: string): number {
  return text.trimEnd().split("\n").length;
}

/** The classes of a text: name → fields that an instance has. A method that is bound to its object is no field. */
function fieldsOf(source: string): Map<string, number> {
  const found = new Map<string, number>();
  readSyntax(source, ["ClassBody"], (node) => {
    const members = node.body as SyntaxNode[];
    const isField = (member: SyntaxNode) => {
      const isProperty = member.type === "PropertyDefinition" || member.type === "AccessorProperty";
      return isProperty && !member.static && (member.value as SyntaxNode | null)?.type !== "ArrowFunctionExpression";
    };
    found.set(node.parent?.id?.name ?? "(without a name)", members.filter(isField).length);
  });
  return found;
}

const SOURCES = sourcesBelow("lib/").map((path) => [path, readText(path)] as const);

Deno.test("the count of fields counts what an instance has", () => {
  const source = `
    class A { #a = 1; readonly b: number; c; declare d: string; e = function () {}; constructor() { this.x = 1; } }
    class B { static a = 1; readonly #onRead = () => {}; get f() { return 1; } method() {} }
    const c = class { #a = 1; };`;
  assertEquals([...fieldsOf(source)], [["A", 5], ["B", 0], ["(without a name)", 1]]);
});

/** What is beyond its limit without a reason, and the reasons that nothing needs. */
function findings(
  sizes: Iterable<[name: string, size: number]>,
  most: number,
  reasons: Record<string, string>,
): string[] {
  const large = new Map([...sizes].filter(([, size]) => size > most));
  return [
    ...[...large].filter(([name]) => !Object.hasOwn(reasons, name)).map(([name, size]) =>
      `${name}: ${size} of ${most}`
    ),
    ...Object.keys(reasons).filter((name) => !large.has(name)).map((name) => `${name} needs no exception`),
  ];
}

Deno.test("the check of sizes finds what is too large, and an exception that is over", () => {
  assertEquals(findings([["a", 15], ["b", 16], ["c", 17]], 15, { b: "why" }), ["c: 17 of 15"]);
  assertEquals(findings([["a", 15], ["b", 16]], 15, { a: "why", b: "why", gone: "why" }), [
    "a needs no exception",
    "gone needs no exception",
  ]);
});

Deno.test("no file of lib is too long to be read at once", () => {
  const lines = SOURCES.map(([path, text]): [string, number] => [path, linesOf(text)]);
  assertEquals(findings(lines, MOST_LINES, LONG_FILES), []);
});

Deno.test("no class of lib has too many fields to be kept in mind", () => {
  assertEquals(findings(SOURCES.flatMap(([, text]) => [...fieldsOf(text)]), MOST_FIELDS, LARGE_CLASSES), []);
});
