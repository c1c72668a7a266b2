/** A listener that is left and begun again. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Listening } from "../../../lib/net/listen.ts";
import { SharedPorts } from "../../../lib/net/shared_ports.ts";

/** Each begin is one more listener; `open` counts those that are not closed. */
function setUp() {
  const world = { begun: 0, open: 0, next: Promise.resolve() };
  const begin = async (): Promise<Listening> => {
    await world.next;
    world.begun++;
    world.open++;
    return { addresses: ["127.0.0.1:40300"], isExposed: false, close: () => void world.open-- };
  };
  return { world, begin };
}

Deno.test("it leaves once, and comes back once, to what it had", async () => {
  const { world, begin } = setUp();
  const ports = await SharedPorts.open(begin);
  await ports.comeBack();
  assertEquals([world.begun, world.open], [1, 1], "it has not left");
  ports.leave();
  ports.leave();
  assertEquals(world.open, 0);
  await ports.comeBack();
  await ports.comeBack();
  assertEquals([world.begun, world.open, ports.addresses], [2, 1, ["127.0.0.1:40300"]]);
  ports.close();
  assertEquals(world.open, 0);
});

Deno.test("behind its end it does not come back, also if that was under way", async () => {
  const { world, begin } = setUp();
  const ports = await SharedPorts.open(begin);
  ports.leave();
  const coming = ports.comeBack();
  ports.close();
  await coming;
  assertEquals([world.begun, world.open], [2, 0]);
  await ports.comeBack();
  assertEquals(world.begun, 2);
});

Deno.test("where it cannot listen again it says why, and may try once more", async () => {
  const { world, begin } = setUp();
  const ports = await SharedPorts.open(begin);
  ports.leave();
  world.next = Promise.reject(new Error("the port is taken"));
  await assertRejects(() => ports.comeBack(), Error, "the port is taken");
  world.next = Promise.resolve();
  await ports.comeBack();
  assertEquals(world.open, 1);
  ports.close();
});
