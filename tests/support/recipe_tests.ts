/**
 * The tests of recipes: every section of the README and the manual that has some, typed as it is printed, with the
 * programs that it is for; only ports and hosts differ.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Recipes, recipeSections, type Section } from "./recipes.ts";
import { CHECKOUT, type Sandbox } from "./sandbox.ts";
import { type Scenario, scenario } from "./scenario.ts";
import { onUnix, program } from "./skip.ts";
import { LATE_ATTEMPT } from "./tele_process.ts";

/** The sections that have recipes, by their titles. The tests of a kind are `tests/e2e/recipes_KIND_test.ts`. */
export const KINDS = {
  start: ["Install", "The first tunnel, in a minute", "Several tunnels in one process", "As a service"],
  ssh: ["ssh", "A host of `~/.ssh/config`", "ssh by `ProxyCommand`", "How `--stdio` ends"],
  services: [
    "A database",
    "Several services",
    "Services of the client's side",
    "Where users come from",
    "Destinations by SOCKS",
    "Unix sockets",
  ],
  ways: [
    "Through a load balancer",
    "Several servers",
    "Several processes",
    "Through a web server",
    "Through a proxy",
    "By a command",
    "Several paths",
  ],
  fleet: ["Many users, and upgrades"],
  credentials: [
    "Who can connect",
    "A token for each client",
    "With certificates",
    "A certificate for each client",
    "RFD 80 mode: any protocol, kept alive",
  ],
  observe: ["How it goes: `--status`", "Prometheus and Grafana"],
} as const;

/** One of the {@linkcode KINDS}. */
export type Kind = keyof typeof KINDS;

/** Blocks that are not run, by their first line, each with its reason. */
export const NOT_RUN: Record<string, string> = {
  "npx -y deno@2.9.6 task demo": "CI runs both as stages of their own, and this test would run itself",
};

/** All sections with recipes, those that are not run included. */
export const SECTIONS: readonly Section[] = ["README.md", "lib/tunnel/MANUAL.md"].flatMap((path) =>
  recipeSections(Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url)))
);

/** How the recipes of one section are run. */
export interface Runner {
  /** What must be installed. */
  readonly programs: readonly string[];
  /** Whether the section opens something to everyone, as it says there. */
  readonly isOpen?: boolean;
  /** Takes every block, and returns where it ran them. */
  readonly run: (recipes: Recipes, s: Scenario) => Promise<Sandbox>;
}

/** Makes the tests of a kind: its sections, each with how it is run. */
export function testRecipes<Each extends Kind>(kind: Each, runners: Record<typeof KINDS[Each][number], Runner>): void {
  for (const title of KINDS[kind] as readonly (typeof KINDS[Each][number])[]) {
    const runner = runners[title];
    Deno.test({
      name: `the recipes work as printed: ${title}`,
      ...onUnix("sh", "git", ...runner.programs),
      fn: scenario(120_000, (s) => runSection(title, runner, s)),
    });
  }
}

async function runSection(title: string, runner: Runner, s: Scenario): Promise<void> {
  const section = SECTIONS.find((each) => each.title === title);
  assert(section !== undefined, `neither the README nor the manual has recipes below ${title}`);
  const recipes = new Recipes(section);
  const sandbox = await runner.run(recipes, s);
  recipes.end();
  const [open, others] = sandbox.warningsOf("anyone who can reach ");
  assertEquals(open.length > 0, runner.isOpen === true, `what is open to everyone: ${open.join("\n")}`);
  assertEquals(others.filter((line) => !LATE_ATTEMPT.test(line)), [], "a recipe that works warns of nothing");
  if (sandbox.folder !== CHECKOUT) await isIgnoredByGit(s, sandbox.folder);
  await sandbox.stopAll();
}

/** Nobody should find a token or a key in a commit. */
async function isIgnoredByGit(s: Scenario, folder: string): Promise<void> {
  const names = Array.from(Deno.readDirSync(folder), ({ name, isDirectory }) => isDirectory ? `${name}/` : name);
  if (names.length === 0) return;
  const repository = `${s.home}/repository`;
  await Deno.mkdir(repository);
  await Deno.copyFile(`${CHECKOUT}.gitignore`, `${repository}/.gitignore`);
  const git = async (...args: string[]) => {
    const { stdout } = await new Deno.Command(program("git"), { args, cwd: repository, stderr: "inherit" }).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  await git("init", "--quiet");
  assertEquals((await git("check-ignore", "--", ...names)).sort(), names.sort(), "what recipes write is ignored");
}
