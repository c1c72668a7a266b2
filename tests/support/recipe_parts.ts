/**
 * Parts of recipes that several of them need.
 *
 * @module
 */
import { SECTIONS } from "./recipe_tests.ts";
import { Recipes } from "./recipes.ts";
import { Sandbox } from "./sandbox.ts";
import { program } from "./skip.ts";
import type { Sshd } from "./sshd.ts";
import { connectTo, roundTrip } from "./user_programs.ts";

/** What is typed into a shell at the other end, whose answer nobody knows without one. */
export const ASK_THE_SHELL = "echo the answer is $((6 * 7))\nexit\n";

/** The recipes of another section, of which one is needed. */
export function recipesOf(title: string): Recipes {
  return new Recipes(SECTIONS.find((section) => section.title === title)!);
}

/** A folder with a token in it, made as the README says. */
export async function withToken(sandbox: Sandbox): Promise<void> {
  await sandbox.run(recipesOf("Who can connect").next("(umask 077; tele --make-token"));
}

/** Lets the `ssh` of recipes find this test's sshd, key and configuration: it takes no other home than the user's. */
export async function provideSsh(sandbox: Sandbox, sshd: Sshd): Promise<string> {
  const folder = `${sandbox.home}/.ssh`;
  await Deno.mkdir(folder);
  const identity = sshd.options[sshd.options.indexOf("-i") + 1];
  await sandbox.provide(
    "ssh",
    `exec '${
      program("ssh")
    }' -F '${folder}/config' -i '${identity}' -o BatchMode=yes -o StrictHostKeyChecking=accept-new ` +
      `-o UserKnownHostsFile='${folder}/known_hosts' -o LogLevel=ERROR "$@"`,
  );
  await Deno.writeTextFile(`${folder}/config`, "");
  return `${folder}/config`;
}

/** What is sent to a port comes back. */
export async function echoesAt(port: number): Promise<void> {
  using connection = await connectTo(port);
  await roundTrip(connection, "a line that comes back\n");
}
