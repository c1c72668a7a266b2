/** Requests that come to the status address. */
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { MemoryBudget } from "../../../../lib/session/memory_budget.ts";
import { ProcessStatus } from "../../../../lib/tunnel/status/process_status.ts";
import { StatusDoor } from "../../../../lib/tunnel/status/status_door.ts";
import { toldBy } from "../../../../lib/tunnel/status/status_source.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { collect } from "../../../support/reading.ts";
import { aStatus } from "../../../support/status_world.ts";

const RULES = { host: undefined, isReachedByBrowsers: true, token: undefined };

function setUp() {
  const clock = new FakeClock();
  const status = aStatus(clock);
  return { clock, door: new StatusDoor({ clock, look: () => toldBy(status), rules: () => RULES }) };
}

/** What is answered to these bytes, until the connection ends. */
async function ask({ clock, door }: ReturnType<typeof setUp>, request: string): Promise<string> {
  const [near, far] = duplexPair();
  const serving = door.welcome(near);
  const answered = collect(far);
  await far.write(new TextEncoder().encode(request));
  const { bytes } = await clock.run(answered);
  far.close();
  await clock.run(serving);
  return new TextDecoder().decode(bytes);
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

Deno.test("a request is answered, and its connection ends", async () => {
  const world = setUp();
  const text = await ask(world, get("/healthz"));
  assert(text.startsWith("HTTP/1.1 200 OK\r\n") && text.endsWith("\r\n\r\nok\n"), text);
  assertEquals(world.clock.pendingTimers, 0);
});

Deno.test("HEAD has no body, also of what goes on", async () => {
  const world = setUp();
  for (const path of ["/healthz", "/api/events"]) {
    const text = await ask(world, get(path).replace("GET", "HEAD"));
    assert(text.startsWith("HTTP/1.1 200 OK\r\n") && text.endsWith("\r\n\r\n"), text);
  }
});

Deno.test("what is no request is answered with what is wrong, and a head without an end is not read for ever", async () => {
  const world = setUp();
  assertStringIncludes(await ask(world, "hello\r\n\r\n"), "400 Bad Request");
  assertStringIncludes(await ask(world, `GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}`), "longer than 16 KiB");
});

Deno.test("who asks slowly, or reads slowly, is closed after ten seconds", async () => {
  const { clock, door } = setUp();
  const [[silent], [half, halfFar], [deaf, deafFar]] = [duplexPair(), duplexPair(), duplexPair()];
  const all = [silent, half, deaf].map((duplex) => door.welcome(duplex));
  await halfFar.write(new TextEncoder().encode("GET / HT"));
  await deafFar.write(new TextEncoder().encode(get("/api/sessions")));
  await clock.advance(10_100);
  await clock.run(Promise.all(all), 2_000);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("of thousands of connections few are kept, and who asks next is answered", async () => {
  const world = setUp();
  const crowd: Duplex[] = [];
  const all = Array.from({ length: 2_000 }, () => {
    const [near, far] = duplexPair();
    crowd.push(far);
    return world.door.welcome(near);
  });
  await world.clock.settle();
  let closed = 0;
  for (const one of all) void one.then(() => closed++);
  await world.clock.settle();
  assertEquals(crowd.length - closed, 32);
  assertStringIncludes(await ask(world, get("/healthz")), "200 OK");
  world.door.close();
  await world.clock.run(Promise.all(all));
});

Deno.test("readers of events outstay requests, and beyond a few they are told to come again", async () => {
  const world = setUp();
  const readers = Array.from({ length: 8 }, () => {
    const [near, far] = duplexPair();
    void world.door.welcome(near);
    return far;
  });
  for (const reader of readers) await reader.write(new TextEncoder().encode(get("/api/events")));
  const into = new Uint8Array(100);
  for (const reader of readers) assert((await reader.read(into))! > 0);
  assertStringIncludes(await ask(world, get("/api/events")), "503 Service Unavailable");
  for (const reader of readers) reader.close();
  await world.clock.settle();
  world.door.close();
});

Deno.test("a fault of ours is answered, and an uncaught error of the process, which logs it", async () => {
  const clock = new FakeClock();
  const status = aStatus(clock);
  status.report = () => {
    throw new Error("broken");
  };
  const errors: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    errors.push((event.error as Error).message);
  };
  addEventListener("error", onError);
  const world = { clock, door: new StatusDoor({ clock, look: () => toldBy(status), rules: () => RULES }) };
  const texts = [await ask(world, get("/api/sessions")), await ask(world, get("/api/events"))];
  removeEventListener("error", onError);
  for (const text of texts) assertStringIncludes(text, "500 Internal Server Error");
  assertEquals(errors, ["broken", "broken"]);
});

Deno.test("however many ask for what is much work, it is done once for all who wait, and with pauses", async () => {
  class Clock extends FakeClock {
    workedMs = 0;
    override now = () => super.now() + this.workedMs;
  }
  class Status extends ProcessStatus {
    override report() {
      clock.workedMs += 20;
      return super.report();
    }
  }
  const clock = new Clock();
  const status = new Status({ clock, memory: new MemoryBudget(1_000_000), version: "1.2.3" });
  const door = new StatusDoor({ clock, look: () => toldBy(status), rules: () => RULES });
  let answered = 0;
  for (let second = 0; second < 5; second++) {
    for (const path of ["/", "/api/sessions", "/api/events"]) {
      for (let count = 0; count < 10; count++) {
        const [near, far] = duplexPair();
        void door.welcome(near);
        await far.write(new TextEncoder().encode(get(path)));
        void collect(far).then(({ bytes }) => answered += bytes.length > 0 ? 1 : 0);
      }
    }
    await clock.advance(1_000);
  }
  door.close();
  await clock.settle();
  assertEquals(answered, 150);
  // At most five pieces of 20 ms in a second, and one a second for the readers of events.
  assertLessOrEqual(clock.workedMs, 5 * 6 * 20);
});
