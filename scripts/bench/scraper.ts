/**
 * A Prometheus beside a measurement: it shows what it costs to be looked at.
 *
 * @module
 */
import { sleep, systemClock } from "../../lib/net/clock.ts";
import type { Scenario } from "../../tests/support/scenario.ts";

/** How often metrics are asked for, in milliseconds: fifteen times as often as a Prometheus does by itself. */
const EVERY_MS = 1_000;

/** The URL of the metrics of a tele with these flags, if `--status=ADDR` is among them. */
export function metricsUrl(flags: readonly string[]): string | undefined {
  const address = flags.find((flag) => flag.startsWith("--status="))?.slice("--status=".length);
  return address && `http://${address.startsWith(":") ? "127.0.0.1" : ""}${address}/metrics`;
}

/** Asks for the metrics of a tele with these flags once a second, until the scenario ends. */
export function scrape(s: Pick<Scenario, "defer">, flags: readonly string[]): void {
  const url = metricsUrl(flags);
  if (url === undefined) return;
  const stopping = new AbortController();
  const scraping = (async () => {
    while (!stopping.signal.aborted) {
      await fetch(url).then((answer) => answer.text()).catch((error) => {
        if (!stopping.signal.aborted) throw error;
      });
      await sleep(systemClock, EVERY_MS, stopping.signal);
    }
  })();
  s.defer(() => {
    stopping.abort();
    return scraping;
  });
}
