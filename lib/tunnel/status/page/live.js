// @ts-check
/**
 * Keeps the page up to date: the only file of it that touches the browser.
 *
 * @module
 */
/** @import { StatusReport } from "../report.ts" */
/** @import { Browser, Events } from "./dom.ts" */
import { draw } from "./draw.js";
import { Feed } from "./feed.js";
import { nameOf, stateOf } from "./overview.js";
import { patch } from "./patch.js";

/** The browser gave up, as it does on an answer that is no stream of events: 503 while others have all places. */
const CLOSED = 2;

const STEP_MS = 1_000;

const browser = /** @type {Browser} */ (/** @type {unknown} */ (globalThis));
const { document } = browser;
const feed = new Feed(performance.now());
const version = document.getElementById("main").getAttribute("data-version");

/** @returns {Events} */
function connect() {
  const events = new browser.EventSource("api/events");
  events.addEventListener("sessions", ({ data }) => {
    /** @type {StatusReport} */
    const report = JSON.parse(data);
    // Another program answers now, and has a page of its own.
    if (report.version !== version) return browser.location.reload();
    feed.received(report, performance.now());
    show();
  });
  events.addEventListener("error", () => feed.broken(performance.now()));
  return events;
}

function show() {
  const lost = feed.lost(performance.now());
  const view = feed.view(performance.now());
  if (lost !== null) tell("is-lost", lost);
  else if (view !== null) tell("is-live", "Live");
  if (view === null) return;
  const { report, before, recent } = view;
  patch(document, document.getElementById("main"), draw(report, before, recent));
  const word = lost === null ? stateOf(report, Date.parse(report.now)).word : "no answer";
  document.title = `${word} – ${nameOf(report)}`;
}

/**
 * Tells whether the process answers. Written only when it changes, since it is read aloud.
 *
 * @param {string} name
 * @param {string} text
 */
function tell(name, text) {
  const live = document.getElementById("live");
  if (live.textContent !== text) live.textContent = text;
  live.setAttribute("class", name);
}

let events = connect();
setInterval(() => {
  if (events.readyState === CLOSED) events = connect();
  show();
}, STEP_MS);
