/**
 * The mark by which `tele service` knows a file that it wrote, and that nobody has changed since.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Stands in a text where its hash is to be. */
const NO_HASH = "0".repeat(64);

const MARK = /Made by tele service, sha256 ([0-9a-f]{64})/;

/** What a text says about itself, in a comment; {@linkcode marked} puts the hash in. */
export const MARK_LINE = `Made by tele service, sha256 ${NO_HASH}`;

/**
 * The text with its hash in the place of {@linkcode MARK_LINE}'s.
 *
 * @example
 * ```ts
 * import { isMarked, MARK_LINE, marked } from "./marked_text.ts";
 * import { assert } from "@std/assert";
 *
 * const text = marked(`# ${MARK_LINE}\n[Service]\n`);
 * assert(isMarked(text) && !isMarked(text.replace("Service", "Unit")));
 * ```
 */
export function marked(text: string): string {
  return text.replace(NO_HASH, hashOf(text));
}

/** Whether {@linkcode marked} made this text, and it is as it was. */
export function isMarked(text: string): boolean {
  const hash = MARK.exec(text)?.[1];
  return hash !== undefined && hash === hashOf(text.replace(hash, NO_HASH));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
