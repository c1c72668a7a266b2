import { assertEquals } from "@std/assert";
import { LastClient } from "../../../../lib/tunnel/ssh/last_client.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

function start() {
  const clock = new FakeClock();
  const client = new LastClient(clock);
  const reasons: string[] = [];
  client.gone.then((why) => reasons.push(why));
  return { clock, client, reasons };
}

Deno.test("a server goes when its last session has ended, however long that took", async () => {
  const { clock, client, reasons } = start();
  client.count(1);
  await clock.advance(1_000_000);
  client.count(2);
  client.count(1);
  await clock.advance(1);
  assertEquals(reasons, []);
  client.count(0);
  await clock.advance(1);
  assertEquals(reasons, ["its client has gone"]);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("a server to which nobody comes goes after a minute", async () => {
  const { clock, reasons } = start();
  await clock.advance(59_999);
  assertEquals(reasons, []);
  await clock.advance(1);
  assertEquals(reasons, ["no client has come within a minute"]);
});

Deno.test("a server that is stopped waits for nobody", async () => {
  const { clock, client, reasons } = start();
  client.stop();
  await clock.advance(100_000);
  assertEquals([reasons, clock.pendingTimers], [[], 0]);
});
