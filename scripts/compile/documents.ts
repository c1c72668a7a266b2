/**
 * The documents that every archive has beside the program.
 *
 * @module
 */

/** Where they are in the source: the name in an archive → the path. Archives have no folders. */
export const DOCUMENTS: Readonly<Record<string, string>> = {
  "LICENSE": "LICENSE",
  "README.md": "README.md",
  "MANUAL.md": "lib/tunnel/MANUAL.md",
};

/** A link or a picture of Markdown, on one line or two. */
const LINK = /(!?)\[([^\]]*)\]\(([^)\s]+)\)/g;

/**
 * The document of `path`, as an archive has it: links lead to the documents beside it; what only the source has is
 * named, and pictures are left out.
 *
 * @example
 * ```ts
 * import { asShipped } from "./documents.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const text = "See [the manual](lib/tunnel/MANUAL.md#signals) and [the map](lib/ARCHITECTURE.md).";
 * assertEquals(
 *   asShipped("README.md", text),
 *   "See [the manual](MANUAL.md#signals) and the map (`lib/ARCHITECTURE.md` in the source).",
 * );
 * ```
 */
export function asShipped(path: string, text: string): string {
  return text.replace(LINK, (whole, picture: string, words: string, target: string) => {
    if (/^(#|[a-z]+:)/.test(target)) return whole;
    if (picture !== "") return "";
    const { pathname, hash } = new URL(target, `file:///${path}`);
    const shipped = Object.entries(DOCUMENTS).find(([, source]) => `/${source}` === pathname);
    return shipped === undefined
      ? `${words} (\`${pathname.slice(1)}\` in the source)`
      : `[${words}](${shipped[0]}${hash})`;
  });
}
