/** A Prometheus beside a measurement. */
import { assertEquals } from "@std/assert";
import { metricsUrl, scrape } from "../../../scripts/bench/scraper.ts";

Deno.test("the URL follows the flag, and without it nobody is asked", () => {
  assertEquals(metricsUrl(["--max=5", "--status=:40381"]), "http://127.0.0.1:40381/metrics");
  assertEquals(metricsUrl(["--status=[::1]:1"]), "http://[::1]:1/metrics");
  assertEquals(metricsUrl(["--max=5"]), undefined);
});

Deno.test("metrics are asked for until the scenario ends", async () => {
  const asked = Promise.withResolvers<string>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.resolve(new URL(request.url).pathname);
    return new Response("");
  });
  const cleanups: (() => unknown)[] = [];
  scrape({ defer: (cleanup) => void cleanups.push(cleanup) }, [`--status=127.0.0.1:${server.addr.port}`]);
  assertEquals(await asked.promise, "/metrics");
  assertEquals(cleanups.length, 1);
  await cleanups[0]!();
});
