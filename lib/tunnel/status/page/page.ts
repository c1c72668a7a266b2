/**
 * The page that a person sees at the status address.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { StatusReport } from "../report.ts";
import { draw } from "./draw.js";
import { markup } from "./markup.js";
import { nameOf, stateOf } from "./overview.js";
import narrow from "./narrow.css" with { type: "text" };
import page from "./page.css" with { type: "text" };
import { SCRIPT } from "./script.ts";
import session from "./session.css" with { type: "text" };
import { element } from "./tree.js";

/** The page, and the header without which it must not be answered. */
export interface StatusPage {
  /** One HTML document, which asks for nothing but `api/events`. */
  html: string;
  /** Value of the header `Content-Security-Policy`. */
  contentSecurityPolicy: string;
}

/** What is narrow comes last: it overrules. */
const STYLE = page + session + narrow;

/**
 * Only the page's own script and style count, whatever text gets into it, and it talks to nobody but its process
 * (Content Security Policy Level 3; Trusted Types: the script makes no markup of text either).
 */
const POLICY = [
  "default-src 'none'",
  `script-src '${hash(SCRIPT)}'`,
  `style-src '${hash(STYLE)}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** The mark of tele, or a browser would ask for `/favicon.ico`. */
const ICON = "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#1f6f5c"/>' +
      '<path d="M2 8h4M10 8h4M6 5v6M10 5v6" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>',
  );

/**
 * Draws the page. It can be read as it is; where scripts run it keeps itself up to date, else the browser loads it anew.
 *
 * @example
 * ```ts
 * import { drawPage } from "./page.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const { html } = drawPage({
 *   version: "1.0.0", role: "server", state: "serving", startedAt: "2026-03-01T12:00:00.000Z", now: "2026-03-01T12:00:09.000Z",
 *   tunnels: [], sentBytes: 0, receivedBytes: 0, resentBytes: 0, streamsOpen: 0, memory: { usedBytes: 0, limitBytes: 1 },
 *   sessions: [], sessionsOmitted: 0, log: [],
 * });
 * assertStringIncludes(html, "<h1>Listens for clients: none is here.</h1>");
 * ```
 */
export function drawPage(report: StatusReport): StatusPage {
  const title = markup(element("title", {}, `${stateOf(report, Date.parse(report.now)).word} – ${nameOf(report)}`));
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<noscript><meta http-equiv="refresh" content="5"></noscript>
<link rel="icon" href="${ICON}">
${title}
<style>${STYLE}</style>
</head>
<body>
<header class="top">
<strong>${nameOf(report)}</strong>
<p id="live" role="status"></p>
<noscript><p>Without scripting this page is loaded anew every 5 s, and rates are not known.</p></noscript>
</header>
${markup(draw(report, null, []))}
<script type="module">${SCRIPT}</script>
</body>
</html>
`;
  return { html, contentSecurityPolicy: POLICY };
}

/** How a policy names an inline script or style (CSP Level 3, 2.3.1). */
function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
