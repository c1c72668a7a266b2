/** The keys of a fleet: which seals, which open, and for how long after they are gone. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { deriveFleetKey, FleetKeys } from "../../../../lib/session/fleet/fleet_keys.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const secret = (byte: number, length = 32) => new Uint8Array(length).fill(byte);

async function setUp(...secrets: Uint8Array[]) {
  const clock = new FakeClock();
  return { clock, keys: await FleetKeys.make(secrets, { clock, keptMs: 60_000 }) };
}

Deno.test("the first key seals, and all of them open", async () => {
  const { keys } = await setUp(secret(1), secret(2));
  assertEquals(keys.opening.length, 2);
  assert(keys.sealing === keys.opening[0]);
});

Deno.test("a key that is taken away opens for a while longer, and seals no more", async () => {
  const { clock, keys } = await setUp(secret(1));
  const former = keys.sealing;
  await keys.renew([secret(2)]);
  assert(keys.sealing !== former);
  // By what they are: two keys look alike to a comparison.
  const present = keys.sealing;
  const places = () => keys.opening.map((key) => [present, former].indexOf(key));
  assertEquals(places(), [0, 1]);
  await clock.advance(59_999);
  assertEquals(places(), [0, 1]);
  await clock.advance(1);
  assertEquals(places(), [0]);
});

Deno.test("a key that comes back is one of the present ones, and keeps its place", async () => {
  const { clock, keys } = await setUp(secret(1));
  await keys.renew([secret(2)]);
  await keys.renew([secret(1), secret(2)]);
  await clock.advance(120_000);
  assertEquals(keys.opening.length, 2);
  await keys.renew([secret(1), secret(2)]);
  assertEquals(keys.opening.length, 2, "the same once more changes nothing");
});

Deno.test("no key, a short one and a long one are refused, and the former stay", async () => {
  const { keys } = await setUp(secret(1));
  const { sealing } = keys;
  await assertRejects(() => keys.renew([]), Error, "a fleet needs a key");
  await assertRejects(() => keys.renew([secret(2), secret(3, 31)]), Error, "this one 31");
  await assertRejects(() => keys.renew([secret(2, 4097)]), Error, "this one 4097");
  assertEquals([keys.sealing === sealing, keys.opening.length], [true, 1]);
});

Deno.test("tickets and words have keys of their own, and another secret has others", async () => {
  const [one, again, other] = await Promise.all([secret(1), secret(1), secret(2)].map(deriveFleetKey));
  const sign = async (key: CryptoKey) => new Uint8Array(await crypto.subtle.sign("HMAC", key, secret(7)));
  assertEquals(await sign(one!.words), await sign(again!.words));
  assertNotEquals(await sign(one!.words), await sign(other!.words));
  assertEquals([one!.tickets.algorithm.name, one!.tickets.extractable], ["AES-GCM", false]);
});
