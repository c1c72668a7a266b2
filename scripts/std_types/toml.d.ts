/** Types of `@std/toml`: see the note in `README.md` of this folder. */

/** The tables of a TOML text. Throws a `SyntaxError` that begins with line (from 1) and column (from 0). */
export function parse(tomlString: string): Record<string, unknown>;

/** A TOML text of an object of strings, numbers, booleans, dates, arrays and such objects. */
export function stringify(obj: Record<string, unknown>): string;
