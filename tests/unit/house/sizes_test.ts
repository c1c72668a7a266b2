/** Files and classes of lib that a reader can hold: their lines, and their fields. */
import { assertEquals } from "@std/assert";
import { readText, sourcesBelow } from "../../support/source_tree.ts";
import { readSyntax, type SyntaxNode } from "../../support/syntax.ts";

/** A file of lib has fewer lines than this. */
const MOST_LINES = 300;

/** A class of lib has no more fields than this. */
const MOST_FIELDS = 15;

/** The four that are taken apart when a session gets several carriers. */
const LATER = "several carriers will take it apart";

/** Files that may be longer, each with its reason. */
const LONG_FILES: Record<string, string> = {
  "lib/mux/mux.ts": LATER,
  "lib/mux/stream.ts": LATER,
  "lib/session/carrier/carrier.ts": LATER,
  "lib/session/carrier/flight.ts": LATER,
};

/** Classes that may have more fields, each with its reason. */
const LARGE_CLASSES: Record<string, string> = {
  Mux: LATER,
  MuxStream: LATER,
  Carrier: LATER,
  Flight: LATER,
};

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

Deno.test("no file of lib is too long to be read at once", () => {
  const long = SOURCES.filter(([path, text]) => linesOf(text) >= MOST_LINES && !Object.hasOwn(LONG_FILES, path));
  assertEquals(long.map(([path, text]) => `${path}: ${linesOf(text)} lines, fewer than ${MOST_LINES} are right`), []);
});

Deno.test("no class of lib has too many fields to be kept in mind", () => {
  const large = SOURCES.flatMap(([path, text]) =>
    [...fieldsOf(text)].filter(([name, fields]) => fields > MOST_FIELDS && !Object.hasOwn(LARGE_CLASSES, name))
      .map(([name, fields]) => `${path}: ${name} has ${fields} fields, ${MOST_FIELDS} at most are right`)
  );
  assertEquals(large, []);
});
