/** What `tele service` writes, read by those it is written for: systemd, and parsers of property lists and XML. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { launchdPlist } from "../../lib/tunnel/service/launchd_plist.ts";
import { isMarked } from "../../lib/tunnel/service/marked_text.ts";
import { scheduledTask } from "../../lib/tunnel/service/scheduled_task.ts";
import type { Service } from "../../lib/tunnel/service/service.ts";
import { systemdUnit } from "../../lib/tunnel/service/systemd_unit.ts";
import { exampleService } from "../support/example_service.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import { teleCommand } from "../support/tele_process.ts";
import { denoDir } from "../support/tele_program.ts";
import { freePort } from "../support/user_programs.ts";
import { within } from "../support/wait.ts";

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(words: string[], env: Record<string, string> = {}): Promise<Ended> {
  const [first = "", ...args] = words;
  const running = new Deno.Command(first, { args, env: { ...env, NO_COLOR: "1" }, stdin: "null" }).output();
  const { code, stdout, stderr } = await within(running, 40_000, words.join(" "));
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

async function tele(s: Scenario, ...args: string[]): Promise<Ended> {
  const { command, env } = await teleCommand({ role: "config", args, home: s.home });
  return await run(command, env);
}

function server(name: string, out: number): string {
  return `[[tunnel]]\nname = "${name}"\nrole = "server"\nin = ":22"\nout = "127.0.0.1:${out}"\n`;
}

Deno.test({
  name: "systemd finds no mistake in any unit, and those of the system little exposed",
  ...requires("systemd-analyze"),
  fn: scenario(120_000, async (s) => {
    // What systemd-analyze calls the exposure, times ten: 19 and 22 where systemd 252 calls 50 medium.
    const units: [Partial<Service>, number][] = [
      [{}, 75],
      [{ account: { kind: "dynamic" } }, 25],
      [{ account: { kind: "user", uid: 1001 }, writes: ["/run/tele x"] }, 25],
      [{ account: { kind: "user", uid: 0 }, startsCommands: true, cacheHome: "/root" }, 30],
    ];
    for (const [changes, threshold] of units) {
      const file = `${s.home}/tele.service`;
      await Deno.writeTextFile(
        file,
        systemdUnit(exampleService({ words: ["/bin/true", "--config=/100%"], ...changes })),
      );
      const analyze = [program("systemd-analyze"), ...changes.account === undefined ? ["--user"] : []];
      const verified = await run([...analyze, "verify", file], { XDG_RUNTIME_DIR: s.home });
      assertEquals([verified.code, verified.stderr], [0, ""]);
      const security = [program("systemd-analyze"), "security", "--offline=yes", `--threshold=${threshold}`, file];
      const judged = await run(security);
      assertEquals(judged.code, 0, judged.stdout);
    }
  }),
});

Deno.test({
  name: "Python reads the property list and the task as they were meant",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const words = ["/opt/R&D <ä>/tele", '--config=/etc/"x y".toml'];
    await Deno.writeTextFile(`${s.home}/p`, launchdPlist(exampleService({ words }), { home: "/Users/ä", uid: 501 }));
    await Deno.writeTextFile(`${s.home}/t`, scheduledTask(exampleService({ words }), "PC\\ä"));
    const script = "import json, plistlib, sys, xml.etree.ElementTree as tree\n" +
      "read = plistlib.load(open(sys.argv[1], 'rb'))\n" +
      "task = {e.tag.split('}')[1]: e.text for e in tree.parse(sys.argv[2]).iter()}\n" +
      "print(json.dumps([read, task]))";
    const { code, stdout, stderr } = await run([program("python3"), "-c", script, `${s.home}/p`, `${s.home}/t`]);
    assertEquals([code, stderr], [0, ""]);
    const [list, task] = JSON.parse(stdout);
    assertEquals([list.ProgramArguments, list.Label, list.KeepAlive, list.Umask], [words, "tele", true, 0o77]);
    assertEquals(list.StandardErrorPath, "/Users/ä/Library/Logs/tele.log");
    assertEquals([task.Command, task.UserId, task.ExecutionTimeLimit], [words[0], "PC\\ä", "PT0S"]);
    assertEquals(task.Arguments, '"--config=/etc/\\"x y\\".toml"');
  }),
});

Deno.test(
  "a configuration with a mistake, a token in the environment and a relative path end with 1 before anything is written",
  scenario(60_000, async (s) => {
    const file = `${s.home}/tele.toml`;
    const install = async (text: string, ...args: string[]) => {
      await Deno.writeTextFile(file, text);
      return await tele(s, "service", "install", `--config=${file}`, ...args);
    };
    const mistake = await install(server("a", 1).replace("out", "otu"));
    assertEquals([mistake.code, mistake.stdout], [1, ""]);
    assertStringIncludes(mistake.stderr, `${file}:5:1: unknown key otu`);
    const relative = await install(`token-file = "token"\n${server("a", 1)}`, "--dry-run");
    assertStringIncludes(relative.stderr, 'tunnel a: token-file = "token" depends on the folder');
    const missing = await install(`token-file = "${s.home}/token"\n${server("a", 1)}`, "--dry-run");
    assertStringIncludes(missing.stderr, `${file} names ${s.home}/token, which is not there`);
    const { command, env } = await teleCommand({ role: "config", args: ["service", "install"], home: s.home });
    const token = await run([...command, `--config=${file}`, "--dry-run"], { ...env, TELE_TOKEN: "secret" });
    assertEquals([token.code, token.stdout], [1, ""]);
    assertStringIncludes(token.stderr, "TELE_TOKEN is set here, and a service does not see it");
    const usage = await tele(s, "service", "install");
    assertEquals([usage.code, usage.stdout], [2, ""]);
    assertStringIncludes((await tele(s, "service", "--help")).stdout, "tele service install --config=FILE");
  }),
);

/**
 * In namespaces of its own: a systemd as a user has it, which knows one unit. It makes that ready, reloads it when the
 * configuration has another tunnel, and ends it.
 */
const SYSTEMD = `
set -e
mount -t tmpfs none /run
mkdir -p /run/user/0 /run/systemd/system /run/systemd/inaccessible/dir
(cd /run/systemd/inaccessible; touch reg sock; mkfifo fifo; mknod chr c 0 0; mknod blk b 0 0; chmod 0 *)
export XDG_RUNTIME_DIR=/run/user/0 HOME="$1" XDG_CONFIG_HOME="$1/config" SYSTEMD_UNIT_PATH="$1/units"
/lib/systemd/systemd --user >"$1/systemd.log" 2>&1 &
for attempt in 1 2 3 4 5 6 7 8 9 10; do systemctl --user is-system-running >/dev/null 2>&1 && break; sleep 0.5; done
show() { systemctl --user show tele -p ActiveState -p StatusText -p Result | sort | paste -sd" "; }
systemctl --user start tele
show
cat "$1/more.toml" >>"$1/tele.toml"
systemctl --user reload tele
for attempt in 1 2 3 4 5 6 7 8 9 10; do show | grep -q "2 of 2" && break; sleep 0.5; done
show
systemctl --user stop tele
show | sed "s/StatusText=.*//"
`;

Deno.test({
  name: "systemd itself starts, reloads and ends the service that is installed, in the whole sandbox of the unit",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 || requires("systemctl", "unshare").ignore,
  fn: scenario(60_000, async (s) => {
    const [file, units] = [`${s.home}/tele.toml`, `${s.home}/units`];
    await Deno.writeTextFile(file, server("first", freePort()));
    await Deno.writeTextFile(`${s.home}/more.toml`, server("second", freePort()));
    const { code, stdout, stderr } = await tele(s, "service", "install", `--config=${file}`, "--dry-run");
    assertEquals([code, stderr], [0, ""]);
    const unit = /^writes \S+tele\.service:\n((?: {2}.*\n|\n)*)/m.exec(stdout)?.[1]?.replace(/^ {2}/gm, "") ?? "";
    assert(isMarked(unit), stdout);
    await Deno.mkdir(units);
    // The service finds Deno's cache in its home folder.
    await Deno.mkdir(`${s.home}/.cache`);
    await Deno.symlink(await denoDir(), `${s.home}/.cache/deno`);
    await Deno.writeTextFile(`${units}/tele.service`, unit);
    for (const name of ["basic.target", "shutdown.target", "default.target"]) {
      await Deno.writeTextFile(`${units}/${name}`, "[Unit]\nDefaultDependencies=no\n");
    }
    const namespaces = [program("unshare"), "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];
    const seen = await run([...namespaces, "bash", "-c", SYSTEMD, "bash", s.home]);
    assertEquals(seen.stdout.split("\n"), [
      "ActiveState=active Result=success StatusText=1 of 1 tunnels run",
      "ActiveState=active Result=success StatusText=2 of 2 tunnels run",
      // What it said last systemd forgets with the unit, sooner or later.
      "ActiveState=inactive Result=success ",
      "",
    ], seen.stderr + await Deno.readTextFile(`${s.home}/systemd.log`));
  }),
});
