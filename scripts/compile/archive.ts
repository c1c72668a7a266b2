/**
 * The archives that users download.
 *
 * By two pinned packages without dependencies of their own, not by the system's tools: `tar` on Windows cannot mark a
 * file as executable, GNU `tar` cannot make a `.zip`, and `zip` is missing on many machines. So every machine makes the
 * same archives from the same files.
 *
 * @module
 */
import { zipSync } from "fflate";
import { packTar } from "modern-tar";
import type { Target } from "./targets.ts";

/** One file of an archive. */
export interface ArchiveFile {
  /** Its name; archives have no folders. */
  readonly name: string;
  /** What is in it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it is a program. */
  readonly isProgram: boolean;
}

/** All files get one time, or archives of the same files would differ. */
const TAR_TIME = new Date(Date.UTC(1980, 0, 1));

/** The earliest that a `.zip` can tell; it tells local time, whatever the zone is. */
const ZIP_TIME = new Date(1980, 0, 1);

/** Unix in the upper byte of a `.zip`'s "version made by": the attributes below are then its modes. */
const ZIP_UNIX = 3;

/** The bytes of an archive of `files`, of the kind that users of a target can unpack. */
export async function archive(kind: Target["archive"], files: readonly ArchiveFile[]): Promise<Uint8Array> {
  return kind === ".zip" ? zip(files) : await tarGz(files);
}

async function tarGz(files: readonly ArchiveFile[]): Promise<Uint8Array> {
  const entries = files.map(({ name, bytes, isProgram }) => ({
    header: { name, size: bytes.length, mode: modeOf(isProgram), mtime: TAR_TIME, uid: 0, gid: 0 },
    body: bytes,
  }));
  const tar = new Blob([await packTar(entries) as Uint8Array<ArrayBuffer>]);
  return new Uint8Array(await new Response(tar.stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
}

function zip(files: readonly ArchiveFile[]): Uint8Array {
  const entries = files.map(({ name, bytes, isProgram }) => {
    const attributes = { mtime: ZIP_TIME, os: ZIP_UNIX, attrs: modeOf(isProgram) * 2 ** 16 };
    return [name, [bytes, attributes]] as const;
  });
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0]);
}

function modeOf(isProgram: boolean): number {
  return isProgram ? 0o755 : 0o644;
}
