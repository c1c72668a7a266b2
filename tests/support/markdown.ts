/**
 * The links of Markdown documents.
 *
 * @module
 */

/** What stands in code is no link. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, "").replace(/^ {4}.*$/gm, "").replace(/`[^`\n]*`/g, (code) => {
    return code.replace(/[[\]()<>]/g, "");
  });
}

/** Where the links and pictures of a document lead, but for those to other sites. */
export function linksOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/\]\(([^)\s]*)\)/g)].map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a document's titles, as GitHub makes them. */
function anchorsOf(markdown: string): string[] {
  const titles = markdown.replace(/^```.*?^```$/gms, "").matchAll(/^#+ (.*)$/gm);
  return Array.from(
    titles,
    ([, title]) =>
      title!.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(
        " ",
        "-",
      ),
  );
}

/**
 * The links of the document at `path` that lead nowhere, among the paths that are there and what `read` finds at them.
 */
export function deadLinks(
  path: string,
  markdown: string,
  isThere: (path: string) => boolean,
  read: (path: string) => string,
): string[] {
  return linksOf(markdown).filter((link) => {
    const { pathname, hash } = new URL(link, `file:///${path}`);
    const target = decodeURIComponent(pathname.slice(1));
    if (!isThere(target)) return true;
    if (hash === "") return false;
    return !target.endsWith(".md") || !anchorsOf(read(target)).includes(decodeURIComponent(hash.slice(1)));
  }).map((link) => `${path}: ${link} leads nowhere`);
}
