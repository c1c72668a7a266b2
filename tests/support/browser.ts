/**
 * A real browser: Debian's Chromium, driven by playwright-core, which downloads none of its own.
 *
 * @module
 */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { program } from "./skip.ts";

/** How long anything that is waited for in a page may take, in milliseconds. */
const PATIENCE_MS = 60_000;

/** A page, and what it did that nobody should have to look for. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of its console, and what its scripts threw. */
  readonly complaints: string[];
  /** Addresses that it asked for. */
  readonly requests: string[];
}

/** A browser without a window. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Starts Chromium. */
  static async start(): Promise<TestBrowser> {
    // Its sandbox does not start for root, as who CI runs; it sees our own pages alone.
    return new TestBrowser(await chromium.launch({ executablePath: program("chromium"), args: ["--no-sandbox"] }));
  }

  /** Opens a page, as a user without cookies and history. */
  async open(url: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const context = await this.#browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(url);
    return { page, complaints, requests };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** How many pixels of a page are beyond its right edge, so that somebody would have to scroll sideways. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}
