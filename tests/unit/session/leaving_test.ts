/** When a client's session that is drained is over. */
import { assertEquals } from "@std/assert";
import { Leaving } from "../../../lib/session/leaving.ts";
import type { Carrier } from "../../../lib/session/carrier/carrier.ts";
import { ByteLayer } from "../../support/byte_layer.ts";
import { settle } from "../../support/fake_clock.ts";

function setUp({ isHeard = true, hasCarrier = false, streams = 0, isEmpty = true, awayMs = 30_000 } = {}) {
  const upper = new ByteLayer(1);
  upper.streamCount = streams;
  const stops: string[] = [];
  const carrier = hasCarrier ? {} as Carrier : undefined;
  const session = { id: new Uint8Array(isHeard ? 16 : 0), carrier, isEmpty, upper, detachedAt: 100 };
  const leaving = new Leaving({ session, stop: (message) => stops.push(message) }, { now: () => 100 + awayMs });
  return { leaving, upper, stops };
}

Deno.test("the layer above is drained, and so is that of a session that follows", () => {
  const { leaving, upper } = setUp({ hasCarrier: true });
  const before = leaving.drained(new ByteLayer(2));
  leaving.begin("patient");
  const behind = leaving.drained(new ByteLayer(3));
  assertEquals([leaving.hasBegun, upper.isDraining, before.isDraining, behind.isDraining], [true, true, false, true]);
});

Deno.test("without a carrier there is nothing to come back for where the server never heard of the session", () => {
  for (const how of ["patient", "hurried"] as const) {
    const { leaving, stops } = setUp({ isHeard: false });
    assertEquals([leaving.look(), stops.length], [false, 0], "it is not drained");
    leaving.begin(how);
    assertEquals(stops, ["it was drained, and nothing is left of it"]);
  }
});

Deno.test("in a hurry an empty session ends in an outage of half a minute, else it waits for the goodbye", () => {
  const stopped = (how: "patient" | "hurried", of: Parameters<typeof setUp>[0]) => {
    const { leaving, stops } = setUp(of);
    leaving.begin(how);
    return stops.length === 1;
  };
  assertEquals([stopped("hurried", {}), stopped("patient", {})], [true, false]);
  for (const state of [{ awayMs: 29_999 }, { streams: 1 }, { hasCarrier: true }, { isEmpty: false }]) {
    assertEquals(stopped("hurried", state), false);
  }
  assertEquals(stopped("hurried", { isHeard: false, streams: 1 }), false, "who waits is served");
});

Deno.test("it is over when the server was told of the last session's end, and of the one before", async () => {
  const { leaving } = setUp({ hasCarrier: true });
  const [before, last] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  leaving.begin("patient");
  assertEquals(leaving.succeeded(before.promise), false);
  let isOver = false;
  leaving.over.then(() => isOver = true);
  leaving.stopped(last.promise);
  last.resolve();
  await settle();
  assertEquals(isOver, false);
  before.resolve();
  await settle();
  assertEquals(isOver, true);
});
