/**
 * Whether a command line is that of a running tele.
 *
 * @module
 */
import { basename } from "node:path";

/** What a running tele is. */
export type RunningRole = "server" | "client" | "config";

/** The option that makes a process one of the roles. */
const ROLE = /^--?(server|client|config)(?:=.*)?$/s;

/**
 * What a command line starts, or `undefined` if that is no tele that goes on. The words in front of the role may be of a
 * program that starts it, as the init of a container does.
 *
 * @param own The name of this program's file, which may be another than `tele`: from source it is a module.
 *
 * @example
 * ```ts
 * import { roleOf } from "./tele_words.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(roleOf(["/opt/tele/tele", "--server", "--in=:22"], "tele"), "server");
 * assertEquals(roleOf(["java", "-jar", "shop.jar", "--server"], "tele"), undefined);
 * ```
 */
export function roleOf(words: readonly string[], own: string): RunningRole | undefined {
  const at = words.findIndex((word) => ROLE.test(word));
  const names = words.slice(0, Math.max(0, at)).map((word) => basename(word));
  if (!names.some((name) => name === own || /^tele([-_.\d].*)?$/.test(name))) return undefined;
  return ROLE.exec(words[at]!)?.[1] as RunningRole;
}
