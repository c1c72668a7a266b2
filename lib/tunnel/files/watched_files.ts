/**
 * Files that are read again when they change, such as certificates that are renewed under a running server.
 *
 * @module
 */
import { type Clock, sleep, type Timer } from "../../net/clock.ts";
import { badInput, reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";

/** Interval between two looks unless told otherwise, in milliseconds. */
const LOOK_MS = 1_000;

/** Between two looks at what may be written at this moment, in milliseconds, and how many of them are enough. */
const SETTLE_MS = 200, MOST_LOOKS = 50;

/** Most bytes that one of them may hold: all certificates that a system trusts are a few hundred KiB. */
const MOST_FILE_BYTES = 8 * 1024 * 1024;

/** Marks what cannot be read again, such as a pipe: opening one would wait for somebody who writes. */
const ONCE = "once";

/** Paths of files, by the option that names each. */
export type FilesByOption = Readonly<Record<string, string | undefined>>;

/** Contents of files, by the option that names each. */
export type Texts = Readonly<Record<string, string>>;

/**
 * Reads text files.
 *
 * @param files Their paths; options without one are left out.
 * @throws {TeleError} `bad-input` that names the option whose file cannot be read, or holds more than 8 MiB.
 *
 * @example
 * ```ts
 * import { readFiles } from "./watched_files.ts";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * assertEquals(await readFiles({ "--tls-ca": undefined }), {});
 * await assertRejects(() => readFiles({ "--tls-ca": "/nowhere.pem" }), Error, "--tls-ca");
 * ```
 */
export async function readFiles(files: FilesByOption): Promise<Texts> {
  const texts: Record<string, string> = {};
  for (const [option, path] of Object.entries(files)) {
    if (path === undefined) continue;
    try {
      texts[option] = await readText(path);
    } catch (error) {
      throw badInput(`${option}=${path} cannot be read: ${explain(error)}`, { cause: error });
    }
  }
  return texts;
}

/** It may be a pipe, or a device that never ends. */
async function readText(path: string): Promise<string> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder();
  const piece = new Uint8Array(64 * 1024);
  let text = "";
  let left = MOST_FILE_BYTES;
  for (let count = await file.read(piece); count !== null; count = await file.read(piece)) {
    left -= count;
    if (left < 0) throw new Error(`it holds more than ${MOST_FILE_BYTES / 2 ** 20} MiB: is it the right file?`);
    text += decoder.decode(piece.subarray(0, count), { stream: true });
  }
  return text + decoder.decode();
}

function explain(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not read it";
  return reasonOf(error);
}

/** Options of {@linkcode watchFiles}. */
export interface WatchOptions {
  /** The files. */
  files: FilesByOption;
  /** Their {@linkcode markOf} from before they were read first: what has changed since counts. */
  since: string;
  /** Time. */
  clock: Clock;
  /** Where changes and failures are logged. */
  log: Log;
  /** Puts the new contents to use. What it throws is logged. */
  onChange: (texts: Texts) => void;
}

/** Options of {@linkcode watchContent}. */
export interface WatchContentOptions<Content> extends Omit<WatchOptions, "onChange"> {
  /** Reads the files. What it throws is logged. */
  read: () => Promise<Content>;
  /** Puts the new content to use. What it throws is logged. */
  onChange: (content: Content) => void;
  /** How the log line of a change that is in use ends. */
  used: (content: Content) => string;
  /**
   * Interval between two looks, in milliseconds.
   *
   * @default {1000}
   */
  lookMs?: number;
  /**
   * Whether a change is read only once a second look finds the same: a file may be written in pieces, of which each
   * alone would do.
   *
   * @default {false}
   */
  settles?: boolean;
}

/**
 * Whether a second reading of these files would find what the first one does: not of a pipe.
 *
 * @example
 * ```ts
 * import { canBeReadAgain } from "./watched_files.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(canBeReadAgain({ "--token-file": "/nowhere", "--tls-ca": undefined }), true);
 * ```
 */
export function canBeReadAgain(files: FilesByOption): boolean {
  return !markOf(files).includes(ONCE);
}

/**
 * Waits until two looks at files find the same, for files of which somebody says that they have changed: one may be
 * written in pieces, and half of it make sense as well. Of one that always changes it has seen enough after 10 s.
 */
export async function settle(files: FilesByOption, clock: Clock): Promise<void> {
  let last = markOf(files);
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    await sleep(clock, SETTLE_MS);
    const seen = markOf(files);
    if (seen === last) return;
    last = seen;
  }
}

/** As {@linkcode watchContent}, for text files. */
export function watchFiles(options: WatchOptions): () => void {
  const used = () => "what is there now is used from here on";
  return watchContent({ ...options, used, read: () => readFiles(options.files) });
}

/**
 * Looks at files from time to time, and passes on their content when they have changed.
 *
 * A certificate and its key are replaced one after the other and do not fit in between, so a failure is logged only if
 * the next look fails as well. Until a change works, the former content stays in use. What changes while it is read is read
 * again: half a file may make sense as well. Pipes and devices can be read only once, so they are not watched.
 *
 * @returns Stops looking.
 */
export function watchContent<Content>(options: WatchContentOptions<Content>): () => void {
  const { files, since, clock, log, lookMs = LOOK_MS, settles = false } = options;
  const names = Object.keys(files).filter((option) => files[option] !== undefined).join(" and ");
  if (names === "" || since.includes(ONCE)) return () => {};
  let used = since;
  let failed = "";
  let last = since;
  let isTold = false;
  let isStopped = false;
  let timer: Timer;
  const plan = () => timer = clock.setTimer(() => void check().finally(() => isStopped || plan()), lookMs);
  const check = async () => {
    const seen = markOf(files);
    const isSettled = !settles || seen === last;
    last = seen;
    if (seen === used || !isSettled) return;
    if (seen !== failed) isTold = false;
    try {
      if (seen.includes(ONCE)) throw badInput("there is no regular file now: put one there");
      const content = await options.read();
      if (isStopped || markOf(files) !== seen) return;
      options.onChange(content);
      used = seen;
      failed = "";
      log("info", `${names} changed: ${options.used(content)}`);
    } catch (error) {
      if (seen === failed && !isTold) {
        isTold = true;
        log("warn", `${names} changed, but the former is still used: ${reasonOf(error)}`);
      }
      failed = seen;
    }
  };
  plan();
  return () => {
    isStopped = true;
    timer.cancel();
  };
}

/**
 * A string that changes when one of the files is written or replaced. It is asked for before the files are read: a
 * change that comes meanwhile would never be seen otherwise.
 *
 * @example
 * ```ts
 * import { markOf } from "./watched_files.ts";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * const files = { "--tls-cert": path };
 * const since = markOf(files);
 * assertEquals(markOf(files), since);
 * await Deno.writeTextFile(path, "a certificate");
 * assertNotEquals(markOf(files), since);
 * await Deno.remove(path);
 * ```
 */
export function markOf(files: FilesByOption): string {
  const marks = Object.values(files).map((path) => {
    if (path === undefined) return "";
    try {
      const { mtime, ino, size, isFile } = Deno.statSync(path);
      return isFile ? `${mtime?.getTime()}/${ino}/${size}` : ONCE;
    } catch {
      // It may come back.
      return "gone";
    }
  });
  return marks.join(" ");
}
