/** What a tunnel does, and what that means to whoever asks for its health. */
import { assertEquals } from "@std/assert";
import type { TunnelReport, TunnelState } from "../../../../lib/tunnel/status/report.ts";
import { healthProblem, stateOf, worstOf } from "../../../../lib/tunnel/status/tunnel_state.ts";

function tunnel(state: TunnelState, name: string | null = null): TunnelReport {
  return { name, role: "client", state };
}

Deno.test("who has no carrier waits, whether it drains or not", () => {
  const states = [true, false].flatMap((isUp) => [true, false].map((isDraining) => stateOf({ isUp, isDraining })));
  assertEquals(states, ["draining", "serving", "waiting", "waiting"]);
});

Deno.test("the worst of several states counts, and none is no problem", () => {
  assertEquals([worstOf(["serving", "draining", "waiting"]), worstOf(["serving", "draining"]), worstOf([])], [
    "waiting",
    "draining",
    "serving",
  ]);
});

Deno.test("one that drains is healthy and not ready, one that waits is neither", () => {
  assertEquals(healthProblem([tunnel("serving")], "ready"), undefined);
  assertEquals(healthProblem([tunnel("draining")], "healthy"), undefined);
  assertEquals(healthProblem([tunnel("draining")], "ready"), "this tele process drains, and takes nothing new");
  const waits = "this tele client has no connection to its tele server";
  assertEquals([healthProblem([tunnel("waiting")], "healthy"), healthProblem([tunnel("waiting")], "ready")], [
    waits,
    waits,
  ]);
});

Deno.test("of several tunnels those that have a problem are named", () => {
  const tunnels = [tunnel("serving", "a"), tunnel("waiting", "b"), tunnel("draining", "c")];
  assertEquals(
    healthProblem(tunnels, "ready"),
    "tunnel b has no connection to its tele server; tunnel c drains, and takes nothing new",
  );
});
