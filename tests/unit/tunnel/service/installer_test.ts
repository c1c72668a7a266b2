import { assert, assertEquals, assertRejects } from "@std/assert";
import { Installer, type ServiceHost } from "../../../../lib/tunnel/service/installer.ts";
import { taskPlan } from "../../../../lib/tunnel/service/scheduled_task.ts";
import { systemdPlan, systemdUnit } from "../../../../lib/tunnel/service/systemd_unit.ts";
import { exampleService } from "../../../support/example_service.ts";

const PLAN = systemdPlan("tele", "/home/a");
const UNIT = systemdUnit(exampleService());

/** A machine in memory. */
class Machine implements ServiceHost {
  readonly files = new Map<string, string>();
  /** What was done, in order. */
  readonly done: string[] = [];
  readonly said: string[] = [];
  /** A command that begins so fails. */
  fails = "nothing";

  read(path: string): Promise<string | undefined> {
    return Promise.resolve(this.files.get(path));
  }

  write(path: string, text: string): Promise<void> {
    this.done.push(`write ${path}`);
    this.files.set(path, text);
    return Promise.resolve();
  }

  remove(path: string): Promise<void> {
    this.done.push(`remove ${path}`);
    this.files.delete(path);
    return Promise.resolve();
  }

  run(words: readonly string[]): Promise<number> {
    this.done.push(words.join(" "));
    return Promise.resolve(words.join(" ").startsWith(this.fails) ? 5 : 0);
  }

  say(line: string): Promise<void> {
    this.said.push(line);
    return Promise.resolve();
  }
}

Deno.test("a service is written, begun, begun again with another text, and removed without a trace", async () => {
  const machine = new Machine();
  const installer = new Installer(PLAN, machine, false);
  await installer.install(UNIT);
  const begin = [
    `write ${PLAN.file}`,
    "systemctl --user daemon-reload",
    "systemctl --user enable tele.service",
    "systemctl --user restart tele.service",
  ];
  assertEquals(machine.done.splice(0), begin);
  await installer.install(systemdUnit(exampleService({ words: ["/opt/other"] })));
  assertEquals(machine.done.splice(0), begin);
  assertEquals(await installer.status(), true);
  await installer.remove();
  assertEquals(machine.done, [
    "systemctl --user status --no-pager tele.service",
    "systemctl --user disable --now tele.service",
    `remove ${PLAN.file}`,
    "systemctl --user daemon-reload",
  ]);
  assertEquals(machine.files.size, 0);
});

Deno.test("all that is written and run is told, and in a dry run nothing else happens", async () => {
  const [real, dry] = [new Machine(), new Machine()];
  await new Installer(PLAN, real, false).install(UNIT);
  await new Installer(PLAN, dry, true).install(UNIT);
  assertEquals(dry.said, real.said);
  assertEquals([dry.done, dry.files.size], [[], 0]);
  const told = dry.said.join("\n");
  for (const line of UNIT.trimEnd().split("\n")) assert(told.includes(line), line);
  for (const words of PLAN.begin) assert(told.includes(`runs ${words.join(" ")}`), words.join(" "));
  await new Installer(PLAN, real, true).remove();
  assertEquals(real.files.get(PLAN.file), UNIT);
});

Deno.test("a file that tele did not write, or that was changed, is neither overwritten nor removed", async () => {
  for (const text of ["[Service]\nExecStart=/bin/mine\n", UNIT.replace("WatchdogSec=60", "WatchdogSec=5")]) {
    const machine = new Machine();
    machine.files.set(PLAN.file, text);
    const installer = new Installer(PLAN, machine, false);
    await assertRejects(() => installer.install(UNIT), Error, "is not as tele service wrote it, so it is left alone");
    await assertRejects(() => installer.remove(), Error, "is left alone");
    assertEquals([machine.files.get(PLAN.file), machine.done], [text, []]);
  }
});

Deno.test("where no service is installed, there is none to remove or to show", async () => {
  const installer = new Installer(PLAN, new Machine(), false);
  await assertRejects(() => installer.remove(), Error, `no such service is installed: there is no ${PLAN.file}`);
  await assertRejects(() => installer.status(), Error, "no such service is installed");
});

Deno.test("a command that fails ends the installation and is named, and one of status tells how it is", async () => {
  const machine = new Machine();
  machine.fails = "systemctl --user enable";
  const installer = new Installer(PLAN, machine, false);
  await assertRejects(() => installer.install(UNIT), Error, "enable tele.service failed with code 5");
  assertEquals(machine.done.at(-1), "systemctl --user enable tele.service");
  machine.fails = "systemctl --user status";
  assertEquals(await installer.status(), false);
});

Deno.test("a system that cannot begin a service again ends it first, by its former text", async () => {
  const machine = new Machine();
  const plan = taskPlan("tele", "C:\\a");
  const installer = new Installer(plan, machine, false);
  await installer.install(UNIT);
  assertEquals(machine.done.splice(0)[0], `write ${plan.file}`);
  await installer.install(UNIT);
  assertEquals(machine.done.slice(0, 3), [
    "schtasks /End /TN tele",
    "schtasks /Delete /F /TN tele",
    `write ${plan.file}`,
  ]);
});
