/**
 * Whether any process is behind the file of a unix socket.
 *
 * @module
 */

/**
 * Whether a process has a socket that was bound to `path`, or connections that came by it, though the file may be gone:
 * who cleans up a folder for temporary files may have taken it. The path is to be as it was given to `bind`.
 *
 * Source: proc(5), `/proc/net/unix` (Linux).
 *
 * @returns `true` also where nobody can tell.
 *
 * @example
 * ```ts
 * import { isBound } from "./bound_socket.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const table = "Num RefCount Protocol Flags Type St Inode Path\n0: 2 0 10000 1 1 7 /run/a\n";
 * assertEquals(await isBound("/run/a", () => Promise.resolve(table)), true);
 * assertEquals(await isBound("/run/b", () => Promise.resolve(table)), false);
 * ```
 */
export async function isBound(path: string, readTable: () => Promise<string> = readSockets): Promise<boolean> {
  try {
    return (await readTable()).includes(` ${path}\n`);
  } catch {
    return true;
  }
}

function readSockets(): Promise<string> {
  return Deno.readTextFile("/proc/net/unix");
}
