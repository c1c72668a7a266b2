/**
 * Folders that are gone behind a test.
 *
 * @module
 */

/** A folder of its own for `body`, removed behind it. */
export async function inFolder<Result>(body: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await Deno.makeTempDir({ prefix: "tele-test-" });
  try {
    return await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
