/** Names with several addresses: RFC 8305 over invented ones, and over real sockets. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { addressesOf, inTurn, race } from "../../../lib/net/race.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** Addresses that answer, fail or stay silent after so many milliseconds of a fake clock. */
class Internet {
  readonly clock = new FakeClock();
  /** Who was tried, and when. */
  readonly tried: [address: string, atMs: number][] = [];
  /** Who was given up, or closed unused. */
  readonly dropped: string[] = [];
  readonly #beganAt = this.clock.now();
  readonly #fates: Record<string, { afterMs: number; error?: Error }>;

  constructor(fates: Record<string, { afterMs: number; error?: Error }>) {
    this.#fates = fates;
  }

  race(signal?: AbortSignal): Promise<{ address: string; close(): void }> {
    const connect = (address: string, signal: AbortSignal | undefined) => this.#connect(address, signal);
    return race(Object.keys(this.#fates), connect, this.clock, signal);
  }

  get elapsedMs(): number {
    return this.clock.now() - this.#beganAt;
  }

  #connect(address: string, signal: AbortSignal | undefined): Promise<{ address: string; close(): void }> {
    this.tried.push([address, this.elapsedMs]);
    const { afterMs, error } = this.#fates[address]!;
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => this.dropped.push(address), { once: true });
      const settle = () => error === undefined ? resolve({ address, close: () => {} }) : reject(error);
      if (afterMs < Infinity) this.clock.setTimer(settle, afterMs);
    });
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

Deno.test("a race: a dead family costs a quarter of a second, however long the way is", async () => {
  for (const afterMs of [20, 600, 3_000, 20_000]) {
    const internet = new Internet({ "2001:db8::1": { afterMs: Infinity }, "192.0.2.1": { afterMs } });
    const racing = internet.race();
    await internet.clock.advance(250 + afterMs);
    assertEquals((await racing).address, "192.0.2.1");
    assertEquals(internet.tried, [["2001:db8::1", 0], ["192.0.2.1", 250]]);
    assert(internet.dropped.includes("2001:db8::1"), "the other attempt is given up");
    assertEquals(internet.clock.pendingTimers, 0);
  }
});

Deno.test("a race: an early answer is the only attempt, a refusal brings the next at once", async () => {
  const quick = new Internet({ "::1": { afterMs: 200 }, "192.0.2.1": { afterMs: 1 } });
  const won = quick.race();
  await quick.clock.advance(200);
  assertEquals([(await won).address, quick.tried.length], ["::1", 1]);
  const refused = new Internet({ "::1": { afterMs: 10, error: failure("ECONNREFUSED") }, "192.0.2.1": { afterMs: 5 } });
  const second = refused.race();
  await refused.clock.advance(15);
  assertEquals([(await second).address, refused.tried], ["192.0.2.1", [["::1", 0], ["192.0.2.1", 10]]]);
});

Deno.test("a race: a slow first one goes on beside the others, and whoever comes too late is closed", async () => {
  const internet = new Internet({ "::1": { afterMs: 800 }, "192.0.2.1": { afterMs: 900 }, "::2": { afterMs: 400 } });
  const racing = internet.race();
  await internet.clock.advance(2_000);
  assertEquals((await racing).address, "::1");
  assertEquals(internet.tried.map(([, atMs]) => atMs), [0, 250, 500]);
});

Deno.test("a race: what is told is what somebody said, not that there is no way to the other family", async () => {
  const fates = {
    "::1": { afterMs: 1, error: failure("ENETUNREACH") },
    "192.0.2.1": { afterMs: 1, error: failure("ECONNREFUSED") },
    "::2": { afterMs: 1, error: failure("EHOSTUNREACH") },
  };
  const internet = new Internet(fates);
  const racing = assertRejects(() => internet.race(), Error, "ECONNREFUSED");
  await internet.clock.advance(10);
  await racing;
  const { "192.0.2.1": _, ...nowhere } = fates;
  const lost = new Internet(nowhere);
  const losing = assertRejects(() => lost.race(), Error, "ENETUNREACH");
  await lost.clock.advance(10);
  await losing;
});

Deno.test("a race that is given up ends all attempts", async () => {
  const internet = new Internet({ "::1": { afterMs: Infinity }, "192.0.2.1": { afterMs: Infinity } });
  const giveUp = new AbortController();
  const racing = assertRejects(() => internet.race(giveUp.signal), Error, "enough");
  await internet.clock.advance(300);
  giveUp.abort(new Error("enough"));
  await racing;
  assertEquals(internet.dropped, ["::1", "192.0.2.1"]);
  assertEquals(internet.clock.pendingTimers, 0);
  await assertRejects(() => internet.race(AbortSignal.abort(new Error("before"))), Error, "before");
});

Deno.test("families take turns, an address stays as it is, and a name has its own", async () => {
  assertEquals(inTurn(["1.1.1.1", "1.1.1.2", "::1"]), ["1.1.1.1", "::1", "1.1.1.2"]);
  assertEquals(inTurn(["::1", "1.1.1.1", "1.1.1.2", "1.1.1.3"]), ["::1", "1.1.1.1", "1.1.1.2", "1.1.1.3"]);
  assertEquals(inTurn(["::1"]), ["::1"]);
  assertEquals(await addressesOf("fe80::1%eth0"), ["fe80::1%eth0"]);
  assert((await addressesOf("localhost")).some((address) => address === "127.0.0.1" || address === "::1"));
});
