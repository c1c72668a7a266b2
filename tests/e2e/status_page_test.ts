/** The status page in a real browser, of a real pair whose network breaks. */
import { assertEquals, assertMatch } from "@std/assert";
import { overflow, TestBrowser, type WatchedPage } from "../support/browser.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";

/** A free port, which the log tells. */
const STATUS = { args: ["--status=127.0.0.1:0"] };

const PHONE = { width: 320, height: 640 };

/** The address of a process's page. */
async function urlOf(tele: TeleProcess): Promise<string> {
  const line = await tele.logged(/the status is at http/, 5_000);
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

/** Asserts that a page had nothing to complain of, and asked its own process alone. */
function wasQuiet({ complaints, requests }: WatchedPage, url: string): void {
  assertEquals(complaints, []);
  assertEquals(requests.filter((asked) => !asked.startsWith(url) && !asked.startsWith("data:")), []);
}

Deno.test({
  name: "an outage appears on the page, ends, and stays on its timeline, while a reader's choices stay",
  ...requires("chromium"),
  fn: scenario(60_000, async (s) => {
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
  name: "the page reads without scripting, in the dark and on a phone, and loads itself anew",
  ...requires("chromium"),
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const { server, port } = await s.tunnel(user.port, { server: STATUS });
    const connection = s.use(await connectTo(port));
    await roundTrip(connection, "before");
    const url = await urlOf(server);
    const browser = s.use(await TestBrowser.start());

    const still = await browser.open(url, { javaScriptEnabled: false, viewport: PHONE });
    await shows(still, "working");
    assertEquals(await still.page.locator("h1").innerText(), "1 session: 1 stream open.");
    assertEquals(await still.page.getByRole("table", { name: "Streams" }).getByRole("row").count(), 2);
    assertEquals(await overflow(still.page), 0);
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
