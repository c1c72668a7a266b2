/**
 * As whom a service of the system can run, so that it may use its files and nothing else.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";
import type { Account } from "./service.ts";

/** What the system says of a file or a folder. */
export interface PathFacts {
  /** Its owner. */
  readonly uid: number;
  /** Its bits, as in chmod(1). */
  readonly mode: number;
}

/** What a service does with a path, and the bit that lets every user do it. */
const USES = { read: 0o4, write: 0o2, pass: 0o1 } as const;

/** A path, and what is done with it. */
export interface PathUse {
  /** The whole path. */
  readonly path: string;
  /** What is done with it. */
  readonly use: "read" | "write" | "pass";
}

/**
 * A user of its own, if everybody may use the paths; else the one user to whom those belong that are closed.
 *
 * @param uses The paths.
 * @param factsOf Tells of a path, and of the folders in front of it; throws for one that is not there.
 * @throws {TeleError} `bad-input` if closed paths belong to several users: none of them may use all.
 *
 * @example
 * ```ts
 * import { accountOf } from "./account.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const factsOf = (path: string) => ({ uid: 0, mode: path === "/etc/token" ? 0o600 : 0o755 });
 * assertEquals(accountOf([{ path: "/etc/tele.toml", use: "read" }], factsOf), { kind: "dynamic" });
 * assertEquals(accountOf([{ path: "/etc/token", use: "read" }], factsOf), { kind: "user", uid: 0 });
 * ```
 */
export function accountOf(uses: readonly PathUse[], factsOf: (path: string) => PathFacts): Account {
  const closed = new Map<number, string>();
  for (const { path, use } of uses.flatMap(withFolders)) {
    const { uid, mode } = factsOf(path);
    if ((mode & USES[use]) === 0 && !closed.has(uid)) closed.set(uid, path);
  }
  const [first, second] = closed;
  if (first === undefined) return { kind: "dynamic" };
  if (second === undefined) return { kind: "user", uid: first[0] };
  throw badInput(
    `no user may use both ${first[1]} (of user ${first[0]}) and ${second[1]} (of user ${
      second[0]
    }): give both to one of ` +
      "them by chown",
  );
}

function withFolders(last: PathUse): PathUse[] {
  const parts = last.path.split("/").slice(1, -1);
  const folders = parts.map((_, at): PathUse => ({ path: `/${parts.slice(0, at + 1).join("/")}`, use: "pass" }));
  return [...folders, last];
}
