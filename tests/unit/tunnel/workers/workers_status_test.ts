/** How it goes with all workers. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { systemClock } from "../../../../lib/net/clock.ts";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { StatusDoor } from "../../../../lib/tunnel/status/status_door.ts";
import { isUnreached, toldBy } from "../../../../lib/tunnel/status/status_source.ts";
import { statusOf } from "../../../../lib/tunnel/workers/seat.ts";
import type { WorkerPlace } from "../../../../lib/tunnel/workers/worker.ts";
import { ANSWER_MS, WorkersStatus } from "../../../../lib/tunnel/workers/workers_status.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { aStatus } from "../../../support/status_world.ts";
import { until } from "../../../support/wait.ts";

const place = (number: number, generation: number): WorkerPlace => ({ number, generation });

/** Workers with status addresses of their own; those of `silent` places are not reached, and who hangs answers later. */
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
  const clock = new FakeClock();
  const hanging = new Map<string, Duplex[]>();
  const workers = new WorkersStatus({
    clock,
    places: () => places,
    addressOf: (each) => statusOf(each, "/f"),
    dial({ path }) {
      const door = doors.get(path);
      if (door === undefined) return Promise.reject(new Error("nobody listens"));
      const [near, far] = duplexPair();
      if (hanging.has(path)) hanging.get(path)!.push(far);
      else void door.welcome(far);
      return Promise.resolve(near);
    },
  });
  const hang = (each: WorkerPlace) => void hanging.set(statusOf(each, "/f").path, []);
  /** How many connections wait for it. */
  const waiting = (each: WorkerPlace) => hanging.get(statusOf(each, "/f").path)!.length;
  const goOn = (each: WorkerPlace) => {
    const { path } = statusOf(each, "/f");
    for (const link of hanging.get(path)!) void doors.get(path)!.welcome(link);
    hanging.delete(path);
  };
  return { workers, clock, hang, waiting, goOn, [Symbol.dispose]: () => doors.forEach((door) => door.close()) };
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

Deno.test("one that hangs is told as that, waited for once, and asked once until it answers", async () => {
  const [one, other] = [place(1, 0), place(2, 0)];
  using world = setUp([one, other]);
  world.hang(other);
  const statesAfter = async (ms: number) => {
    const looks = [1, 2, 3].map(() => world.workers.look());
    // The other one has answered all three.
    await until(() => world.clock.pendingTimers === 3, 5_000, "answers");
    await world.clock.advance(ms);
    const [told] = await Promise.all(looks);
    assertEquals(told!.tunnels.map(({ state }) => state), ["serving"], "what counts for health");
    const { state, tunnels } = told!.report();
    return [state, ...tunnels.map(({ name, state }) => `${name}: ${state}`)];
  };
  const isSilent = ["silent", "worker 1: serving", "worker 2: silent"];
  assertEquals(await statesAfter(ANSWER_MS), isSilent);
  for (let time = 0; time < 3; time++) assertEquals(await statesAfter(ANSWER_MS / 20), isSilent);
  assertEquals([world.waiting(other), world.clock.pendingTimers], [2, 0]);
  world.goOn(other);
  const { state, tunnels } = (await world.workers.look()).report();
  assertEquals([state, tunnels.length], ["serving", 2]);
});
