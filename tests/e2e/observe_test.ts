/** What `scripts/observe` has for Prometheus and Grafana is what Prometheus itself takes. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { dashboardQueries, OBSERVE, readDashboard, readRules } from "../support/observed.ts";
import { program, requires } from "../support/skip.ts";
import { readText, ROOT } from "../support/source_tree.ts";

const FOLDER = fileURLToPath(new URL(OBSERVE, ROOT));

/** Runs promtool with its files below `folder`. */
async function promtool(folder: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const command = new Deno.Command(program("promtool"), { args, cwd: folder, stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test({
  name: "promtool takes the alert rules, and each fires when it should",
  ...requires("promtool"),
  async fn() {
    const checked = await promtool(FOLDER, "check", "rules", "tele.rules.yml");
    assertEquals(checked.code, 0, checked.text);
    const tested = await promtool(FOLDER, "test", "rules", "tele.rules.test.yml");
    assertEquals(tested.code, 0, tested.text);
    // An alert that no test makes fire could be one that never does.
    const tests = readText(`${OBSERVE}/tele.rules.test.yml`);
    for (const { alert } of readRules()) {
      assert(new RegExp(`alertname: ${alert}\\n +exp_alerts:\\n`).test(tests), `${alert} is made to fire by no test`);
    }
  },
});

Deno.test({
  name: "promtool takes each query of the dashboard, and would not take any",
  ...requires("promtool"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const check = async (queries: readonly string[]) => {
      const rules = queries.map((expr, at) => ({ record: `query:${at}`, expr }));
      // JSON is YAML.
      await Deno.writeTextFile(`${folder}/queries.yml`, JSON.stringify({ groups: [{ name: "queries", rules }] }));
      return await promtool(folder, "check", "rules", "queries.yml");
    };
    try {
      const queries = dashboardQueries(readDashboard());
      assert(queries.length > 20, `${queries.length} queries`);
      const { code, text } = await check(queries);
      assertEquals(code, 0, text);
      const wrong = await check(["sum by (le) rate(a[5m]"]);
      assertEquals(wrong.code, 1);
      assertStringIncludes(wrong.text, "could not parse expression");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
