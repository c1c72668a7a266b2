/** The status page in a real browser, of a real pair whose network breaks. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { drawPage } from "../../lib/tunnel/status/page/page.ts";
import type { StatusReport } from "../../lib/tunnel/status/report.ts";
import { overflow, TestBrowser, type WatchedPage } from "../support/browser.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { outSessionReport, sessionReport, statusReport } from "../support/status_reports.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";

/** A free port, which the log tells. */
const STATUS = { args: ["--status=127.0.0.1:0"] };

const PHONE = { width: 320, height: 640 };

/** The address of a process's page. */
async function urlOf(tele: TeleProcess): Promise<string> {
  const line = await tele.logged(/the status is at http/, 20_000);
  return /http:\S+/.exec(line)![0];
}

/** Waits until the page's state is this word. */
async function shows({ page }: WatchedPage, word: string): Promise<void> {
  await page.locator(".word", { hasText: new RegExp(`^${word}$`) }).waitFor();
}

/** Outages on the timeline, and what stands in words above it. */
async function outagesOn({ page }: WatchedPage): Promise<[count: number, sentence: string]> {
  return [await page.locator(".chart-outage").count(), await page.locator("figcaption").innerText()];
}

/** Asks a page without scripting, which loads itself anew at any moment: then it is asked again. */
async function unscripted<T>(ask: () => Promise<T>): Promise<T> {
  for (let again = 0; again < 5; again++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error as Error).message.includes("Execution context was destroyed")) throw error;
    }
  }
  return await ask();
}

/** Serves the page of a report, and the report as its only event. Ends with the scope. */
function serve(report: StatusReport): AsyncDisposable & { url: string } {
  const event = `event: sessions\ndata: ${JSON.stringify(report)}\n\n`;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (new URL(request.url).pathname !== "/") {
      return new Response(event, { headers: { "Content-Type": "text/event-stream" } });
    }
    const { html, contentSecurityPolicy } = drawPage(report);
    const headers = { "Content-Type": "text/html", "Content-Security-Policy": contentSecurityPolicy };
    return new Response(html, { headers });
  });
  return { url: `http://127.0.0.1:${server.addr.port}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Asserts that a page had nothing to complain of, and asked its own process alone. */
function wasQuiet({ complaints, requests }: WatchedPage, url: string): void {
  assertEquals(complaints, []);
  assertEquals(requests.filter((asked) => !asked.startsWith(url) && !asked.startsWith("data:")), []);
}

Deno.test({
  name: "an outage appears on the page, ends, and stays on its timeline, while a reader's choices stay",
  ...requires("chromium"),
  fn: scenario(180_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { client, breaker, port } = await s.tunnel(user.port, { client: STATUS });
    const connection = s.use(await connectTo(port));
    await roundTrip(connection, "before");
    const url = await urlOf(client);
    const browser = s.use(await TestBrowser.start());
    const watched = await browser.open(url);
    const { page } = watched;

    await shows(watched, "working");
    await page.locator("#live.is-live").waitFor();
    assertEquals(await page.locator("h1").innerText(), "Connected to the server: 1 stream open.");
    assertEquals(await outagesOn(watched), [0, "No outage in the last hour."]);
    // By the keyboard alone: closes the table of streams.
    await page.locator("details[data-key=streams] summary").focus();
    await page.keyboard.press("Enter");

    await breaker.refuse(true);
    breaker.reset();
    await shows(watched, "outage");
    assertMatch(await page.locator("h1").innerText(), /^No network for \d+ s: 1 stream waits\.$/);
    assertEquals(await page.title(), "outage – tele client");
    assertEquals((await outagesOn(watched))[0], 1);

    await breaker.refuse(false);
    await shows(watched, "working");
    await roundTrip(connection, "behind");
    await page.locator(".session.is-connected").waitFor();
    const [count, sentence] = await outagesOn(watched);
    assertEquals(count, 1);
    assertMatch(sentence, /^1 outage in the last hour: [\d.]+ m?s\.$/);
    await page.locator(".log li", { hasText: "resumed" }).first().waitFor();
    assertEquals(await page.locator("details[data-key=streams]").getAttribute("open"), null);
    await page.reload();
    assertEquals((await outagesOn(watched))[0], 1, "the process remembers, not the page");
    wasQuiet(watched, url);

    await client.kill();
    await page.locator("#live.is-lost", { hasText: "No answer from this process" }).waitFor();
    assertEquals(await page.title(), "no answer – tele client");
    assertEquals(await outagesOn(watched), [count, sentence], "what was known is still there");
  }),
});

Deno.test({
  name: "hostile names are text in a browser, which goes on with the very elements that the process has drawn",
  ...requires("chromium"),
  fn: scenario(180_000, async (s) => {
    const hostile =
      `</main></script><script>document.title="taken"</script><img src=x onerror="document.title='taken'">'&amp;`;
    const { carriers, streams } = sessionReport();
    const session = outSessionReport({
      client: hostile,
      tunnel: hostile,
      peer: hostile,
      carriers: carriers.map((carrier) => ({ ...carrier, peer: hostile })),
      streams: streams.map((stream) => ({ ...stream, service: hostile, peer: hostile })),
    });
    const { url } = s.use(serve(statusReport({
      sessions: [session, sessionReport()],
      tunnels: ["a", hostile].map((name) => ({ name, role: "server", state: "serving" })),
      log: [{ time: session.since, level: "warn", message: hostile }],
    })));
    const browser = s.use(await TestBrowser.start());
    const watched = await browser.open(url, { javaScriptEnabled: false });
    const names = await unscripted(() => watched.page.locator("h3").allInnerTexts());
    assertEquals(names, [hostile, "laptop"]);

    const live = await browser.open("about:blank");
    await live.page.addInitScript(
      "addEventListener('DOMContentLoaded', () => globalThis.drawn = [...document.querySelectorAll('main *')])",
    );
    await live.page.goto(url);
    await live.page.locator("#live.is-live").waitFor();
    assertEquals(await live.page.evaluate("drawn.length > 100 && drawn.every((one) => one.isConnected)"), true);
    assertEquals(await live.page.locator("h3").allInnerTexts(), [hostile, "laptop"]);
    assertEquals(await live.page.locator("main script, main img").count(), 0);
    assertEquals(await live.page.title(), "working – tele server");
    wasQuiet(live, url);
  }),
});

Deno.test({
  name: "a browser that shows the secret as its password sees the page and its changes, and no other browser does",
  ...requires("chromium"),
  fn: scenario(180_000, async (s) => {
    const password = "a-secret-of-thirty-two-letters--";
    await Deno.writeTextFile(`${s.home}/secret`, `${password}\n`);
    const user = s.use(new UserServer(echo));
    const args = [...STATUS.args, `--status-token-file=${s.home}/secret`];
    const { client } = await s.tunnel(user.port, { client: { args } });
    const url = await urlOf(client);
    const browser = s.use(await TestBrowser.start());
    const watched = await browser.open(url, { httpCredentials: { username: "anybody", password } });
    await watched.page.locator("#live.is-live").waitFor();
    wasQuiet(watched, url);
    await assertRejects(() => browser.open(url), Error, "ERR_INVALID_AUTH_CREDENTIALS");
  }),
});

Deno.test({
  name: "the page reads without scripting, in the dark and on a phone, and loads itself anew",
  ...requires("chromium"),
  fn: scenario(180_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { server, port } = await s.tunnel(user.port, { server: STATUS });
    const connection = s.use(await connectTo(port));
    await roundTrip(connection, "before");
    const url = await urlOf(server);
    const browser = s.use(await TestBrowser.start());

    const still = await browser.open(url, { javaScriptEnabled: false, viewport: PHONE });
    await shows(still, "working");
    assertEquals(await unscripted(() => still.page.locator("h1").innerText()), "1 session: 1 stream open.");
    const rows = still.page.getByRole("table", { name: "Streams" }).getByRole("row");
    assertEquals(await unscripted(() => rows.count()), 2);
    assertEquals(await unscripted(() => overflow(still.page)), 0);
    const reloaded = still.page.waitForRequest(url);

    const ground = "getComputedStyle(document.body).backgroundColor";
    const grounds: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const live = await browser.open(url, { colorScheme, viewport: PHONE });
      await live.page.locator("#live.is-live").waitFor();
      for (const summary of await live.page.locator("details:not([open]) summary").all()) await summary.click();
      assertEquals(await overflow(live.page), 0);
      grounds.push(await live.page.evaluate<string>(ground));
      wasQuiet(live, url);
    }
    assertEquals(new Set(grounds).size, 2);
    await reloaded;
    await shows(still, "working");
    wasQuiet(still, url);
  }),
});
