/** How it goes with all workers. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { systemClock } from "../../../../lib/net/clock.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { StatusDoor } from "../../../../lib/tunnel/status/status_door.ts";
import { isUnreached, toldBy } from "../../../../lib/tunnel/status/status_source.ts";
import { statusOf } from "../../../../lib/tunnel/workers/seat.ts";
import type { WorkerPlace } from "../../../../lib/tunnel/workers/worker.ts";
import { WorkersStatus } from "../../../../lib/tunnel/workers/workers_status.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { aStatus } from "../../../support/status_world.ts";

const place = (number: number, generation: number): WorkerPlace => ({ number, generation });

/** Workers with status addresses of their own; those of `silent` places are not reached. */
function setUp(places: readonly WorkerPlace[], silent: readonly WorkerPlace[] = []) {
  const rules = () => ({ host: undefined, isReachedByBrowsers: false, token: undefined });
  const doors = new Map(
    places.filter((each) => !silent.includes(each)).map((each) => {
      const status = aStatus(new FakeClock());
      status.add({ name: undefined, role: "server", services: [] });
      status.beside(() => {})("info", `of ${each.number}`);
      return [statusOf(each, "/f").path, new StatusDoor({ clock: systemClock, look: () => toldBy(status), rules })];
    }),
  );
  const workers = new WorkersStatus({
    clock: new FakeClock(),
    places: () => places,
    addressOf: (each) => statusOf(each, "/f"),
    dial({ path }) {
      const door = doors.get(path);
      if (door === undefined) return Promise.reject(new Error("nobody listens"));
      const [near, far] = duplexPair();
      void door.welcome(far);
      return Promise.resolve(near);
    },
  });
  return { workers, [Symbol.dispose]: () => doors.forEach((door) => door.close()) };
}

Deno.test("all workers are asked, and each is told by its number", async () => {
  using world = setUp([place(1, 0), place(2, 0)]);
  const told = await world.workers.look();
  assertEquals(told.tunnels.map(({ name }) => name), ["worker 1", "worker 2"]);
  assertEquals(told.report().log.map(({ message }) => message), ["of 1", "of 2"]);
  for (const number of [1, 2]) assertStringIncludes(told.metrics(), `{worker="${number}",generation="0"`);
});

Deno.test("one that does not answer is left out, and those before an upgrade are told apart", async () => {
  const silent = place(2, 1);
  using world = setUp([place(1, 1), silent, place(1, 0)], [silent]);
  const told = await world.workers.look();
  assertEquals(told.report().tunnels.map(({ name }) => name), ["worker 1", "worker 1 before upgrade 1"]);
});

Deno.test("where none answers, that is an error which is no fault", async () => {
  using world = setUp([]);
  assert(isUnreached(await assertRejects(() => world.workers.look(), Error, "no worker answers")));
});
