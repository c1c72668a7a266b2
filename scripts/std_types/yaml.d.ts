/** Types of `@std/yaml`: see the note in `README.md` of this folder. */

/** The one document of a YAML text. Throws a `SyntaxError` with line and column. */
export function parse(content: string): unknown;

/** The documents of a YAML text. Throws a `SyntaxError` with line and column. */
export function parseAll(content: string): unknown;
