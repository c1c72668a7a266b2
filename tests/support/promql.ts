/**
 * What a query of Prometheus asks for: its metrics and labels, as far as words can tell. Whether it is well formed is
 * for promtool to say.
 *
 * @module
 */

/** Words between metrics that are none. */
const KEYWORDS = [
  "and",
  "or",
  "unless",
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
  "bool",
  "offset",
];

/** Clauses whose parentheses have labels. */
const CLAUSES = /\b(?:by|without|on|ignoring|group_left|group_right) *\(([^()]*)\)/g;

/** Matchers of labels between braces; their values may hold anything. */
const MATCHERS = /\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}/g;

/**
 * The metrics that a query reads, each once.
 *
 * @example
 * ```ts
 * import { metricsIn } from "./promql.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(metricsIn('sum by (le) (rate(a_bucket{job="b"}[5m])) / on (c) c_d > 1e3'), ["a_bucket", "c_d"]);
 * ```
 */
export function metricsIn(query: string): string[] {
  const bare = query.replace(MATCHERS, "").replace(CLAUSES, "").replace(/\[[^\]]*\]|"(?:[^"\\]|\\.)*"/g, "");
  const words = [...bare.matchAll(/(?<![\w.:])[a-zA-Z_:][\w:]*(?!\w| *\()/g)].map(([word]) => word);
  return [...new Set(words.filter((word) => !KEYWORDS.includes(word)))];
}

/** The labels that a query names, each once. */
export function labelsIn(query: string): string[] {
  const matched = [...query.matchAll(MATCHERS)].flatMap(([, matchers]) =>
    [...matchers!.matchAll(/(\w+) *(?:=~|!~|!=|=) *"(?:[^"\\]|\\.)*"/g)].map(([, label]) => label!)
  );
  const listed = [...query.replace(MATCHERS, "").matchAll(CLAUSES)].flatMap(([, labels]) =>
    labels!.match(/\w+/g) ?? []
  );
  return [...new Set([...matched, ...listed])];
}
