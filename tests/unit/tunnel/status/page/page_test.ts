import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { drawPage } from "../../../../../lib/tunnel/status/page/page.ts";
import { sessionReport, statusReport } from "../../../../support/status_reports.ts";

const HOSTILE = `</title></script><script>alert(1)</script>"><img src=x onerror=alert(1)><!--`;

/** Colours of texts, and what they stand on, by their names in the style. */
const TEXTS = ["text", "faint", "ok", "out", "drain"];
const GROUNDS = ["ground", "card", "hollow", "out-ground"];

/** Relative luminance (WCAG 2.2) of a colour such as `#1a2025`. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast (WCAG 2.2) of two colours. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** What stands between the tags of a name. */
function inside(html: string, tag: string): string {
  return new RegExp(`<${tag}(?: type="module")?>(.*?)</${tag}>`, "s").exec(html)?.[1] ?? "";
}

Deno.test("the page's policy names its own script and style, and nothing else may run, load or be sent", () => {
  const { html, contentSecurityPolicy } = drawPage(statusReport());
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  assertStringIncludes(contentSecurityPolicy, `script-src ${hash(inside(html, "script"))};`);
  assertStringIncludes(contentSecurityPolicy, `style-src ${hash(inside(html, "style"))};`);
  assertStringIncludes(contentSecurityPolicy, "default-src 'none'; ");
  assertStringIncludes(contentSecurityPolicy, "connect-src 'self';");
  assertEquals(/unsafe|\*|https?:/.test(contentSecurityPolicy), false);
});

Deno.test("the page asks for nothing outside", () => {
  const { html } = drawPage(statusReport());
  const addresses = [...html.matchAll(/(?:src|href|action)="([^"]*)"|url\(([^)]*)\)|@import/g)].map(([, a, b]) =>
    a ?? b
  );
  assertEquals(addresses.map((address) => address?.split(",")[0]), ["data:image/svg+xml"]);
});

Deno.test("the page has one script and one style, whatever peers call themselves", () => {
  const { html } = drawPage(statusReport({
    version: HOSTILE,
    sessions: [sessionReport({ client: HOSTILE, peer: HOSTILE })],
    tunnels: [{ name: HOSTILE, role: "client", state: "serving" }, { name: null, role: "server", state: "serving" }],
    log: [{ time: HOSTILE, level: "info", message: HOSTILE }],
  }));
  for (const tag of ["<script", "</script>", "<style>", "</style>", "</head>", "<main", "</main>"]) {
    assertEquals(html.split(tag).length, 2, tag);
  }
  assert(!html.includes("<img") && !html.includes("<!--"));
});

Deno.test("the page reads without scripting, and is loaded anew then", () => {
  const { html } = drawPage(statusReport());
  assertStringIncludes(html, '<noscript><meta http-equiv="refresh" content="5"></noscript>');
  assertStringIncludes(html, "<title>working – tele server</title>");
  const main = /<main.*<\/main>/s.exec(html)?.[0] ?? "";
  for (const text of ["1 session: 2 streams open.", "1 outage in the last hour: 12 s.", "laptop", "<svg "]) {
    assertStringIncludes(main, text);
  }
});

Deno.test("all text has enough contrast, in the light and in the dark", () => {
  assertEquals(Math.round(contrast("#000000", "#ffffff")), 21);
  const style = inside(drawPage(statusReport()).html, "style");
  const themes = [...style.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) =>
    new Map([...body!.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name!, colour!]))
  );
  assertEquals(themes.map((theme) => theme.size), [12, 12]);
  for (const theme of themes) {
    for (const text of TEXTS) {
      for (const ground of GROUNDS) {
        const found = contrast(theme.get(text)!, theme.get(ground)!);
        assert(found >= 4.5, `${text} on ${ground}: ${found.toFixed(2)}`);
      }
    }
  }
});
