/**
 * The page's script: its files as one text, since the page is one document.
 *
 * The same files draw the page at both ends: in the process as markup, for who has no scripting, and in the browser as
 * nodes, where text cannot become markup. Browsers read no TypeScript, so they are JavaScript with types in comments,
 * checked like all others. Imports of text bring them into every kind of program: from source, compiled, and the package
 * for npm. Deno 2.6 wants `raw-imports` in `deno.json` for that.
 *
 * @module
 */
import chart from "./chart.js" with { type: "text" };
import details from "./details.js" with { type: "text" };
import draw from "./draw.js" with { type: "text" };
import fact from "./fact.js" with { type: "text" };
import feed from "./feed.js" with { type: "text" };
import format from "./format.js" with { type: "text" };
import live from "./live.js" with { type: "text" };
import overview from "./overview.js" with { type: "text" };
import patch from "./patch.js" with { type: "text" };
import rates from "./rates.js" with { type: "text" };
import scale from "./scale.js" with { type: "text" };
import session from "./session.js" with { type: "text" };
import sparkline from "./sparkline.js" with { type: "text" };
import table from "./table.js" with { type: "text" };
import timeline from "./timeline.js" with { type: "text" };
import tree from "./tree.js" with { type: "text" };

/** Files by their names, each behind those that it imports from. */
export const SCRIPT_FILES: Readonly<Record<string, string>> = {
  "tree.js": tree,
  "format.js": format,
  "scale.js": scale,
  "timeline.js": timeline,
  "rates.js": rates,
  "table.js": table,
  "fact.js": fact,
  "sparkline.js": sparkline,
  "chart.js": chart,
  "details.js": details,
  "session.js": session,
  "overview.js": overview,
  "draw.js": draw,
  "patch.js": patch,
  "feed.js": feed,
  "live.js": live,
};

/**
 * Modules as one: what they import from each other is there, so they neither import nor export. Comments stay out.
 *
 * @example
 * ```ts
 * import { joined } from "./script.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const modules = ["/** One. *\/\nexport const one = 1;\n", 'import { one } from "./one.js";\n\nexport const two = one + 1;\n'];
 * assertEquals(joined(modules), "const one = 1;\nconst two = one + 1;\n");
 * ```
 */
export function joined(modules: readonly string[]): string {
  return modules.map((module) =>
    module
      .replace(/^import [^;]*;\n/gm, "")
      .replace(/^export /gm, "")
      .replace(/^\s*\/\*\*(?:[^*]|\*(?!\/))*\*\/\n/gm, "")
      .replace(/^\s*\/\/ .*\n/gm, "")
      .replace(/^\n/gm, "")
  ).join("");
}

/** The script of the page. */
export const SCRIPT: string = joined(Object.values(SCRIPT_FILES));
