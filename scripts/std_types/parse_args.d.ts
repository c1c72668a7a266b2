/** Types of `@std/cli/parse-args`: see the note in `README.md` of this folder. */

/** Options of {@linkcode parseArgs}. The type parameters are the flags' names, found from what is passed. */
export interface ParseOptions<
  B extends string = never,
  S extends string = never,
  C extends string = never,
  D extends Record<string, unknown> = Record<never, never>,
> {
  /** Whether everything behind `--` goes to the result's `"--"` instead of its `_`. */
  "--"?: boolean;
  /** Other names of a flag. The value appears under these too, where the type does not show it. */
  alias?: Record<string, string | readonly string[]>;
  /** Flags without a value; `false` when they are not given. */
  boolean?: B | readonly B[];
  /**
   * Flags that may be given more than once: arrays, empty when not given if the flag is also in `string` or `boolean`.
   */
  collect?: C | readonly C[];
  /** Values of flags that were not given. */
  default?: D;
  /** Boolean flags that `--no-NAME` sets to `false`. */
  negatable?: NoInfer<B> | readonly NoInfer<B>[];
  /** Whether the first argument that is not a flag ends the flags. */
  stopEarly?: boolean;
  /** Flags with a value, which stays a string even if it looks like a number. */
  string?: S | readonly S[];
  /** Called with each argument that no option names; `false` keeps it out of the result. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The value of a flag that was given. */
type Value<K, B, S> = K extends S ? string : K extends B ? boolean : unknown;

/** The flags as {@linkcode parseArgs} returns them. A name that no option declares is not part of the type. */
export type Args<
  B extends string = never,
  S extends string = never,
  C extends string = never,
  D extends Record<string, unknown> = Record<never, never>,
> =
  & { [K in Exclude<B, C | keyof D>]: boolean }
  & { [K in Exclude<S, C | keyof D>]?: string }
  & { [K in Extract<C, B | S>]: Value<K, B, S>[] }
  & { [K in Exclude<C, B | S>]?: unknown[] }
  & { [K in Exclude<keyof D, C>]: K extends B | S ? Value<K, B, S> | D[K] : unknown }
  & {
    /** The arguments that belong to no flag. */
    _: (string | number)[];
    /** The arguments behind `--`, when the option of that name is set. */
    "--"?: string[];
  };

/** Splits command line arguments into flags and the rest. */
export function parseArgs<
  B extends string = never,
  S extends string = never,
  C extends string = never,
  D extends Record<string, unknown> = Record<never, never>,
>(args: string[], options?: ParseOptions<B, S, C, D>): Args<B, S, C, D>;
