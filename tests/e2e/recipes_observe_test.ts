/** Recipes of who watches. */
import { assertEquals } from "@std/assert";
import { readReport } from "../../lib/tunnel/top/report_reader.ts";
import { testRecipes } from "../support/recipe_tests.ts";
import { Sandbox } from "../support/sandbox.ts";
import { echo, UserServer } from "../support/user_programs.ts";

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
});
