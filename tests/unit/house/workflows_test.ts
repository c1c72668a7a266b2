/** The workflows, which only run elsewhere: what they name is in this tree. */
import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/yaml";
import config from "../../../deno.json" with { type: "json" };
import { isThere, readText, treeFiles } from "../../support/source_tree.ts";

/** A workflow, as far as this test looks at it. */
interface Workflow {
  readonly jobs: Readonly<Record<string, { needs?: string | string[]; steps: readonly { run?: string }[] }>>;
}

/** What a workflow names and `isKnown` does not know: jobs, tasks, and files of this tree. */
function unknownOf(text: string, isKnown: (path: string) => boolean): string[] {
  const { jobs } = parse(text) as Workflow;
  const commands = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run = "" }) => run));
  const tasks = commands.flatMap((command) => Array.from(command.matchAll(/\bdeno task (\w+)/g), ([, name]) => name!));
  const words = commands.flatMap((command) => command.split(/[\s"'=()]+/));
  return [
    ...Object.values(jobs).flatMap(({ needs = [] }) => needs).filter((name) => !(name in jobs)),
    ...tasks.filter((name) => !(name in config.tasks)),
    ...words.filter((word) => /^(scripts|tests|lib|\.ci)\//.test(word) && !isKnown(word)),
  ];
}

Deno.test("the check of workflows finds a job, a task and a file that are not there", () => {
  const workflow = `
jobs:
  first:
    steps:
      - run: deno task check
      - run: |
          deno task chekc
          docker build --file=scripts/none/Dockerfile "tests/there.ts" dist
  second: { needs: [first, third], steps: [{ uses: some/action@v1 }] }
`;
  const unknown = unknownOf(workflow, (path) => path === "tests/there.ts");
  assertEquals(unknown, ["third", "chekc", "scripts/none/Dockerfile"]);
});

Deno.test("the jobs, tasks and files that the workflows name are there", () => {
  const paths = treeFiles().filter((path) => /^\.github\/workflows\/.*\.yml$/.test(path));
  assert(paths.length >= 2, "workflows are found");
  assertEquals(paths.flatMap((path) => unknownOf(readText(path), isThere)), []);
});
