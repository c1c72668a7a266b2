/**
 * Tests that take their time and little of the processor's.
 *
 * @module
 */

/** A test of its own world: its processes, ports and folders are nobody else's. */
export interface Case {
  name: string;
  /** @default {false} */
  ignore?: boolean;
  fn: () => Promise<void>;
}

/** Deno's sanitizers would take what one case has open for left behind by another. */
const UNWATCHED = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

/** Defines one test whose steps are these cases, all at once. */
export function sideBySide(name: string, cases: readonly Case[]): void {
  Deno.test({
    name: `${name}, side by side`,
    ignore: cases.every(({ ignore }) => ignore),
    ...UNWATCHED,
    fn: async (t) => {
      await Promise.all(cases.map((each) => t.step({ ...each, ...UNWATCHED })));
    },
  });
}
