import { assert, assertEquals } from "@std/assert";
import { Environment } from "../../../../lib/tunnel/roles/environment.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** An environment whose machine the test plays. */
class Machine {
  readonly clock = new FakeClock();
  addresses: string[] | undefined = ["127.0.0.1", "::1", "192.0.2.1"];
  looks = 0;
  /** How long each sleep was, in milliseconds. */
  readonly sleeps: number[] = [];
  readonly moves: ((address: string) => boolean)[] = [];
  readonly environment = new Environment({
    clock: this.clock,
    addresses: () => {
      this.looks++;
      if (this.addresses === undefined) throw new Deno.errors.NotCapable("no --allow-sys");
      return this.addresses;
    },
    onWake: (awayMs) => this.sleeps.push(awayMs),
    onAddresses: (isLocal) => this.moves.push(isLocal),
  });
}

Deno.test("time that passes as it should is no sleep", async () => {
  const machine = new Machine();
  await machine.clock.advance(3_600_000);
  assertEquals([machine.sleeps.length, machine.moves.length], [0, 0]);
  machine.environment.stop();
});

Deno.test("a machine that slept is noticed at the next look, once for each sleep", async () => {
  const machine = new Machine();
  await machine.clock.advance(10_500);
  machine.clock.jumpWall(3_600_000);
  assertEquals(machine.sleeps.length, 0);
  await machine.clock.advance(1_000);
  assertEquals(machine.sleeps.length, 1);
  await machine.clock.advance(60_000);
  assertEquals(machine.sleeps.length, 1);
  machine.clock.jumpWall(5_000);
  await machine.clock.advance(1_000);
  assertEquals(machine.sleeps.length, 2);
  machine.environment.stop();
});

Deno.test("a process that was stopped is noticed too", async () => {
  const machine = new Machine();
  await machine.clock.advance(5_000);
  await machine.clock.stall(30_000);
  const [awayMs, ...others] = machine.sleeps;
  assert(awayMs! > 28_000 && awayMs! <= 30_000 && others.length === 0, `away for ${machine.sleeps} ms`);
  machine.environment.stop();
});

Deno.test("a wall clock that is set a little, or back, is no sleep", async () => {
  const machine = new Machine();
  await machine.clock.advance(5_000);
  machine.clock.jumpWall(2_000);
  await machine.clock.advance(5_000);
  machine.clock.jumpWall(-3_600_000);
  await machine.clock.advance(60_000);
  assertEquals(machine.sleeps.length, 0);
  machine.environment.stop();
});

Deno.test("addresses that change are told, with a way to ask which are still here", async () => {
  const machine = new Machine();
  await machine.clock.advance(10_000);
  machine.addresses = ["::1", "192.0.2.1", "127.0.0.1"];
  await machine.clock.advance(2_000);
  assertEquals(machine.moves.length, 0, "another order is no change");
  machine.addresses = ["198.51.100.7"];
  await machine.clock.advance(2_000);
  assertEquals(machine.moves.length, 1);
  const [isLocal] = machine.moves;
  assertEquals(
    ["198.51.100.7", "192.0.2.1", "127.0.0.1", "127.1.2.3", "::1"].map(isLocal),
    [true, false, true, true, true],
  );
  machine.addresses = ["198.51.100.7", "2001:db8::7"];
  await machine.clock.advance(2_000);
  assertEquals(machine.moves.length, 2);
  machine.environment.stop();
});

Deno.test("an address is still here in whatever form a socket tells it", async () => {
  const machine = new Machine();
  machine.addresses = ["192.0.2.1", "fe80::1"];
  await machine.clock.advance(2_000);
  machine.addresses = ["192.0.2.1", "fe80::1", "198.51.100.7"];
  await machine.clock.advance(2_000);
  const isLocal = machine.moves.at(-1)!;
  const here = ["::ffff:192.0.2.1", "::ffff:c000:201", "fe80::1%eth0", "FE80::1", "::ffff:127.0.0.1"];
  assertEquals(here.filter((address) => !isLocal(address)), []);
  assertEquals(["::ffff:192.0.2.2", "fe80::2%eth0", "2001:db8::1"].filter(isLocal), []);
  machine.environment.stop();
});

Deno.test("without the right to see addresses nothing is told, and nothing fails", async () => {
  const machine = new Machine();
  machine.addresses = undefined;
  await machine.clock.advance(5_000);
  machine.addresses = ["192.0.2.9"];
  await machine.clock.advance(5_000);
  assertEquals(machine.moves.length, 0, "what was not seen before cannot have changed");
  machine.environment.stop();
});

Deno.test("it looks once a second, and not at all once it is stopped", async () => {
  const machine = new Machine();
  await machine.clock.advance(1_000);
  const start = machine.looks;
  await machine.clock.advance(60_000);
  const looks = machine.looks - start;
  assert(looks >= 55 && looks <= 60, `${looks} looks in a minute`);
  machine.environment.stop();
  assertEquals(machine.clock.pendingTimers, 0);
});
