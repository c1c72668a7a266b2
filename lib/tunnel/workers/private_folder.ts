/**
 * The folder in which the workers of a server meet.
 *
 * @module
 */
import { isBound } from "../../net/bound_socket.ts";
import { badInput, reasonOf } from "../../net/error.ts";
import { makeToken } from "../files/token_file.ts";
import { KEY_NAME, keyFileIn } from "./seat.ts";

/** A folder for this user alone, with a key that its workers share, and their sockets. */
export class PrivateFolder {
  /** Where it is. */
  readonly path: string;
  /** Made for this start, and never told to anybody else. */
  readonly #key = makeToken();

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes it, with the rights 0700, where this system keeps files that do not outlive it.
   *
   * @throws {TeleError} `bad-input` if that is not possible.
   */
  static make(): PrivateFolder {
    try {
      return new PrivateFolder(Deno.makeTempDirSync({ prefix: "tele-workers-" }));
    } catch (error) {
      throw badInput(`--workers needs a folder for its sockets: ${reasonOf(error)}; set TMPDIR to one`, {
        cause: error,
      });
    }
  }

  /**
   * Writes the key if it is not there, before a worker reads it: whoever cleans up such folders may have taken it away,
   * and the folder with it. That is made again: without it no worker could take the place of one that died.
   *
   * @throws {TeleError} `bad-input` if that is not possible, or the folder is another user's.
   */
  async writeKey(): Promise<void> {
    try {
      await Deno.mkdir(this.path, { mode: 0o700 }).catch((error) => {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      });
      await this.#checkOwner();
      await Deno.writeTextFile(keyFileIn(this.path), `${this.#key}\n`, { mode: 0o600, createNew: true });
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return;
      throw badInput(`cannot write the key of the workers in ${this.path}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** Whoever finds it gone may have put a link there, which leads to other folders of this user. */
  async #checkOwner(): Promise<void> {
    const { uid, mode } = await Deno.lstat(this.path);
    if (uid === Deno.uid() && ((mode ?? 0) & 0o077) === 0) return;
    throw new Error("others have taken the place of its folder");
  }

  /** Removes the sockets of workers that were killed. */
  async clean(): Promise<void> {
    try {
      await this.#checkOwner();
      const isSocket = ({ isFile, isDirectory, isSymlink }: Deno.DirEntry) => !isFile && !isDirectory && !isSymlink;
      for (const { name } of Array.from(Deno.readDirSync(this.path)).filter(isSocket)) {
        const path = `${this.path}/${name}`;
        if (!await isBound(path)) await Deno.remove(path);
      }
    } catch {
      // What is left there takes no room, and is nobody's.
    }
  }

  /** Removes it with all that is in it. */
  remove(): void {
    removeFolder(this.path);
  }
}

/** Removes the folder of a parent that was killed, if no worker has a socket in it any more. */
export async function removeIfLast(path: string): Promise<void> {
  try {
    for (const { name } of Deno.readDirSync(path)) {
      if (name !== KEY_NAME && await isBound(`${path}/${name}`)) return;
    }
    removeFolder(path);
  } catch {
    // Another worker was faster.
  }
}

function removeFolder(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // It is gone, or a folder for temporary files keeps it for a while: it has nothing but a key of nobody's.
  }
}
