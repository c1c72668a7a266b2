/** The simulated fleet: its command line, its arithmetic, and a short run of the real code. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { joinCosts } from "../../../scripts/fleet/join_cost.ts";
import { play } from "../../../scripts/fleet/main.ts";
import { type FleetRunOptions, parseFleetOptions } from "../../../scripts/fleet/options.ts";
import { joinBytes, largestShare, passedShare, roll } from "../../../scripts/fleet/paper.ts";
import { type SceneResult, table } from "../../../scripts/fleet/report.ts";
import { UsageError } from "../../../scripts/usage_error.ts";
import { canSimulate } from "../../sim/clock.ts";

Deno.test("the options of deno task fleet", () => {
  const defaults = parseFleetOptions([])!;
  assertEquals([defaults.servers, defaults.sessions, defaults.carriers, defaults.seenAs], [50, 100_000, 1, "balancer"]);
  assertEquals(defaults.scenes, ["connect", "cut", "roll", "restart", "lose"]);
  assertEquals(parseFleetOptions(["--scene=lose,cut"])!.scenes, ["connect", "cut", "lose"]);
  assertEquals(parseFleetOptions(["--help"]), undefined);
  const wrong: [arg: string, says: string][] = [
    ["--servers=1", "--servers takes a whole number from 2 to 1000"],
    ["--carriers=10", "--carriers takes a whole number from 1 to 9"],
    ["--spread=10", "--spread takes a duration, for example --spread=10s"],
    ["--scene=crash", '--scene takes some of connect, cut, roll, restart, lose, memory; "crash" is none of them'],
    ["--seen-as=me", "--seen-as takes balancer or client"],
    ["--sessions=10", "--busy=1000 are more conversations than --sessions=10 can have"],
    ["--server=3", "the nearest is --servers"],
  ];
  for (const [arg, says] of wrong) assertThrows(() => parseFleetOptions([arg]), UsageError, says);
});

Deno.test("on paper a rolling restart of 50 servers piles up e times the mean on the last one", () => {
  const { drained, left } = roll({ servers: 50, sessions: 100_000, carriers: 1, isCut: false });
  assertAlmostEquals(drained[49], 2000 * (50 / 49) ** 49, 1e-6);
  assertAlmostEquals(left.reduce((all, some) => all + some), 100_000, 1e-6);
  assertEquals([passedShare(50), Math.round(largestShare(50, 100_000))], [0.98, 2125]);
});

/** A fleet that is small enough for a test. */
function small(args: readonly string[]): FleetRunOptions {
  return parseFleetOptions(["--servers=3", "--sessions=12", "--busy=3", "--stays=2s", "--spread=500ms", ...args])!;
}

Deno.test({
  name: "a join costs on the wire what it costs on paper",
  ignore: !canSimulate,
  async fn() {
    const { first, direct, passed } = await joinCosts(small([]));
    const { words } = joinBytes("10.254.0.1:1026".length, "10.0.0.0:40301".length);
    assertEquals(passed.nodes.bytes - passed.carriers.bytes, words);
    assertEquals([first.tookMs, direct.tookMs, passed.tookMs], [60, 60, 62.25]);
    assertEquals([first.nodes.wires, direct.nodes.wires, passed.nodes.wires], [0, 0, 1]);
  },
});

Deno.test({
  name: "a small fleet bears all that happens to it, the same way for the same seed",
  ignore: !canSimulate,
  async fn() {
    const results: SceneResult[] = [];
    const options = small(["--carriers=2", "--scene=cut,roll", "--seed=7"]);
    assert(await play(options, (result) => results.push(result)), JSON.stringify(results));
    const again: SceneResult[] = [];
    await play(options, (result) => again.push(result));
    assertEquals(again.map(table), results.map(table));
    const ran = (scene: number, what: string) => results[scene].rows.find((row) => row.what === what)?.run;
    assertEquals(ran(0, "sessions"), "12");
    assertEquals(ran(1, "connections that the balancer saw"), "24");
    assertEquals(ran(2, "conversations cut"), "0");
  },
});

Deno.test({
  name: "a machine that is lost cuts nobody, and its clients go on elsewhere",
  ignore: !canSimulate,
  async fn() {
    const results: SceneResult[] = [];
    assert(await play(small(["--scene=lose"]), (result) => results.push(result)), JSON.stringify(results));
    const lost = results[1];
    assertEquals(lost.rows.find(({ what }) => what === "conversations of other users cut")?.run, "0");
    assert(lost.rows.some(({ what }) => what === "its sessions without a carrier for"));
  },
});
