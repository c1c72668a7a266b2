/** Users are dialled when their streams' step is over, and not for streams that are. */
import { assertEquals } from "@std/assert";
import { ResetCode } from "../../../lib/mux/mux_constants.ts";
import { type DialledStream, StreamDials, type Wanted } from "../../../lib/mux/stream_dials.ts";
import { UnreachedError } from "../../../lib/mux/unreached_error.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const DB: Wanted = { service: "db", tokenName: "alice" };

/** Dials that the test answers. */
function setUp() {
  const dialled: (PromiseWithResolvers<Duplex> & { signal: AbortSignal; wanted: Wanted })[] = [];
  const dials = new StreamDials(new FakeClock(), (signal, wanted) => {
    dialled.push({ ...Promise.withResolvers<Duplex>(), signal, wanted });
    return dialled.at(-1)!.promise;
  });
  const told: string[] = [];
  const stream: DialledStream & { isEnded: boolean } = {
    isEnded: false,
    attachUser: (user) => void told.push(`attached to ${user.peer}`),
    reset: (code, message) => void told.push(`reset ${code}: ${message}`),
  };
  return { dials, dialled, told, stream };
}

Deno.test("a stream gets its user when that is there", async () => {
  const { dials, dialled, told, stream } = setUp();
  dials.add(stream, DB);
  assertEquals(dialled.length, 0, "its step is not over");
  dials.dialDue();
  dials.dialDue();
  assertEquals([dialled.length, dialled[0].wanted], [1, DB]);
  const user = duplexPair()[0];
  dialled[0].resolve(user);
  await settle();
  assertEquals(told, [`attached to ${user.peer}`]);
  dials.ended(stream, true);
  assertEquals(dialled[0].signal.aborted, false, "that is over");
});

Deno.test("a user that cannot be reached resets its stream, with the reason", async () => {
  const { dials, dialled, told, stream } = setUp();
  dials.add(stream, DB);
  dials.dialDue();
  dialled[0].reject(new Error("connection refused"));
  await settle();
  assertEquals(told, [`reset ${ResetCode.refused}: connection refused`]);
});

Deno.test("a dial is given up when its stream is over, and none begins for one that is", () => {
  const { dials, dialled, stream } = setUp();
  dials.add(stream, DB);
  dials.dialDue();
  dials.ended(stream, false);
  assertEquals(dialled[0].signal.aborted, true);
  dials.add({ ...stream, isEnded: true }, DB);
  dials.dialDue();
  assertEquals(dialled.length, 1);
});

Deno.test("behind a stop nobody is dialled", () => {
  const { dials, dialled, stream } = setUp();
  dials.add(stream, DB);
  dials.stop();
  dials.dialDue();
  assertEquals(dialled.length, 0);
});

Deno.test("how a user was not reached is told by its code", async () => {
  const { dials, dialled, told, stream } = setUp();
  dials.add(stream, DB);
  dials.dialDue();
  dialled[0].reject(new UnreachedError(ResetCode.silent, "connection timed out"));
  await settle();
  assertEquals(told, [`reset ${ResetCode.silent}: connection timed out`]);
});
