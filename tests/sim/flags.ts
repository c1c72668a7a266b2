/**
 * What the command lines of simulator and fuzzer have in common.
 *
 * @module
 */

/** Tells what is wrong with the command line, and ends the process with code 2. */
export function fail(sentence: string): never {
  console.error(sentence);
  Deno.exit(2);
}

/** Reads the whole number of a flag; `otherwise` if it was not given. */
export function number(name: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (!/^\d+$/.test(value)) fail(`--${name} takes a whole number, for example --${name}=1000`);
  return Number(value);
}

/** The same, of what is to be run: none would pass without a test. */
export function count(name: string, value: string | undefined, otherwise: number): number {
  const many = number(name, value, otherwise);
  if (many === 0) fail(`--${name}=0 would test nothing: it takes a number from 1 on`);
  return many;
}
