import { assertEquals } from "@std/assert";
import type { ManagerRequest } from "../../../../lib/tunnel/service/manager_request.ts";
import { ServiceManager } from "../../../../lib/tunnel/service/service_manager.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** A manager that a test reads, and makes deaf. */
class Manager {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  readonly warnings: string[] = [];
  isDeaf = false;
  readonly manager: ServiceManager;

  constructor(request: ManagerRequest | undefined) {
    this.manager = new ServiceManager({
      request,
      clock: this.clock,
      send: (path, text) => {
        if (this.isDeaf) return Promise.reject(new Error("no such socket"));
        this.told.push(`${path} ${text}`);
        return Promise.resolve();
      },
      log: (level, message) => this.warnings.push(`${level} ${message}`),
    });
  }
}

Deno.test("readiness, a change and the end are told in order, each status in one line", async () => {
  const { manager, told } = new Manager({ path: "/n", watchdogMs: undefined });
  manager.ready("two tunnels\nREADY=0");
  manager.status("three tunnels");
  await manager.stopping("ended by SIGTERM");
  manager.status("behind the end");
  await manager.stopping("ended by SIGTERM");
  told.pop();
  assertEquals(told, [
    "/n READY=1\nSTATUS=two tunnels READY=0",
    "/n STATUS=three tunnels",
    "/n STOPPING=1\nSTATUS=ended by SIGTERM",
  ]);
});

Deno.test("a watchdog hears of the process at once and twice in its time, also while it stops", async () => {
  const { manager, told, clock } = new Manager({ path: "/n", watchdogMs: 30_000 });
  await clock.advance(60_000);
  assertEquals(told, [], "nothing runs yet");
  manager.ready("ready");
  await clock.advance(29_999);
  assertEquals(told.slice(1), ["/n WATCHDOG=1", "/n WATCHDOG=1"]);
  await manager.stopping("ended");
  await clock.advance(15_001);
  assertEquals(told.filter((text) => text === "/n WATCHDOG=1").length, 4);
});

Deno.test("a process that was asked to end while it started is never ready", async () => {
  const { manager, told, clock } = new Manager({ path: "/n", watchdogMs: 1_000 });
  await manager.stopping("ended by SIGTERM");
  manager.ready("ready");
  await clock.advance(5_000);
  assertEquals(told, ["/n STOPPING=1\nSTATUS=ended by SIGTERM"]);
});

Deno.test("a manager that cannot be told costs one warning, and hears more when it can", async () => {
  const world = new Manager({ path: "/n", watchdogMs: 1_000 });
  world.isDeaf = true;
  world.manager.ready("ready");
  await world.clock.advance(5_000);
  assertEquals(world.warnings, [
    "warn the service manager cannot be told how tele is (NOTIFY_SOCKET): no such socket",
  ]);
  world.isDeaf = false;
  await world.clock.advance(500);
  assertEquals(world.told, ["/n WATCHDOG=1"]);
});

Deno.test("where nobody wants to be told nothing is sent", async () => {
  const { manager, told, clock } = new Manager(undefined);
  manager.ready("ready");
  await manager.stopping("ended");
  await clock.advance(60_000);
  assertEquals(told, []);
});
