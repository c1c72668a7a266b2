/** Recipes of who watches: a real Prometheus reads a real tele, by the rules of scripts/observe. */
import { assert, assertEquals } from "@std/assert";
import { readReport } from "../../lib/tunnel/top/report_reader.ts";
import { readRules } from "../support/observed.ts";
import { withToken } from "../support/recipe_parts.ts";
import { testRecipes } from "../support/recipe_tests.ts";
import { CHECKOUT, Sandbox } from "../support/sandbox.ts";
import { program } from "../support/skip.ts";
import { echo, freePort, UserServer } from "../support/user_programs.ts";
import { pause, within } from "../support/wait.ts";

testRecipes("observe", {
  "How it goes: `--status`": {
    programs: ["curl"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await sandbox.run({ language: "sh", text: "tele --server --in=:22 --out=:40300" });
      await sandbox.run(recipes.next("tele --client --in=:2222"));
      const report = readReport(await sandbox.run(recipes.next("curl http://localhost:40380/api/sessions")));
      assertEquals([report.role, report.tunnels.length], ["client", 1]);
      return sandbox;
    },
  },

  "Prometheus and Grafana": {
    programs: ["prometheus", "promtool"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      await sandbox.run({ language: "sh", text: "tele --server --in=:22 --out=:40300 --token-file=token" });
      await sandbox.run(recipes.next("tele --client --in=:2222"));
      // Everything that the recipe leaves behind is in the home: no checkout has it.
      const folder = `${sandbox.home}/prometheus`;
      await Deno.mkdir(folder);
      await sandbox.configure(`${folder}/prometheus.yml`, recipes.next("rule_files:"));
      await Deno.copyFile(`${CHECKOUT}scripts/observe/tele.rules.yml`, `${folder}/tele.rules.yml`);
      await sandbox.provide("promtool", `cd '${folder}' && exec '${program("promtool")}' "$@"`);
      await sandbox.run(recipes.next("promtool check config prometheus.yml"));

      const port = freePort();
      const flags = `--config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:${port}`;
      // Once a second, not once a minute.
      const config = await Deno.readTextFile(`${folder}/prometheus.yml`);
      await Deno.writeTextFile(`${folder}/prometheus.yml`, `global: { scrape_interval: 1s }\n${config}`);
      sandbox.start(`cd '${folder}' && exec '${program("prometheus")}' ${flags}`);
      const ask = async (path: string) => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`).catch(() => undefined);
        return answer?.ok ? (await answer.json()).data : (await answer?.body?.cancel(), undefined);
      };
      const query = encodeURIComponent('tele_tunnel_up{job="tele"} == 1');
      const scraped = async () => {
        while ((await ask(`query?query=${query}`))?.result.length !== 1) await pause(100);
      };
      await within(scraped(), 20_000, "a client that Prometheus has read");
      const { groups } = await ask("rules");
      const rules = groups.flatMap(({ rules }: { rules: { name: string; health: string }[] }) => rules);
      assertEquals(rules.map(({ name }: { name: string }) => name), readRules().map(({ alert }) => alert));
      assert(rules.every(({ health }: { health: string }) => health !== "err"), JSON.stringify(rules));
      return sandbox;
    },
  },
});
