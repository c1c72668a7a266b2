import { assertEquals, assertNotEquals } from "@std/assert";
import { machineName } from "../../../../lib/tunnel/files/machine.ts";

Deno.test("a machine is named by its machine id, where there is one, and its host name, and keeps its name", () => {
  const machine = (files: Record<string, string>, host?: string) =>
    machineName({
      readFile: (path) =>
        files[path] ?? (() => {
          throw new Deno.errors.NotFound(path);
        })(),
      hostName: () =>
        host ?? (() => {
          throw new Deno.errors.NotCapable("hostname");
        })(),
    });
  const id = { "/etc/machine-id": "0123456789abcdef\n" };
  const all = [
    machine(id, "one"),
    machine(id, "two"),
    machine({ "/etc/machine-id": "another\n" }, "one"),
    machine({}, "one"),
    machine(id),
    machine({}),
  ];
  assertEquals(new Set(all).size, all.length);
  assertEquals(machine({ "/var/lib/dbus/machine-id": id["/etc/machine-id"] }, "one"), all[0]);
  assertEquals(machine({ "/etc/machine-id": "\n" }, "one"), all[3], "an image that was not started yet");
  assertEquals(machine({}), "");
  assertEquals(machineName(), machineName());
  assertNotEquals(machineName(), "");
});
