/** The version follows the changelog: one entry a release, newest first. */
import { assertEquals, assertThrows } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { readText } from "../../support/source_tree.ts";

/** The versions of a changelog's entries, in its order. */
function versionsOf(changelog: string): string[] {
  return [...changelog.matchAll(/^## (.*)$/gm)].map(([, title], index) => {
    const version = /^(\d+\.\d+\.\d+)( \(unreleased\))?$/.exec(title!);
    if (version === null) throw new Error(`${title} is no version`);
    if (version[2] !== undefined && index > 0) throw new Error(`${title} is not the newest`);
    return version[1]!;
  });
}

/** Whether each version is above the one behind it, by numbers. */
function isDescending(versions: string[]): boolean {
  const weightOf = (version: string) => version.split(".").reduce((sum, part) => 1000 * sum + Number(part), 0);
  return versions.every((version, index) => index === 0 || weightOf(versions[index - 1]!) > weightOf(version));
}

Deno.test("the check of versions finds what it is for", () => {
  assertEquals(versionsOf("# C\n\n## 0.10.0 (unreleased)\n\n### Mended\n\n## 0.9.1\n"), ["0.10.0", "0.9.1"]);
  assertEquals(isDescending(["0.10.0", "0.9.1"]), true);
  assertEquals(isDescending(["0.9.1", "0.10.0"]), false);
  assertEquals(isDescending(["0.9.1", "0.9.1"]), false, "one entry a release");
  assertThrows(() => versionsOf("## Unreleased\n"), Error, "Unreleased is no version");
  assertThrows(() => versionsOf("## 2.0.0\n## 1.0.0 (unreleased)\n"), Error, "is not the newest");
});

Deno.test("the version of deno.json is the changelog's newest, and there is one entry a release", () => {
  const versions = versionsOf(readText("lib/CHANGELOG.md"));
  assertEquals(versions[0], config.version);
  assertEquals(isDescending(versions), true, versions.join(", "));
});
