/**
 * What a deliberate fault is.
 *
 * @module
 */

/** One replacement: `from` occurs in `file` exactly once. */
export interface Edit {
  file: string;
  from: string;
  to: string;
}

/** One fault. */
export interface Mutation {
  name: string;
  edits: Edit[];
  /** The fuzz target that is to catch it, in place of the simulator. */
  fuzz?: string;
  /** The unit test that is to catch it, in place of the simulator: its path in the tree. */
  test?: string;
}

/** A fault of one replacement in a file of `lib`, which the simulator is to catch. */
export function fault(name: string, file: string, from: string, to: string): Mutation {
  return { name, edits: [{ file: `lib/${file}`, from, to }] };
}

/** The same, which a fuzz target is to catch. */
export function fuzzed(fuzz: string, name: string, file: string, from: string, to: string): Mutation {
  return { ...fault(name, file, from, to), fuzz };
}

/**
 * The same, which the unit test of the file's name is to catch: of rules that cost speed and no byte, which the
 * simulator cannot tell from a slow network.
 */
export function tested(name: string, file: string, from: string, to: string): Mutation {
  return { ...fault(name, file, from, to), test: `tests/unit/${file.replace(/\.ts$/, "_test.ts")}` };
}
