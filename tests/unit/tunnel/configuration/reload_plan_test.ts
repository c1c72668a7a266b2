import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { planReload, tellPlan } from "../../../../lib/tunnel/configuration/reload_plan.ts";
import { serverEntry } from "../../../support/tunnel_entries.ts";

Deno.test("what is equal is kept, in whatever order, and the rest is changed, new or gone", () => {
  const running = [serverEntry("a", 1), serverEntry("b", 2), serverEntry("c", 3)];
  const plan = planReload(running, [serverEntry("d", 4), serverEntry("c", 3), serverEntry("b", 9)]);
  assertEquals(tellPlan(plan), "kept c, changed b, new d, gone a");
  assertEquals(tellPlan(planReload(running, running)), "kept a and b and c");
});

Deno.test("each tunnel is in one list: what is kept and gone is as it runs, all else as it is wanted", () => {
  const entries = fc.uniqueArray(
    fc.record({ name: fc.constantFrom("a", "b", "c", "d"), port: fc.integer({ min: 1, max: 3 }) }),
    {
      selector: ({ name }) => name,
    },
  ).map((all) => all.map(({ name, port }) => serverEntry(name, port)));
  fc.assert(
    fc.property(entries, entries, (running, wanted) => {
      const { kept, changed, added, removed } = planReload(running, wanted);
      const names = (all: { name: string }[]) => all.map(({ name }) => name).sort();
      assertEquals(names([...kept, ...changed, ...added]), names(wanted));
      assertEquals(names([...kept, ...changed, ...removed]), names(running));
      const inOf = (all: typeof running, name: string) =>
        JSON.stringify(all.find((entry) => entry.name === name)?.command.options.in);
      for (const { name } of kept) assertEquals(inOf(running, name), inOf(wanted, name));
      for (const { name } of changed) assertEquals(inOf(running, name) === inOf(wanted, name), false);
    }),
    { numRuns: 50 },
  );
});
