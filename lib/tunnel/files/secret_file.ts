/**
 * Files that hold a secret.
 *
 * @module
 */
import { badInput, reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";

/** What the bits of a mode let other users do: who can change a server's file lets himself in. */
const OTHERS_MAY = [["read", 0o044], ["change", 0o022]] as const;

/** What a file holds. */
export interface SecretFile {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Who may do what with it; `null` on Windows, and where it is no regular file. */
  readonly mode: number | null;
}

/** How a file is called, and how much of it is read. */
export interface SecretFileTerms {
  /** The option that names it. */
  readonly option: string;
  /** What it holds. */
  readonly noun: string;
  /** Most bytes that it may have. */
  readonly mostBytes: number;
}

/**
 * Reads a file, at most one byte more than it may have: it may be a pipe, or a device without an end.
 *
 * @throws {TeleError} `bad-input` if it cannot be read.
 */
export async function readSecretFile(path: string, { option, noun, mostBytes }: SecretFileTerms): Promise<SecretFile> {
  try {
    using file = await Deno.open(path);
    const info = await file.stat();
    const bytes = new Uint8Array(mostBytes + 1);
    let filled = 0;
    while (filled < bytes.length) {
      const count = await file.read(bytes.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return { bytes: bytes.subarray(0, filled), mode: info.isFile ? modeForOthers(info, thisUser()) : null };
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    const reason = isMissing ? "there is no such file; `tele --make-token` prints what to put there" : reasonOf(error);
    throw badInput(`cannot read ${noun} from ${option}=${path}: ${reason}`);
  }
}

/** Who has a file, or runs a process; `null` where the system does not tell. */
export interface Owner {
  /** The number of the user. */
  readonly uid: number | null;
  /** The number of the group. */
  readonly gid: number | null;
}

/**
 * The mode, without the bit that lets the group of this process read a file of root's: so systems, and Kubernetes, hand
 * a secret to a service that is not root, and nobody else needs to be in that group.
 */
export function modeForOthers({ mode, uid, gid }: Owner & { readonly mode: number | null }, me: Owner): number | null {
  const isHandedOver = uid === 0 && me.uid !== null && me.uid !== 0 && gid === me.gid;
  return mode !== null && isHandedOver ? mode & ~0o040 : mode;
}

/** Without permission to ask (`--allow-sys`) nobody. */
function thisUser(): Owner {
  try {
    return { uid: Deno.uid(), gid: Deno.gid() };
  } catch {
    return { uid: null, gid: null };
  }
}

/** Warns if other users may read or change the file; on Windows there is no mode to tell. */
export function warnOfOthers(path: string, mode: number | null, what: string, log: Log): void {
  const may = OTHERS_MAY.filter(([, bits]) => ((mode ?? 0) & bits) !== 0).map(([verb]) => verb);
  if (mode === null || may.length === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  log("warn", `others on this machine can ${may.join(" and ")} the ${what} ${path} (mode ${octal}): chmod 600 ${path}`);
}
