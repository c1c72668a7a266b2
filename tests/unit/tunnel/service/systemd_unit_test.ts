import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { isMarked } from "../../../../lib/tunnel/service/marked_text.ts";
import type { Service } from "../../../../lib/tunnel/service/service.ts";
import { systemdPlan, systemdUnit } from "../../../../lib/tunnel/service/systemd_unit.ts";
import { exampleService } from "../../../support/example_service.ts";

const DYNAMIC = { kind: "dynamic" } as const;

/** The lines of a unit that set one of these. */
function settings(service: Partial<Service>, ...names: string[]): string[] {
  const lines = systemdUnit(exampleService(service)).split("\n");
  return lines.filter((line) => names.some((name) => line.startsWith(`${name}=`)));
}

Deno.test("a unit is marked, tells systemd when it is ready, is watched and reloads by SIGHUP", () => {
  const unit = systemdUnit(exampleService());
  assert(isMarked(unit));
  for (const line of ["Type=notify", "WatchdogSec=60", "ExecReload=/bin/kill -HUP $MAINPID", "Restart=always"]) {
    assertStringIncludes(unit, `\n${line}\n`);
  }
});

Deno.test("no word of the command is read as anything but itself", () => {
  const words = ["/opt/a b/tele", '--config=/etc/"100%"$HOME\\x.toml'];
  assertEquals(settings({ words }, "ExecStart"), [
    'ExecStart="/opt/a b/tele" "--config=/etc/\\"100%%\\"$$HOME\\\\x.toml"',
  ]);
});

Deno.test("a service of a user takes no capability away, for a user's systemd cannot", () => {
  const needing = ["CapabilityBoundingSet", "PrivateDevices", "ProtectClock", "ProtectKernelLogs", "DynamicUser"];
  assertEquals(settings({}, ...needing, "User", "WantedBy"), ["WantedBy=default.target"]);
  const names = [...needing, "WantedBy"];
  assertEquals(settings({ account: DYNAMIC }, ...names).length, names.length);
  assertEquals(settings({ account: DYNAMIC }, "WantedBy"), ["WantedBy=multi-user.target"]);
});

Deno.test("a user of the machine has low ports, and root has no other right of root's", () => {
  const names = ["User", "DynamicUser", "AmbientCapabilities"];
  const ports = "AmbientCapabilities=CAP_NET_BIND_SERVICE";
  assertEquals(settings({ account: DYNAMIC }, ...names), ["DynamicUser=yes", ports]);
  assertEquals(settings({ account: { kind: "user", uid: 1001 } }, ...names), ["User=1001", ports]);
  assertEquals(settings({ account: { kind: "user", uid: 0 } }, ...names), ["User=root"]);
});

Deno.test("homes are closed as far as its files and commands allow", () => {
  const home = (service: Partial<Service>) => settings({ account: DYNAMIC, ...service }, "ProtectHome");
  assertEquals(home({}), ["ProtectHome=yes"]);
  assertEquals(home({ reads: ["/home/alice/token"] }), ["ProtectHome=read-only"]);
  assertEquals(home({ writes: ["/run/user/1000/x"] }), ["ProtectHome=read-only"]);
  assertEquals(home({ cacheHome: "/opt" }), ["ProtectHome=read-only"]);
  assertEquals(home({ startsCommands: true }), []);
});

Deno.test("what it writes into is writable, and from source Deno's cache too, if it is there", () => {
  assertEquals(settings({}, "ReadWritePaths"), []);
  assertEquals(settings({ writes: ["/run/a b"], cacheHome: "/root" }, "ReadWritePaths", "Environment"), [
    "Environment=XDG_STATE_HOME=%S/tele",
    'Environment="HOME=/root"',
    'ReadWritePaths="/run/a b" "-/root/.cache/deno"',
  ]);
});

Deno.test("it has a folder for temporary files of its own, unless it needs the machine's", () => {
  assertEquals(settings({ reads: ["/opt/tmp/tele"], account: DYNAMIC }, "PrivateTmp"), ["PrivateTmp=yes"]);
  for (const changes of [{ reads: ["/opt/tele", "/tmp/tele.toml"] }, { writes: ["/var/tmp"] }]) {
    assertEquals(settings(changes, "PrivateTmp"), []);
    assertEquals(settings({ ...changes, account: { kind: "user", uid: 0 } }, "PrivateTmp"), []);
    assertThrows(() => systemdUnit(exampleService({ ...changes, account: DYNAMIC })), Error, "put it elsewhere");
  }
});

Deno.test("units are where systemd looks, and the commands are those of the same systemd", () => {
  const [system, user] = [systemdPlan("x", undefined), systemdPlan("x", "/home/a")];
  assertEquals([system.file, user.file], ["/etc/systemd/system/x.service", "/home/a/.config/systemd/user/x.service"]);
  for (const words of [...user.begin, ...user.end, ...user.forget, user.status]) {
    assertEquals(words.slice(0, 2), ["systemctl", "--user"]);
  }
  assert(![...system.begin, system.status].flat().includes("--user"));
  assertStringIncludes(user.hints.join("\n"), "loginctl enable-linger");
});
